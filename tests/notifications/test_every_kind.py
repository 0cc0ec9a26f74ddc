"""Every kind of notification, written by the command that causes it, reads well in both languages and all three parts."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail as mails
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from backend.accounts import appointments, identities, second_factor, totp
from backend.accounts.contacts import Contact
from backend.accounts.models import Role, SecondFactorReset
from backend.accounts.openid import Claim
from backend.accounts.services import give_grant, revoke_grant
from backend.applications import changes, forwarding
from backend.applications import services as applications
from backend.applications.undoing import undo_offered_seat
from backend.common import clock, events
from backend.common.clock import DbNow
from backend.common.models import DomainEvent
from backend.exchange import services as imports
from backend.exchange.models import WebhookEndpoint
from backend.exchange.subscriptions import invite_student, tell_importer
from backend.exchange.webhooks import services as webhooks
from backend.notifications import registry
from backend.notifications.models import Notification
from backend.notifications.rendering import render_mail
from backend.notifications.scheduled_tasks import send_reminders
from backend.notifications.selectors import list_notifications_for
from backend.offers import services as offers
from backend.offers.enums import OfferState
from backend.organisations import claims, team
from backend.placements import services as placements
from backend.placements.end_requests import ask_to_end, decline_end_request
from backend.placements.models import Match
from backend.placements.supervisors import replace_supervisor
from backend.rounds import services as rounds
from backend.students import services as students
from backend.students.guardians import remove_guardian
from backend.students.records import SchoolFacts, correct_student
from backend.suggestions import subscriptions
from backend.tokens.services import TokenDetails, create_token, revoke_token
from tests.exchange.files import CLASS_HEADINGS, CLASS_ROW, csv_file, work
from tests.factories import (
    CoordinatorFactory,
    GuardianshipFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    PeriodFactory,
    StudentFactory,
    UserFactory,
)
from tests.factories.work import handle_events
from tests.privacy.copies import copy_of
from tests.rounds.world import CLOSES, World
from tests.security.test_login_codes import code_of
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db

# Made by the notifications app itself and shown by its own tests.
OWN = {"digest", "notifications"}


@pytest.fixture
def everything(frozen_clock) -> None:
    """One life in which every kind of notification is written at least once."""
    rounds_of_every_kind()
    period = PeriodFactory(capacity=1)
    company = MembershipFactory(organisation=period.offer.organisation).user
    coordinator = CoordinatorFactory()

    draft = OfferFactory(state=OfferState.DRAFT, published_at=None, workplace=period.offer.workplace)
    offers.submit_offer(actor=company, offer_id=draft.pk)
    offers.send_back_offer(actor=coordinator, offer_id=draft.pk, reason="Skriv vilka maskiner det gäller.")
    offers.submit_offer(actor=company, offer_id=draft.pk)
    watcher, _suggested = StudentFactory(), StudentFactory()
    students.save_alert(actor=watcher.user, details=students.AlertDetails(name="CNC", text="cnc"))
    offers.publish_offer(actor=coordinator, offer_id=draft.pk)
    subscriptions.find_students(DomainEvent.objects.get(kind="offer.published", subject_id=draft.pk))
    resubmit(draft, company)

    rows = [applications.submit_application(actor=StudentFactory().user, period_id=period.pk) for _ in range(4)]
    applications.decline_application(
        actor=company, application_id=rows[1].pk, reason="dates", message="Hör av er i höst."
    )
    applications.waitlist_application(actor=company, application_id=rows[2].pk)
    applications.escalate_silence(application_id=rows[3].pk)
    applications.offer_seat(actor=company, application_id=rows[0].pk, message="Välkommen!")
    applications.accept_seat(actor=rows[0].student.user, application_id=rows[0].pk)
    match = Match.objects.get()
    placement = placements.approve_match(actor=coordinator, match_id=match.pk)
    for name in ("Ulf", "Eva"):
        new = Contact(name, f"{name.lower()}@firma.example", "0122-850 00")
        replace_supervisor(actor=coordinator, placement_id=placement.pk, supervisor=new)
    placements.set_first_day(actor=company, placement_id=placement.pk, first_day="Kl. 07 i porten.", bring="Matlåda.")
    placements.end_placement(actor=coordinator, placement_id=placement.pk, reason="Maskinen är trasig.")
    applications.close_applications_of(offer_id=period.offer_id)

    invitation = team.invite_colleague(
        actor=company, organisation=period.offer.organisation, email="ny@firma.example", name="Nya Kollegan"
    )
    colleague = team.accept_invitation(actor=invitation.invitee, invitation_id=invitation.pk).user
    handle_events()
    forwarding.ask_colleague(actor=company, application_id=rows[2].pk, colleague_id=colleague.pk)

    for decide in (reject, withdraw, interrupt, take_back, think_again):
        decide(coordinator)
    import_class(coordinator)
    copy_of(coordinator)
    stand_in_for(coordinator)
    appoint()
    change_logins()
    minor = StudentFactory(birth_date=date(2010, 5, 1))
    guardianship = students.add_guardian(
        actor=minor.user, student_id=minor.pk, email="mamma@home.example", name="Mamma"
    )
    students.give_consent(actor=guardianship.guardian, guardianship_id=guardianship.pk)
    students.withdraw_consent(actor=guardianship.guardian, guardianship_id=guardianship.pk)
    another = GuardianshipFactory()
    remove_guardian(actor=coordinator, guardianship_id=another.pk)
    wait_in_vain(frozen_clock)


def take_back(coordinator) -> None:
    """Every decision undone once, and a match that nobody may decide."""
    offer = OfferFactory(state=OfferState.SUBMITTED, published_at=None, submitted_at=clock.now())
    owner = MembershipFactory(organisation=offer.organisation).user
    watcher = StudentFactory()
    students.save_alert(actor=watcher.user, details=students.AlertDetails(name="CNC", text="cnc"))
    offers.send_back_offer(actor=coordinator, offer_id=offer.pk, reason="Fel knapp.")
    offers.undo_send_back(actor=coordinator, offer_id=offer.pk)
    offers.publish_offer(actor=coordinator, offer_id=offer.pk)
    handle_events()
    offers.undo_offer_publication(actor=coordinator, offer_id=offer.pk)
    handle_events()
    offers.publish_offer(actor=coordinator, offer_id=offer.pk)
    change(offer, coordinator)
    for decide, undo in (
        (lambda pk: placements.approve_match(actor=coordinator, match_id=pk), placements.undo_match_approval),
        (
            lambda pk: placements.reject_match(actor=coordinator, match_id=pk, reason="Nej."),
            placements.undo_match_rejection,
        ),
    ):
        match = proposed(date(2027, 1, 25), date(2027, 2, 19)).match
        decide(match.pk)
        undo(actor=coordinator, match_id=match.pk)
    NetworkOfficerFactory()
    hidden = StudentFactory(is_protected=True, alias="Student KXBR")
    application = applications.submit_application(actor=hidden.user, period_id=offer.periods.get().pk)
    applications.offer_seat(actor=owner, application_id=application.pk)
    applications.accept_seat(actor=hidden.user, application_id=application.pk)


def appoint() -> None:
    """Somebody says yes, somebody no; the one who said yes is away, comes back and stops."""
    officer = NetworkOfficerFactory()
    for email, answer in (("ja@home.example", "accept"), ("nej@home.example", "decline")):
        invitation = appointments.invite_to_role(
            actor=officer, email=email, name="Ny", kind="coordinator", municipality_code="2021"
        )
        handle_events()
        command = getattr(appointments, f"{answer}_role_invitation")
        command(actor=invitation.invitee, invitation_id=invitation.pk)
    ask_to_answer()
    role = Role.objects.get(municipality="2021")
    appointments.pause_role(actor=officer, role_id=role.pk)
    appointments.resume_role(actor=officer, role_id=role.pk)
    appointments.end_role(actor=officer, role_id=role.pk)
    handle_events()


def change_logins() -> None:
    """Somebody gets a second step, changes it and loses it; one reset is stopped, one is carried out."""
    office, person = NetworkOfficerFactory(), UserFactory()
    secret = totp.make_secret()
    code = totp.code_of(secret, totp.step_at(clock.now()))
    app = second_factor.enrol_app(actor=person, secret=secret, code=code, session_key="")
    second_factor.use_code(person, second_factor.shown_recovery_codes(person)[0])
    second_factor.renew_recovery_codes(actor=person)
    stopped = second_factor.ask_reset(actor=office, user=person, reason="Ringde.")
    handle_events()
    second_factor.stop_reset(actor=person, reset_id=stopped.pk)
    second_factor.remove_second_factor(actor=person, authenticator_id=app.pk)
    lost = second_factor.ask_reset(actor=office, user=CoordinatorFactory(municipality="2021"), reason="Ringde.")
    handle_events()
    SecondFactorReset.objects.filter(pk=lost.pk).update(due_at=clock.now())
    second_factor.carry_out_reset(lost.pk)
    identity = identities.connect_identity(actor=person, claim=Claim("https://skolan.example", "elev-17"))
    identities.disconnect_identity(actor=person, identity_id=identity.pk)
    EmailAddress.objects.create(user=person, email="privat@home.example", verified=True)
    browser = logged_in(person)
    # How often an address is sent a code is counted beyond the single test.
    cache.clear()
    browser.post(reverse("account_email"), {"action_add": "", "email": "ny@home.example"})
    browser.post(reverse("account_email_verification_sent"), {"code": code_of(mails.outbox[-1])})
    for action, address in (("primary", "privat@home.example"), ("remove", person.email)):
        browser.post(reverse("account_email"), {f"action_{action}": "", "email": address})
    coordinator = CoordinatorFactory(municipality="2021")
    until = clock.today() + timedelta(days=9)
    grant = give_grant(actor=office, user=coordinator, municipality_code="2021", valid_until=until, reason="Vikarie.")
    revoke_grant(actor=office, grant_id=grant.pk)
    details = TokenDetails(name="Affärssystemet", scopes=["offers:read"])
    made = create_token(actor=coordinator, user=coordinator, details=details)
    revoke_token(actor=coordinator, token_id=made.token.pk)
    endpoint, _secret = webhooks.register_webhook(
        actor=coordinator, municipality_code="2021", url="https://example.com/logins", kinds=["offer.published"]
    )
    webhooks.renew_secret(actor=coordinator, endpoint_id=endpoint.pk)
    webhooks.change_webhook(
        actor=coordinator, endpoint_id=endpoint.pk, url="https://example.com/logins2", kinds=["offer.published"]
    )
    handle_events()


def ask_to_answer() -> None:
    """Nobody belongs to two imported organisations: somebody applies, two people ask, one yes and one no."""
    coordinator = CoordinatorFactory()
    for number, approves in enumerate((True, False)):
        offer = OfferFactory(workplace__organisation__source="yh", workplace__organisation__source_ref=f"{number}")
        applications.submit_application(actor=StudentFactory().user, period_id=offer.periods.get().pk)
        person = MembershipFactory().user
        claim = claims.claim_organisation(
            actor=person, organisation_id=offer.organisation_id, role="HR", email=person.email
        )
        handle_events()
        claims.decide_claim(
            actor=coordinator, claim_id=claim.pk, approves=approves, reason="" if approves else "Okänd."
        )
        handle_events()


def change(offer, actor) -> None:
    from backend.offers.details import OfferDetails, PeriodDetails

    period = offer.periods.get()
    offers.update_offer(
        actor=actor,
        offer_id=offer.pk,
        details=OfferDetails(workplace_id=offer.workplace_id, form="apl", title="Svetsare", tasks="Svetsa."),
        periods=[PeriodDetails(start=period.start, end=period.end, seats=period.capacity, pk=period.pk)],
    )


def import_class(coordinator) -> None:
    """The students of a class list are invited, the coordinator hears when it is done."""
    job = imports.upload_import(
        actor=coordinator,
        kind="class_list",
        content=csv_file([CLASS_HEADINGS, CLASS_ROW]),
        file_name="8B.csv",
        municipality_code="0562",
    )
    imports.check_import(actor=coordinator, job_id=job.pk, mapping=job.mapping)
    work(job)
    imports.run_import(actor=coordinator, job_id=job.pk)
    work(job)
    for kind, handler in (("student.enrolled", invite_student), ("import.done", tell_importer)):
        handler(DomainEvent.objects.get(kind=kind))
    endpoint, _secret = webhooks.register_webhook(
        actor=coordinator, municipality_code="0562", url="https://example.com/in", kinds=["offer.published"]
    )
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=DbNow() - webhooks.DISABLED_AFTER)
    webhooks.disable_failing()


def stand_in_for(coordinator) -> None:
    """What a coordinator does in a student's place: applies for a place and corrects what the school knows."""
    student = StudentFactory()
    applications.submit_application(actor=coordinator, period_id=PeriodFactory().pk, student_id=student.pk)
    facts = SchoolFacts(birth_date=student.birth_date, school="Bergska", class_name="IN2A", forms=["apl"])
    correct_student(actor=coordinator, student_id=student.pk, facts=facts)


def wait_in_vain(frozen_clock) -> None:
    """Nobody answers anything for a month: two reminders of every kind, then tasks."""
    period = PeriodFactory(capacity=3)
    company = MembershipFactory(organisation=period.offer.organisation).user
    applications.submit_application(actor=StudentFactory().user, period_id=period.pk)
    held = applications.submit_application(actor=StudentFactory().user, period_id=period.pk)
    applications.offer_seat(actor=company, application_id=held.pk)
    proposed(date(2027, 1, 25), date(2027, 2, 19))
    minor = StudentFactory(birth_date=date(2010, 5, 1))
    students.add_guardian(actor=minor.user, student_id=minor.pk, email="pappa@home.example", name="Pappa")
    application = applications.submit_application(actor=minor.user, period_id=period.pk)
    applications.offer_seat(actor=company, application_id=application.pk)
    applications.accept_seat(actor=minor.user, application_id=application.pk)
    for _half_day in range(60):
        frozen_clock.shift(timedelta(hours=12))
        send_reminders()


def rounds_of_every_kind() -> None:
    """One round that is taken back, published again and given on; one that is cancelled."""
    ranked = World(1, employers_answer_by=CLOSES + timedelta(days=2))
    MembershipFactory(organisation=ranked.rows[0].period.offer.organisation)
    students = [StudentFactory() for _ in range(3)]
    rounds.add_participants(
        actor=ranked.coordinator, round_id=ranked.round.pk, student_ids=[each.pk for each in students]
    )
    ranked.open()
    for participant in ranked.round.participants.select_related("student__user"):
        ranked.wish(participant, 0)
    rounds.set_wishes(
        actor=ranked.coordinator,
        participant_id=participant.pk,
        seat_ids=[ranked.rows[0].pk],
        reason="Ringde och bad om hjälp.",
    )
    ranked.close()
    ranked.publish()
    rounds.undo_publication(actor=ranked.coordinator, round_id=ranked.round.pk, reason="Fel körning.")
    publication = ranked.publish()
    first = publication.results.get(state="offered")
    rounds.decline_result(actor=first.participant.student.user, result_id=first.pk)
    second = publication.results.get(state="offered")
    type(second).objects.filter(pk=second.pk).update(answer_by=clock.now())
    rounds.lapse_result(result_id=second.pk)
    appeal = rounds.appeal_result(actor=first.participant.student.user, result_id=first.pk, text="Hur blev det så?")
    rounds.answer_appeal(actor=ranked.coordinator, appeal_id=appeal.pk, answer="Vi ringer dig i dag.")
    cancelled = World(1).open()
    cancelled.student(0)
    rounds.cancel_round(actor=cancelled.coordinator, round_id=cancelled.round.pk, reason="För få platser.")


def resubmit(offer, company) -> None:
    from backend.offers.details import OfferDetails, PeriodDetails

    details = OfferDetails(workplace_id=offer.workplace_id, form="apl", title=offer.title, tasks=offer.tasks)
    period = offer.periods.get()
    offers.update_offer(
        actor=company,
        offer_id=offer.pk,
        details=details,
        periods=[PeriodDetails(start=period.start, end=period.end, seats=9, pk=period.pk)],
    )


def proposed(start: date, end: date):
    period = PeriodFactory(start=start, end=end)
    company = MembershipFactory(organisation=period.offer.organisation).user
    application = applications.submit_application(actor=StudentFactory().user, period_id=period.pk)
    applications.offer_seat(actor=company, application_id=application.pk)
    return applications.accept_seat(actor=application.student.user, application_id=application.pk)


def reject(coordinator) -> None:
    application = proposed(date(2027, 1, 25), date(2027, 2, 19))
    placements.reject_match(actor=coordinator, match_id=application.match_id, reason="Resan är för lång.")


def withdraw(coordinator) -> None:
    application = proposed(date(2027, 1, 25), date(2027, 2, 19))
    applications.withdraw_application(actor=application.student.user, application_id=application.pk)


def interrupt(coordinator) -> None:
    application = proposed(clock.today(), date(2027, 1, 15))
    placement = placements.approve_match(actor=coordinator, match_id=application.match_id)
    placements.advance_placement(placement_id=placement.pk)
    placements.end_placement(actor=coordinator, placement_id=placement.pk, reason="Eleven är sjuk.")


def think_again(coordinator) -> None:
    """No to a seat, two wrong clicks, a place that changes, and a wish to end a placement that is not granted."""
    period = PeriodFactory(capacity=3)
    company = MembershipFactory(organisation=period.offer.organisation).user
    first, second, third = (
        applications.submit_application(actor=StudentFactory().user, period_id=period.pk) for _ in range(3)
    )
    applications.offer_seat(actor=company, application_id=first.pk)
    applications.turn_down_seat(actor=first.student.user, application_id=first.pk, reason="För långt att åka.")
    applications.waitlist_application(actor=company, application_id=second.pk)
    for row in (second, third):
        applications.offer_seat(actor=company, application_id=row.pk)
        undo_offered_seat(actor=company, application_id=row.pk)
    period.start = date(2027, 2, 1)
    period.save()
    changes.ask_about_changes(offer_id=period.offer_id)
    question = third.change_questions.get()
    changes.answer_change(actor=third.student.user, application_id=third.pk, question_id=question.pk, fits=True)
    accepted = proposed(date(2027, 3, 1), date(2027, 3, 26))
    placement = placements.approve_match(actor=coordinator, match_id=accepted.match_id)
    asked = ask_to_end(actor=accepted.student.user, placement_id=placement.pk, reason="Jag flyttar.")
    decline_end_request(actor=coordinator, request_id=asked.pk, answer="Vi pratar först.")


def rendered() -> Iterator[tuple[Notification, str, object]]:
    for row in Notification.objects.select_related("recipient").order_by("pk"):
        for language in ("sv", "en"):
            row.recipient.language = language
            unsubscribe = "https://example.com/stop" if registry.get(row.kind).opt_out else ""
            yield row, language, render_mail(row, registry.get(row.kind), row.recipient, unsubscribe_url=unsubscribe)


def check_a_list_reads_them_together() -> None:
    """One row of each kind, and twice as many: the subjects are read by kind, never by row."""
    rows = {row.kind: row for row in Notification.objects.select_related("recipient")}.values()
    reader = StudentFactory().user
    counts = []
    for _time in range(2):
        for row in rows:
            Notification.objects.create(
                event=events.record("probe.happened", reader), recipient=reader, kind=row.kind,
                subject_type=row.subject_type, subject_id=row.subject_id, data=row.data, created_at=clock.now(),
            )  # fmt: skip
        with CaptureQueriesContext(connection) as queries:
            shown = list_notifications_for(reader, size=200).rows
            assert all(str(row.kind_title) and row.link for row in shown)
        counts.append(len(queries))
    assert len(shown) == 2 * len(rows)
    assert counts[0] == counts[1]


def test_every_kind_is_written_and_reads_well(everything):
    expected = {kind.name for kind in registry.kinds() if kind.name.split(".")[0] not in OWN}
    assert set(Notification.objects.values_list("kind", flat=True)) == expected
    for row, language, mail in rendered():
        where = f"{row.kind} {language}"
        assert mail.subject.strip(), where
        assert "\n" not in mail.subject.strip(), where
        assert mail.subject.strip() in mail.text, where
        assert "http" in mail.text, where
        assert 'href="http' in mail.html, where
        for text in (mail.subject, mail.text):
            assert "None" not in text, where
            assert "{{" not in text, where
            assert "&amp;" not in text, where
        assert f'lang="{language}"' in mail.html, where
        kind = registry.get(row.kind)
        assert kind.page(row) == kind.context(row)["link"], where


def test_the_two_languages_differ(everything):
    for row in Notification.objects.select_related("recipient"):
        with translation.override("sv"):
            swedish = str(registry.get(row.kind).title(row))
        with translation.override("en"):
            english = str(registry.get(row.kind).title(row))
        assert swedish != english, row.kind
    # Here, since one such life is long enough for all that is asked of it.
    check_a_list_reads_them_together()


def test_no_name_stands_in_what_is_stored(everything):
    """The rows hold ids; names are looked up when someone who may read them does."""
    names = set(Notification.objects.values_list("recipient__name", flat=True))
    for row in Notification.objects.all():
        assert not any(name in str(row.data) for name in names)
