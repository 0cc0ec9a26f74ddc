"""A town for the tests of pages: everything that happens at least once, with the longest names there are, and people
to whom nothing has happened yet."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.urls import reverse

from backend.accounts import second_factor
from backend.accounts.appointments import invite_to_role
from backend.accounts.services import give_grant
from backend.applications import services as applications
from backend.applications.models import Application
from backend.applications.timers import UNANSWERED
from backend.common import clock
from backend.exchange import services as imports
from backend.exchange.models import ImportJob
from backend.exchange.webhooks import services as webhooks
from backend.notifications.about_logins import stop_token
from backend.notifications.links import UNSUBSCRIBE_PATH
from backend.notifications.models import Delivery, Notification
from backend.notifications.reminders import Owner, open_task
from backend.offers.enums import OfferState
from backend.organisations import team
from backend.organisations.claims import claim_organisation
from backend.organisations.profile import ContactDetails, save_contact
from backend.placements import services as placements
from backend.placements.models import Match
from backend.rounds import runner
from backend.rounds import services as rounds
from backend.rounds.models import Appeal, OwnFoundPlace, Participant, Round, RoundSeat
from backend.students import services as students
from backend.students.guardians import accept_guardianship
from backend.students.links import guardian_path
from backend.tokens.enums import Scope
from backend.tokens.services import TokenDetails, create_token
from tests.exchange.files import CLASS_HEADINGS, CLASS_ROW, OFFER_HEADINGS, OFFER_ROW, csv_file, work
from tests.factories import (
    CoordinatorFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    OrganisationFactory,
    StudentFactory,
    UserFactory,
    WorkplaceFactory,
)
from tests.factories.rows import FINSPANG
from tests.factories.work import handle_events

LONG_COMPANY = "Bergslagens Precisionsverktygs- och Ytbehandlingsindustriaktiebolag med dotterbolag i Finspång"
LONG_TITLE = "Underhållsmekaniker för produktionsanläggningar med automationsinriktning och skiftarbete"
LONG_NAME = "Maximiliana Alexandra-Katarina von Westerlund-Nordenskiöld Abdirahman"
LONG_WORD = "Kompositmaterialtillverkningsoperatör"
LONG_TEXT = (
    f"Jag vill gärna komma. {LONG_WORD} är vad jag vill bli. https://www.exempel.example/en/adress/som/inte/tar/slut/"
    " och/fortsätter/utan/mellanslag/i/evighet.\n\nJag har kört både svarv och fräs i skolan, och läser ritningar."
)
EMPTY_TOWN = "2584"
"""Kiruna: nothing has happened there."""
PUBLIC, STUDENT, GUARDIAN, EMPLOYER = "", "student", "guardian", "employer"
COORDINATOR, NETWORK = "coordinator", "network"
NEW = {role: f"new {role}" for role in (STUDENT, GUARDIAN, EMPLOYER, COORDINATOR)}
NOBODY = "nobody"


@dataclass(frozen=True)
class Town:
    """people: role -> user; pages: role -> paths with their query."""

    people: dict[str, Any]
    pages: dict[str, list[str]]


class Company:
    """A company in Finspång with one place, two applicants, an invitation on its way and everything long."""

    def __init__(self) -> None:
        self.start = clock.today() + timedelta(days=60)
        self.end = self.start + timedelta(days=25)
        site: Any = WorkplaceFactory(organisation=OrganisationFactory(name=LONG_COMPANY), name=f"{LONG_WORD}verkstaden")
        self.workplace = site
        self.offer: Any = OfferFactory(
            workplace=site,
            title=LONG_TITLE,
            tasks=LONG_TEXT,
            supervisor_name=LONG_NAME,
            period__start=self.start,
            period__end=self.end,
            period__capacity=9,
        )
        self.offer.hazards.set(["TRUCK", "CHEMICALS"])
        self.period = self.offer.periods.get()
        self.owner: Any = UserFactory(name=LONG_NAME)
        MembershipFactory(user=self.owner, organisation=site.organisation, role="owner")
        self.coordinator: Any = CoordinatorFactory(name=LONG_NAME)

    def apply(self, student: Any = None) -> Application:
        who = student or StudentFactory(user=UserFactory(name=LONG_NAME), class_name="INDUSTRI3B", school=LONG_COMPANY)
        return applications.submit_application(actor=who.user, period_id=self.period.pk, motivation=LONG_TEXT[:400])

    def match(self) -> Match:
        row = self.apply()
        applications.offer_seat(actor=self.owner, application_id=row.pk, message="Välkommen!")
        accepted = applications.accept_seat(actor=row.student.user, application_id=row.pk)
        return Match.objects.get(pk=accepted.match_id)

    def round_details(self, name: str, **changes: Any) -> rounds.RoundDetails:
        now = clock.now()
        return rounds.RoundDetails(
            name=name,
            lead_code=FINSPANG,
            form="apl",
            start=self.start,
            end=self.end,
            opens_at=now,
            closes_at=now + timedelta(days=10),
            publish_on=(now + timedelta(days=20)).date(),
            accept_by=now + timedelta(days=30),
            **changes,
        )

    def open_round(self, name: str, *, seats: int = 1, places: int = 2, **changes: Any) -> Round:
        the_round = rounds.create_round(actor=self.coordinator, details=self.round_details(name, **changes))
        rows = [
            OfferFactory(
                workplace=self.workplace, title=LONG_TITLE, period__start=self.start, period__end=self.end
            ).periods.get()
            for _ in range(places)
        ]
        rounds.set_seats(
            actor=self.coordinator, round_id=the_round.pk, seats=[rounds.SeatDetails(row.pk, seats) for row in rows]
        )
        return rounds.open_round(actor=self.coordinator, round_id=the_round.pk)

    def participant(self, the_round: Round, student: Any = None) -> Participant:
        who = student or StudentFactory(user=UserFactory(name=LONG_NAME))
        participant = rounds.join_round(actor=who.user, round_id=the_round.pk)
        seats = list(RoundSeat.objects.filter(round=the_round).order_by("pk").values_list("pk", flat=True))
        rounds.set_wishes(actor=who.user, participant_id=participant.pk, seat_ids=seats)
        return participant

    def own_place(self, participant: Participant) -> OwnFoundPlace:
        details = rounds.OwnPlaceDetails(
            organisation_name=LONG_COMPANY,
            municipality_code=FINSPANG,
            contact_name="Ulf",
            contact_email="ulf@smedja.example",
            title=LONG_TITLE,
            tasks=LONG_TEXT,
            start=self.start,
            end=self.end,
        )
        return rounds.submit_own_place(actor=participant.student.user, participant_id=participant.pk, details=details)


def build_people() -> Town:
    """What visitors, students, guardians and employers see."""
    company = Company()
    offer, owner = company.offer, company.owner
    minor = StudentFactory(user=UserFactory(name=LONG_NAME), birth_date=date(clock.today().year - 17, 12, 31))
    mine = company.apply(minor)
    applications.offer_seat(actor=owner, application_id=mine.pk, message="Välkommen!")
    waiting = company.apply()
    applications.waitlist_application(actor=owner, application_id=waiting.pk)
    answered = company.apply()
    applications.decline_application(actor=owner, application_id=answered.pk, reason="dates", message=LONG_TEXT[:300])
    asked = company.apply()
    placed = company.match()
    placement = placements.approve_match(actor=company.coordinator, match_id=placed.pk)
    drafts = [OfferFactory(workplace=company.workplace, state=OfferState.DRAFT, published_at=None, title=LONG_TITLE)]
    alert = students.save_alert(actor=minor.user, details=students.AlertDetails(name=LONG_WORD[:60], text="cnc"))
    guardianship = students.add_guardian(
        actor=minor.user, student_id=minor.pk, email="mamma@home.example", name=LONG_NAME
    )
    accept_guardianship(actor=guardianship.guardian, guardianship_id=guardianship.pk)
    invitation = team.invite_colleague(
        actor=owner,
        organisation=offer.organisation,
        email="ny.kollega.med.ett.langt.namn@firma.example",
        name=LONG_NAME,
    )
    asked_to_coordinate = invite_to_role(
        actor=NetworkOfficerFactory(),
        email=invitation.invitee.email,
        name=LONG_NAME,
        kind="coordinator",
        municipality_code=EMPTY_TOWN,
    )
    imported = OrganisationFactory(name=LONG_COMPANY, source="yh", source_ref="people")
    reset = second_factor.ask_reset(
        actor=NetworkOfficerFactory(), user=MembershipFactory(role="owner").user, reason=LONG_TEXT[:300]
    )
    contact = save_contact(
        actor=owner,
        organisation_id=offer.organisation_id,
        details=ContactDetails(LONG_NAME, "produktionschef", "kontakt@firma.example", "0122-850 00"),
    )
    token = create_token(
        actor=owner,
        user=owner,
        details=TokenDetails(name=LONG_WORD[:60], scopes=[Scope.OFFERS_READ], organisation_id=offer.organisation_id),
    )
    endpoint, _secret = webhooks.register_webhook(
        actor=owner, organisation=offer.organisation, url="https://hook.example.com/in", kinds=["offer.published"]
    )
    webhooks.send_trial(actor=owner, endpoint_id=endpoint.pk)
    done, broken = _offer_imports(company)
    open_one, ranking, published = _rounds_of_students(company, minor)
    joined = ranking.participants.first()
    handle_events()
    assert token.secret
    assert joined is not None
    new_student, new_owner = StudentFactory(forms=None), MembershipFactory().user
    seat = ranking.seats.first()
    assert seat is not None
    result = published.participants.get(student=minor)
    notification = Notification.objects.filter(recipient=minor.user).first()
    assert notification is not None
    people: dict[str, Any] = {
        PUBLIC: None,
        STUDENT: minor.user,
        GUARDIAN: guardianship.guardian,
        EMPLOYER: owner,
        NOBODY: UserFactory(name=LONG_NAME),
        NEW[STUDENT]: new_student.user,
        NEW[EMPLOYER]: new_owner,
        "invited": invitation.invitee,
        "joining": joined.student.user,
        "placed": placed.student.user,
    }
    everyone = [
        reverse("notifications"),
        reverse("notification_settings"),
        reverse("reach"),
        reverse("profile"),
        reverse("connections"),
        reverse("second_factor"),
        reverse("second_factor_app"),
        reverse("proof"),
        reverse("sessions"),
        reverse("own_data"),
        reverse("account_close"),
        reverse("second_factor_passkey"),
        reverse("calendar"),
    ]
    pages = {
        PUBLIC: [
            reverse("start"),
            reverse("search"),
            reverse("search") + "?q=finnsinte",
            reverse("search") + "?q=underhåll&form=apl&view=map",
            reverse("offer", args=[offer.pk]),
            reverse("offer", args=[999_999]),
            reverse("municipality", args=[FINSPANG]),
            reverse("municipality", args=[EMPTY_TOWN]),
            reverse("skills"),
            reverse("skills_of", args=[FINSPANG]),
            reverse("skills_of", args=[EMPTY_TOWN]),
            reverse("how_it_works"),
            reverse("for_employers"),
            reverse("for_municipalities"),
            reverse("privacy"),
            reverse("accessibility"),
            reverse("contact"),
            reverse("open_data"),
            reverse("embed_help"),
            reverse("embed", args=[FINSPANG]),
            reverse("embed", args=[EMPTY_TOWN]),
            reverse("api_docs"),
            reverse("account_login"),
            reverse("account_request_login_code"),
            reverse("account_signup"),
            reverse("account_inactive"),
            reverse("guardian_link", args=[_last_part(guardian_path(guardianship.pk))]),
            UNSUBSCRIBE_PATH.format(token="no-such-token"),
            reverse("second_factor_stop", args=[stop_token(reset.pk)]),
        ],
        STUDENT: [
            reverse("student_home"),
            reverse("student_profile"),
            reverse("student_applications"),
            reverse("student_application", args=[mine.pk]),
            reverse("student_guardians"),
            reverse("suggestions"),
            reverse("alerts"),
            reverse("alert_new"),
            reverse("alert", args=[alert.pk]),
            reverse("apply", args=[ranking.seats.get(pk=seat.pk).period.offer_id]),
            reverse("offer", args=[offer.pk]),
            reverse("student_rounds"),
            reverse("student_round", args=[open_one.pk]),
            reverse("student_round", args=[published.pk]),
            reverse("account_email"),
            reverse("account_logout"),
            *everyone,
        ],
        "joining": [reverse("student_round", args=[ranking.pk]), reverse("student_home")],
        "placed": [
            reverse("student_home"),
            reverse("placement", args=[placement.pk]),
            reverse("placement_end_ask", args=[placement.pk]),
            reverse("student_round_own_place", args=[open_one.pk]),
        ],
        NEW[STUDENT]: [
            reverse("student_home"),
            reverse("student_profile"),
            reverse("student_applications"),
            reverse("suggestions"),
            reverse("alerts"),
            reverse("student_rounds"),
            reverse("student_round", args=[open_one.pk]),
            reverse("notifications"),
        ],
        GUARDIAN: [reverse("guardian_home"), reverse("notifications")],
        "invited": [
            reverse("invitation", args=[invitation.pk]),
            reverse("role_invitation", args=[asked_to_coordinate.pk]),
        ],
        NOBODY: [
            reverse("welcome"),
            reverse("employer_register"),
            reverse("student_profile"),
            reverse("profile"),
            reverse("organisation_claim", args=[imported.pk]),
        ],
        EMPLOYER: [
            reverse("employer_home"),
            reverse("employer_offers"),
            reverse("employer_offer_new"),
            reverse("employer_offer", args=[offer.pk]),
            reverse("employer_offer", args=[drafts[0].pk]),
            reverse("employer_offer_edit", args=[offer.pk]),
            reverse("employer_applicants", args=[offer.pk]),
            reverse("employer_application", args=[asked.pk]),
            reverse("employer_application", args=[answered.pk]),
            reverse("employer_placements"),
            reverse("placement", args=[placement.pk]),
            reverse("employer_organisation", args=[offer.organisation_id]),
            reverse("organisation_contacts", args=[offer.organisation_id]),
            reverse("organisation_contact", args=[offer.organisation_id, contact.pk]),
            reverse("employer_workplaces"),
            reverse("employer_workplace_new"),
            reverse("employer_workplace", args=[company.workplace.pk]),
            reverse("employer_team"),
            reverse("employer_imports"),
            reverse("import", args=[done.pk]),
            reverse("import", args=[broken.pk]),
            reverse("employer_rounds"),
            reverse("employer_round_rank", args=[seat.pk]),
            reverse("webhooks"),
            reverse("webhook", args=[endpoint.pk]),
            reverse("tokens"),
            *everyone,
        ],
        NEW[EMPLOYER]: [
            reverse("employer_home"),
            reverse("employer_offers"),
            reverse("employer_offer_new"),
            reverse("employer_placements"),
            reverse("employer_workplaces"),
            reverse("employer_rounds"),
            reverse("webhooks"),
            reverse("tokens"),
        ],
    }
    assert result.pk
    return Town(people, pages)


def _last_part(path: str) -> str:
    return path.rstrip("/").rsplit("/", 1)[-1]


def _offer_imports(company: Company) -> tuple[ImportJob, ImportJob]:
    """A table that was brought in, and one with a mistake in every other row."""
    jobs = []
    for rows in ([OFFER_ROW], [[*OFFER_ROW[:5], "ingen dag", *OFFER_ROW[6:]], ["A2", *OFFER_ROW[1:]]]):
        job = imports.upload_import(
            actor=company.owner,
            kind="offers",
            content=csv_file([OFFER_HEADINGS, *rows]),
            file_name=f"{LONG_WORD}.csv",
            organisation_id=company.offer.organisation_id,
        )
        imports.check_import(actor=company.owner, job_id=job.pk, mapping=job.mapping)
        jobs.append(work(job))
    return jobs[0], jobs[1]


def _rounds_of_students(company: Company, minor: Any) -> tuple[Round, Round, Round]:
    """One to join, one in which the organisations rank, one with results for the minor."""
    open_one = company.open_round("APL till sommaren")
    ranking = company.open_round(LONG_TITLE[:80], employers_answer_by=clock.now() + timedelta(days=15))
    for _ in range(3):
        company.participant(ranking)
    published = company.open_round("APL i våras")
    company.participant(published, minor)
    rounds.close_round(actor=company.coordinator, round_id=published.pk)
    run = rounds.start_run(actor=company.coordinator, round_id=published.pk)
    assert runner.run_once(run.pk)
    rounds.publish_round(actor=company.coordinator, run_id=run.pk)
    return open_one, ranking, published


def build_desks() -> Town:
    """What coordinators and the network office see."""
    company = Company()
    coordinator, network = company.coordinator, NetworkOfficerFactory(name=LONG_NAME)
    until: date = clock.today() + timedelta(days=200)
    invite_to_role(actor=network, email="kim@kommun.example", name=LONG_NAME, kind="network")
    give_grant(actor=network, user=coordinator, municipality_code=FINSPANG, valid_until=until, reason=LONG_TEXT)
    waiting, decided, ended = company.match(), company.match(), company.match()
    placements.approve_match(actor=coordinator, match_id=decided.pk)
    placement = placements.approve_match(actor=coordinator, match_id=ended.pk)
    hidden = StudentFactory(user=UserFactory(name="Hemliga Hanna"), is_protected=True, alias="Student KXBR")
    company.apply(hidden)
    child = StudentFactory(birth_date=date(clock.today().year - 17, 12, 31))
    named = students.add_guardian(actor=child.user, student_id=child.pk, email="pappa@home.example", name=LONG_NAME)
    students.give_consent(actor=named.guardian, guardianship_id=named.pk)
    silent = company.apply()
    passed = clock.now() - timedelta(days=9)
    Application.objects.filter(pk=silent.pk).update(submitted_at=passed, answer_due_at=passed)
    applications.escalate_silence(application_id=silent.pk)
    review = OfferFactory(
        workplace=company.workplace,
        state=OfferState.SUBMITTED,
        published_at=None,
        submitted_at=clock.now(),
        title=LONG_TITLE,
    )
    open_task(UNANSWERED, silent, Owner(municipality_code=FINSPANG, people=[coordinator]))
    job = imports.upload_import(
        actor=coordinator,
        kind="class_list",
        content=csv_file([CLASS_HEADINGS, CLASS_ROW]),
        file_name=f"{LONG_WORD}.csv",
        municipality_code=FINSPANG,
    )
    nobodys = OfferFactory(
        title="Svetsare YH", workplace__organisation__source="yh", workplace__organisation__source_ref="1"
    )
    applications.submit_application(
        actor=StudentFactory(user=UserFactory(name=LONG_NAME)).user, period_id=nobodys.periods.get().pk
    )
    claim_organisation(
        actor=UserFactory(name=LONG_NAME, email="anna@skola.example"),
        organisation_id=nobodys.organisation_id,
        role="utbildningsledare",
        email="anna@skola.example",
    )
    losing = MembershipFactory(user__name=LONG_NAME, role="owner").user
    second_factor.ask_reset(actor=NetworkOfficerFactory(), user=losing, reason=LONG_TEXT[:300])
    open_one, published, run_id = _rounds_of_coordinators(company)
    handle_events()
    Delivery.objects.filter(pk=Delivery.objects.values("pk")[:1]).update(state="dead")
    one = open_one.participants.first()
    moved = published.participants.first()
    assert one is not None
    assert moved is not None
    desk = [
        reverse("coordinator_home"),
        reverse("coordinator_offers"),
        reverse("coordinator_matches"),
        reverse("coordinator_students"),
        reverse("coordinator_placements"),
        reverse("coordinator_organisations"),
        reverse("coordinator_protected"),
        reverse("coordinator_silence"),
        reverse("coordinator_unclaimed"),
        reverse("coordinator_imports"),
        reverse("coordinator_offer_imports"),
        reverse("tasks"),
        reverse("rounds"),
    ]
    pages = {
        COORDINATOR: [
            *desk,
            reverse("coordinator_offer", args=[review.pk]),
            reverse("organisation_confirm", args=[review.organisation_id]),
            reverse("coordinator_offer_edit", args=[review.pk]),
            reverse("coordinator_offers_decide") + f"?offer={review.pk}&decision=approve",
            reverse("coordinator_match", args=[waiting.pk]),
            reverse("coordinator_matches_decide") + f"?match={waiting.pk}&match={decided.pk}&decision=reject",
            reverse("coordinator_match", args=[decided.pk]),
            reverse("coordinator_students") + "?state=unplaced&q=" + LONG_NAME[:8],
            reverse("coordinator_student", args=[waiting.student_id]),
            reverse("coordinator_student", args=[silent.student_id]),
            reverse("coordinator_student", args=[child.pk]),
            reverse("coordinator_student_new"),
            reverse("coordinator_student_edit", args=[silent.student_id]),
            reverse("coordinator_student_place", args=[silent.student_id]),
            reverse("coordinator_protected_student", args=[hidden.pk]),
            reverse("coordinator_placement", args=[placement.pk]),
            reverse("coordinator_settings", args=[FINSPANG]),
            reverse("retention", args=[FINSPANG]),
            reverse("coordinator_ledger", args=["application", silent.pk]),
            reverse("import", args=[job.pk]),
            reverse("round_new"),
            reverse("round", args=[open_one.pk]),
            reverse("round_edit", args=[open_one.pk]),
            reverse("round_seats", args=[open_one.pk]),
            reverse("round_participants", args=[open_one.pk]),
            reverse("round_participant", args=[one.pk]),
            reverse("round_own_places", args=[open_one.pk]),
            reverse("round_runs", args=[published.pk]),
            reverse("round_run", args=[run_id]),
            reverse("round_board", args=[run_id]),
            reverse("round_move", args=[run_id, moved.pk]),
            reverse("round_results", args=[published.pk]),
            reverse("round_appeals", args=[published.pk]),
            reverse("webhooks"),
            reverse("tokens"),
            reverse("notifications"),
            reverse("notification_settings"),
        ],
        NEW[COORDINATOR]: desk,
        NETWORK: [
            reverse("network_home"),
            reverse("network_people"),
            reverse("network_second_factor"),
            reverse("network_members"),
            reverse("skills"),
            reverse("network_grants"),
            reverse("retention_defaults"),
            reverse("network_jobs"),
            reverse("network_invariants"),
            reverse("network_undelivered"),
            reverse("network_effect"),
            reverse("coordinator_offers"),
            reverse("coordinator_placements"),
            reverse("tasks"),
            reverse("notification_settings"),
        ],
    }
    people: dict[str, Any] = {
        COORDINATOR: coordinator,
        NEW[COORDINATOR]: CoordinatorFactory(municipality=EMPTY_TOWN),
        NETWORK: network,
    }
    return Town(people, pages)


def _rounds_of_coordinators(company: Company) -> tuple[Round, Round, int]:
    """An open one with a place that a student found, and one that is published and asked about."""
    open_one = company.open_round("APL till sommaren")
    company.own_place(company.participant(open_one))
    published = company.open_round(LONG_TITLE[:80])
    participants = [company.participant(published) for _ in range(4)]
    rounds.close_round(actor=company.coordinator, round_id=published.pk)
    run = rounds.start_run(actor=company.coordinator, round_id=published.pk)
    assert runner.run_once(run.pk)
    publication = rounds.publish_round(actor=company.coordinator, run_id=run.pk)
    result = publication.results.select_related("participant__student__user").first()
    assert result is not None
    rounds.appeal_result(actor=result.participant.student.user, result_id=result.pk, text=LONG_TEXT)
    assert participants
    assert Appeal.objects.exists()
    return open_one, published, run.pk
