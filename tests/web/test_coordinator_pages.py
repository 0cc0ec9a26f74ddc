"""The coordinator's desk: today, the queues, the guarantee board, placements, organisations, the ledger."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backend.accounts.models import User
from backend.applications import services
from backend.applications.board import Standing, classes_of, students_of
from backend.applications.enums import APPLICATION_TRANSITIONS, ApplicationState
from backend.applications.models import Application
from backend.common import clock
from backend.common.models import LogEntry
from backend.exchange.words import WORDS
from backend.offers.enums import OFFER_TRANSITIONS, OfferState
from backend.organisations.models import MunicipalitySettings, TrustedOrganisation
from backend.placements.enums import MATCH_TRANSITIONS, PLACEMENT_TRANSITIONS, MatchState, PlacementState
from backend.placements.gates import gates_for, gates_of
from backend.placements.models import Match, Placement
from backend.placements.selectors import list_matches_to_decide
from backend.placements.services import approve_match
from backend.students.models import GuardianConsent
from tests.factories import (
    ApplicationFactory,
    CoordinatorFactory,
    GuardianshipFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    StudentFactory,
    UserFactory,
    WorkplaceFactory,
)
from tests.web.desk import logged_in, only_period

pytestmark = pytest.mark.django_db


@pytest.fixture
def karin() -> User:
    user: Any = CoordinatorFactory(name="Karin Ek")
    return user


@pytest.fixture
def desk(karin: User) -> Client:
    return logged_in(karin)


def accepted(**fields: Any) -> Match:
    """A match that waits: applied, offered, accepted through the commands. The employer is new each time."""
    period = fields.pop("period", None) or only_period(OfferFactory())
    student = fields.pop("student", None) or StudentFactory(**fields)
    owner = MembershipFactory(organisation=period.offer.organisation).user
    application = services.submit_application(actor=student.user, period_id=period.pk)
    services.offer_seat(actor=owner, application_id=application.pk)
    match = services.accept_seat(actor=student.user, application_id=application.pk).match
    assert match is not None
    return match


def queries_of(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_today_counts_what_needs_someone(karin: User, desk: Client) -> None:
    accepted(class_name="IN2")
    OfferFactory(state="submitted", submitted_at=clock.now(), published_at=None)
    StudentFactory(user=UserFactory(name="Maja Lind"), class_name="FT2")
    silent = ApplicationFactory(escalated_at=clock.now())
    MembershipFactory(organisation=silent.period.offer.organisation)

    response = desk.get(reverse("coordinator_home"))

    titles = [task["title"] for task in response.context["tasks"]]
    assert len(titles) == 4
    assert [task["is_hot"] for task in response.context["tasks"]] == [True, False, False, False]
    assert "4 things need you today" in response.text
    assert "Maja Lind" in response.text


def test_a_day_without_tasks_says_so(desk: Client) -> None:
    response = desk.get(reverse("coordinator_home"))

    assert response.context["tasks"] == []
    assert "Nothing needs you right now" in response.text


def test_a_place_is_published_from_the_review_page(desk: Client) -> None:
    offer = OfferFactory(state="submitted", submitted_at=clock.now(), published_at=None)
    offer.hazards.set(["TRUCK", "CHEMICALS"])
    url = reverse("coordinator_offer", args=[offer.pk])

    page = desk.get(url)
    assert len(page.context["facts"].rows) == 2
    desk.post(url, {"decision": "approve"})

    offer.refresh_from_db()
    assert offer.state == OfferState.PUBLISHED


def test_sending_back_needs_a_reason(desk: Client) -> None:
    offer = OfferFactory(state="submitted", submitted_at=clock.now(), published_at=None)
    url = reverse("coordinator_offer", args=[offer.pk])

    refused = desk.post(url, {"decision": "send_back", "reason": "  "})
    offer.refresh_from_db()
    assert (refused.status_code, offer.state) == (400, OfferState.SUBMITTED)
    assert 'id="id_reason_error"' in refused.text

    desk.post(url, {"decision": "send_back", "reason": "Skriv vilka skydd som behövs."})
    offer.refresh_from_db()
    assert (offer.state, offer.sent_back_reason) == (OfferState.DRAFT, "Skriv vilka skydd som behövs.")


def test_a_place_with_a_passed_deadline_is_not_published_and_says_why(desk: Client) -> None:
    yesterday = clock.today() - timedelta(days=1)
    offer = OfferFactory(state="submitted", submitted_at=clock.now(), published_at=None, apply_by=yesterday)

    response = desk.post(reverse("coordinator_offer", args=[offer.pk]), {"decision": "approve"}, follow=True)

    offer.refresh_from_db()
    assert offer.state == OfferState.SUBMITTED
    assert "already passed" in response.text


def test_the_queue_holds_the_own_municipality_only(desk: Client) -> None:
    elsewhere = WorkplaceFactory(municipality_id="2580")
    CoordinatorFactory(municipality="2580")
    nowhere = WorkplaceFactory(municipality_id=None)
    for workplace, title in ((None, "Vår plats"), (elsewhere, "Deras plats"), (nowhere, "Allas plats")):
        more = {"workplace": workplace} if workplace else {}
        OfferFactory(state="submitted", submitted_at=clock.now(), published_at=None, title=title, **more)

    text = desk.get(reverse("coordinator_offers")).text
    assert "Vår plats" in text
    assert not any(other in text for other in ("Deras plats", "Allas plats"))

    network = logged_in(NetworkOfficerFactory()).get(reverse("coordinator_offers")).text
    assert "Allas plats" in network
    assert not any(other in network for other in ("Deras plats", "Vår plats"))


def test_another_municipalitys_place_can_not_be_reviewed(desk: Client) -> None:
    other = OfferFactory(
        workplace=WorkplaceFactory(municipality_id="2580"),
        state="submitted",
        submitted_at=clock.now(),
        published_at=None,
    )

    assert desk.post(reverse("coordinator_offer", args=[other.pk]), {"decision": "approve"}).status_code == 404
    other.refresh_from_db()
    assert other.state == OfferState.SUBMITTED


def test_the_chosen_matches_are_approved_one_by_one(desk: Client) -> None:
    fine = [accepted(), accepted()]
    minor = accepted(birth_date=date(2010, 3, 1), period=only_period(OfferFactory(form_id="praktik")))
    chosen = [match.pk for match in [minor, *fine]]

    response = desk.post(reverse("coordinator_matches_decide"), {"match": chosen}, follow=True)

    assert Placement.objects.count() == 2
    minor.refresh_from_db()
    assert minor.state == MatchState.PROPOSED
    assert "2 matches are approved" in response.text
    assert minor.student.user.name in response.text
    assert "guardian has not given consent" in response.text


def test_matches_of_another_municipality_are_not_approved_in_bulk(desk: Client) -> None:
    CoordinatorFactory(municipality="2580")
    other = accepted(
        municipality_id="2580", period=only_period(OfferFactory(workplace=WorkplaceFactory(municipality_id="2580")))
    )

    response = desk.post(
        reverse("coordinator_matches_decide"),
        {"match": [other.pk, "x", "99999999999999999999"]},
        follow=True,
    )

    other.refresh_from_db()
    assert other.state == MatchState.PROPOSED
    assert other.student.user.name not in response.text


def test_rejecting_needs_a_reason_and_frees_the_seat(desk: Client) -> None:
    match = accepted()
    url = reverse("coordinator_match", args=[match.pk])

    assert desk.post(url, {"reason": " "}).status_code == 400
    match.refresh_from_db()
    assert match.state == MatchState.PROPOSED

    desk.post(url, {"reason": "För långt att resa."})
    match.refresh_from_db()
    match.period.refresh_from_db()
    assert (match.state, match.period.taken) == (MatchState.REJECTED, 0)


def test_approving_from_the_page_makes_a_placement(desk: Client) -> None:
    match = accepted()

    assert desk.get(reverse("coordinator_match", args=[match.pk])).status_code == 200
    desk.post(reverse("coordinator_match_approve", args=[match.pk]))

    assert Placement.objects.get().match == match


@pytest.mark.parametrize("birth_date", [date(2013, 5, 5), date(2010, 3, 1), date(2000, 1, 1)])
@pytest.mark.parametrize("hazards", [[], ["TRUCK"], ["CHEMICALS", "NIGHT"], ["ASBESTOS"]])
@pytest.mark.parametrize("form", ["apl", "prao", "praktik", "feriejobb"])
@pytest.mark.parametrize("consented", [False, True])
def test_the_gates_of_a_list_are_those_of_the_approval(
    birth_date: date,
    hazards: list[str],
    form: str,
    consented: bool,
) -> None:
    guardianship = GuardianshipFactory(student__birth_date=birth_date)
    if consented:
        GuardianConsent.objects.create(guardianship=guardianship, text_version="1", method="link", given_at=clock.now())
    offer = OfferFactory(form_id=form, risk_assessed_on=date(2026, 10, 1))
    offer.hazards.set(hazards)
    period = only_period(offer)
    Match.objects.create(
        student=guardianship.student,
        period=period,
        deciding_municipality_id="0562",
        start=period.start,
        end=period.end,
        proposed_at=clock.now(),
    )

    [match] = list_matches_to_decide(CoordinatorFactory())

    def told(gates: Any) -> list[tuple[str, str, bool, bool]]:
        return [(gate.code, str(gate.text), gate.is_open, gate.is_blocking) for gate in gates]

    assert told(gates_for([match])[match.pk]) == told(gates_of(match))


def test_students_stand_where_their_applications_and_placements_say(karin: User) -> None:
    none = StudentFactory(class_name="IN2")
    waiting = ApplicationFactory(student__class_name="IN2").student
    placed = accepted(class_name="IN2")
    approve_match(actor=karin, match_id=placed.pk)
    ended = ApplicationFactory(student__class_name="IN2", state="withdrawn").student
    StudentFactory(class_name="IN2", is_protected=True, alias="Sökande 1")
    StudentFactory(class_name="IN2", municipality_id="2580")

    found = {student.pk: student.standing for student in students_of(karin)}

    assert found == {
        none.pk: Standing.UNPLACED,
        ended.pk: Standing.UNPLACED,
        waiting.pk: Standing.AT_RISK,
        # Four of the fifteen weeks.
        placed.student_id: Standing.PARTLY,
    }
    [row] = classes_of(karin)
    assert (row.class_name, row.placed, row.partly, row.at_risk, row.unplaced) == ("IN2", 0, 1, 1, 2)


def test_the_list_filters_and_pages_without_losing_anyone(desk: Client) -> None:
    names = [f"Elev {n:02d}" for n in range(30)]
    for name in names:
        StudentFactory(user=UserFactory(name=name), class_name="IN2")
    StudentFactory(user=UserFactory(name="Annan Klass"), class_name="BA1")
    url = reverse("coordinator_students") + "?class=IN2"

    first = desk.get(url)
    second = desk.get(url, {"class": "IN2", "after": first.context["next_cursor"]})

    shown = [row.name for response in (first, second) for row in response.context["rows"]]
    assert shown == names
    assert second.context["next_cursor"] == ""
    assert "Annan Klass" not in first.text


def test_placements_and_organisations_are_found_by_name_on_the_page_and_in_the_file(karin: User, desk: Client) -> None:
    maja = accepted(student=StudentFactory(user=UserFactory(name="Maja Lind"), class_name="IN2"))
    omar = accepted(student=StudentFactory(user=UserFactory(name="Omar Said"), class_name="EE3"))
    for match in (maja, omar):
        approve_match(actor=karin, match_id=match.pk)
    place = maja.period.offer.organisation.name
    assert place != omar.period.offer.organisation.name

    for text in ("maja", "in2", place):
        for name in ("coordinator_placements", "coordinator_placements_csv"):
            found = desk.get(reverse(name), {"q": text}).content.decode()
            assert "Maja Lind" in found
            assert "Omar Said" not in found
    shown = desk.get(reverse("coordinator_organisations"), {"q": place}).context["page"].rows
    assert [row.name for row in shown] == [place]
    assert "Maja Lind" not in desk.get(reverse("coordinator_placements"), {"q": "%"}).text


def test_a_forged_cursor_starts_from_the_beginning(desk: Client) -> None:
    StudentFactory(user=UserFactory(name="Maja Lind"))

    assert "Maja Lind" in desk.get(reverse("coordinator_students"), {"after": "nonsense"}).text


def test_protected_students_are_nowhere(karin: User, desk: Client) -> None:
    student = StudentFactory(
        user=UserFactory(name="Hemliga Hanna"), is_protected=True, alias="Sökande 7", class_name="HEMLIG9"
    )
    application = ApplicationFactory(student=student, escalated_at=clock.now())
    match = accepted(student=StudentFactory(user=UserFactory(name="Dolda Doris"), class_name="DOLD9"))
    match.student.is_protected, match.student.alias = True, "Sökande 8"
    match.student.save()
    names = ("coordinator_home", "coordinator_students", "coordinator_students_csv", "coordinator_silence")

    for name in (*names, "coordinator_matches", "coordinator_placements"):
        text = desk.get(reverse(name)).text
        assert not any(secret in text for secret in ("Hanna", "HEMLIG9", "Doris", "DOLD9", "Sökande 7", "Sökande 8"))
    for name, pk in (("coordinator_student", student.pk), ("coordinator_match", match.pk)):
        assert desk.get(reverse(name, args=[pk])).status_code == 404
    for kind, pk in (("application", application.pk), ("match", match.pk)):
        assert desk.get(reverse("coordinator_ledger", args=[kind, pk])).status_code == 404


def test_the_students_page_shows_applications_and_consent(desk: Client) -> None:
    guardianship = GuardianshipFactory(named_as="Petra Berg")
    application = ApplicationFactory(student=guardianship.student)

    response = desk.get(reverse("coordinator_student", args=[guardianship.student.pk]))

    assert "Petra Berg" in response.text
    assert response.context["consent_is_missing"]
    assert application.period.offer.title in response.text


def test_withdrawing_for_a_student_is_logged_with_the_coordinator(karin: User, desk: Client) -> None:
    application = ApplicationFactory()

    desk.post(reverse("coordinator_withdraw", args=[application.student_id, application.pk]))

    application.refresh_from_db()
    assert application.release_reason == "by_coordinator"
    assert LogEntry.objects.get(action="application.withdrawn").actor == karin


def test_another_municipalitys_student_is_unknown(desk: Client) -> None:
    application = ApplicationFactory(student__municipality_id="2580")
    own = StudentFactory()

    assert desk.get(reverse("coordinator_student", args=[application.student_id])).status_code == 404
    for student in (application.student, own):
        assert desk.post(reverse("coordinator_withdraw", args=[student.pk, application.pk])).status_code == 404
    application.refresh_from_db()
    assert application.state == ApplicationState.SUBMITTED


def test_the_file_is_logged_and_holds_no_formulas(karin: User, desk: Client) -> None:
    StudentFactory(user=UserFactory(name="=1+1"), class_name="IN2")
    StudentFactory(user=UserFactory(name="Annan Kommun"), municipality_id="2580")

    text = desk.get(reverse("coordinator_students_csv")).text

    assert "'=1+1" in text
    assert "Annan Kommun" not in text
    assert LogEntry.objects.get(action="export.taken").actor == karin


def test_a_placement_ends_with_a_reason(karin: User, desk: Client) -> None:
    placement = approve_match(actor=karin, match_id=accepted().pk)
    url = reverse("coordinator_placement", args=[placement.pk])

    assert desk.post(url, {"reason": ""}).status_code == 400
    desk.post(url, {"reason": "Verkstaden har brunnit."})

    placement.refresh_from_db()
    assert (placement.state, placement.ended_reason) == (PlacementState.CANCELLED, "Verkstaden har brunnit.")
    assert "Verkstaden har brunnit." in desk.get(url).text


def test_trust_and_setting_belong_to_the_own_municipality(desk: Client) -> None:
    organisation = WorkplaceFactory().organisation
    WorkplaceFactory(organisation=organisation, municipality_id="2580")
    wanted = {"trusted_may_publish": "on", "undo_minutes": "20", "unplaced_days": "7", "answer_days": "3"}

    desk.post(reverse("coordinator_trust", args=["0562", organisation.pk]), {"trusted": "1"})
    desk.post(reverse("coordinator_settings", args=["0562"]), wanted)
    statuses = [
        desk.post(reverse("coordinator_trust", args=["2580", organisation.pk]), {"trusted": "1"}).status_code,
        desk.post(reverse("coordinator_settings", args=["2580"]), wanted).status_code,
    ]

    assert statuses == [403, 404]
    assert [row.municipality_id for row in TrustedOrganisation.objects.all()] == ["0562"]
    assert [(row.pk, row.undo_minutes, row.answer_days) for row in MunicipalitySettings.objects.all()] == [
        ("0562", 20, 3)
    ]
    assert organisation.name in desk.get(reverse("coordinator_organisations")).text


def test_the_ledger_says_who_was_told(desk: Client) -> None:
    match = accepted()
    application = Application.objects.get()

    text = desk.get(reverse("coordinator_ledger", args=["application", application.pk])).text

    assert match.student.user.name in text
    assert "Offered a seat" in text
    assert desk.get(reverse("coordinator_ledger", args=["user", 1])).status_code == 404


PAGES = [
    "coordinator_home", "coordinator_silence", "coordinator_offers", "coordinator_matches", "coordinator_students",
    "coordinator_students_csv", "coordinator_placements", "coordinator_organisations", "network_home", "network_jobs",
    "network_undelivered",
]  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_students_employers_and_strangers_do_not_come_in(name: str) -> None:
    for user in (StudentFactory().user, MembershipFactory().user):
        assert logged_in(user).get(reverse(name)).status_code == 403
    assert Client().get(reverse(name)).status_code == 302


def test_lists_ask_as_many_questions_for_ten_rows_as_for_one(karin: User, desk: Client) -> None:
    def everything() -> None:
        accepted(birth_date=date(2010, 3, 1), class_name="IN2")
        approve_match(actor=karin, match_id=accepted().pk)
        OfferFactory(state="submitted", submitted_at=clock.now(), published_at=None)
        ApplicationFactory(escalated_at=clock.now())
        StudentFactory()

    urls = [reverse(name) for name in PAGES if name.startswith("coordinator") and not name.endswith("csv")]
    everything()
    one = [queries_of(desk, url) for url in urls]
    for _number in range(5):
        everything()

    assert [queries_of(desk, url) for url in urls] == one


def test_every_transition_has_words() -> None:
    tables = (OFFER_TRANSITIONS, APPLICATION_TRANSITIONS, MATCH_TRANSITIONS, PLACEMENT_TRANSITIONS)

    assert {action for table in tables for action in table.moves} <= set(WORDS)


def test_only_the_classes_with_most_unplaced_are_shown_at_home(desk: Client) -> None:
    for number in range(10):
        StudentFactory.create_batch(2 if number == 9 else 1, class_name=f"K{number}")

    response = desk.get(reverse("coordinator_home"))

    assert [row["name"] for row in response.context["classes"]][:2] == ["K9", "K0"]
    assert response.context["classes_left_out"] == 2
