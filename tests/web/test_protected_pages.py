"""Pages about protected identities: for those with a grant, with every look noted, and for those who give the grants."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backend.accounts.models import ProtectedGrant, User
from backend.accounts.services import give_grant
from backend.applications import services as applications
from backend.common import clock
from backend.common.models import LogEntry
from backend.placements.enums import MatchState
from backend.placements.models import Match
from backend.rounds import services as rounds
from backend.rounds.models import Participant
from backend.students.models import Student
from tests.factories import (
    CoordinatorFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    StudentFactory,
    UserFactory,
)
from tests.rounds.world import END, START, World
from tests.web.desk import logged_in, only_period

pytestmark = pytest.mark.django_db

INDEX = reverse("coordinator_protected")


@pytest.fixture
def office() -> User:
    user: Any = NetworkOfficerFactory(name="Nils Nät")
    return user


@pytest.fixture
def granted(office: User) -> Client:
    user: Any = CoordinatorFactory(name="Gunnel Grant")
    until = clock.today() + timedelta(days=90)
    give_grant(actor=office, user=user, municipality_code="0562", valid_until=until, reason="Ansvarig rektor.")
    return logged_in(user)


@pytest.fixture
def desk() -> Client:
    user: Any = CoordinatorFactory(name="Olle Ovetande")
    return logged_in(user)


@pytest.fixture
def match() -> Match:
    """Of a protected student, waiting to be decided."""
    student = StudentFactory(user=UserFactory(name="Hemliga Hanna"), is_protected=True, alias="Student KXBR")
    period = only_period(OfferFactory())
    owner = MembershipFactory(organisation=period.offer.organisation).user
    application = applications.submit_application(actor=student.user, period_id=period.pk)
    applications.offer_seat(actor=owner, application_id=application.pk)
    found = applications.accept_seat(actor=student.user, application_id=application.pk).match
    assert found is not None
    return found


def case_of(match: Match) -> str:
    return reverse("coordinator_protected_student", args=[match.student_id])


def looks() -> list[str]:
    return list(LogEntry.objects.filter(action__startswith="protected.").values_list("action", flat=True))


def test_the_list_shows_aliases_and_is_noted(granted: Client, match: Match) -> None:
    page = granted.get(INDEX)
    assert "Student KXBR" in page.text
    assert "Hanna" not in page.text
    assert looks() == ["protected.listed"]


def test_the_case_shows_the_person_and_is_noted_every_time(granted: Client, match: Match) -> None:
    granted.get(case_of(match))
    page = granted.get(case_of(match))
    assert "Hemliga Hanna" in page.text
    assert "Gunnel Grant" in page.text
    assert looks() == ["protected.viewed", "protected.viewed"]


def test_without_a_grant_there_is_nothing(desk: Client, match: Match) -> None:
    page = desk.get(INDEX)
    assert "You have no grant" in page.text
    assert "KXBR" not in page.text
    assert desk.get(case_of(match)).status_code == 404
    assert desk.post(case_of(match), {"decision": "approve", "match": match.pk}).status_code == 404
    assert desk.post(reverse("coordinator_match_approve", args=[match.pk])).status_code == 404
    assert looks() == []
    match.refresh_from_db()
    assert match.state == MatchState.PROPOSED


def test_deciding_and_undoing_from_the_case(granted: Client, match: Match) -> None:
    for data, state in (
        ({"decision": "approve"}, MatchState.APPROVED),
        ({"decision": "undo"}, MatchState.PROPOSED),
        ({"decision": "reject", "reason": "Resan är för lång."}, MatchState.REJECTED),
        ({"decision": "undo"}, MatchState.PROPOSED),
    ):
        assert granted.post(case_of(match), {**data, "match": match.pk})["Location"] == case_of(match)
        match.refresh_from_db()
        assert match.state == state


def test_a_rejection_without_a_reason_stays_on_the_page(granted: Client, match: Match) -> None:
    response = granted.post(case_of(match), {"decision": "reject", "match": match.pk, "reason": " "})
    match.refresh_from_db()
    assert (response.status_code, match.state) == (400, MatchState.PROPOSED)


@pytest.mark.parametrize("decision", ["reject", "clear"])
def test_a_reason_that_is_too_long_stays_in_its_own_field(granted: Client, match: Match, decision: str) -> None:
    page = granted.post(case_of(match), {"decision": decision, "match": match.pk, "reason": "å" * 501}).text
    field = f"match-{match.pk}-reason" if decision == "reject" else "clear-reason"
    assert page.count("å" * 501) == 1
    assert page.count(f'href="#{field}"') == 1
    assert page.count(f'id="{field}"') == 1
    assert page.count(f'id="{field}_error"') == 1
    assert page.count('aria-invalid="true"') == 1
    match.refresh_from_db()
    assert (match.state, match.student.is_protected) == (MatchState.PROPOSED, True)


class TestInRounds:
    """A protected student stands on no list of a round: what waits for an answer stands on the student's own page."""

    @pytest.fixture
    def world(self) -> World:
        return World(1).open()

    @pytest.fixture
    def hidden(self, world: World) -> Participant:
        return world.student(0, user=UserFactory(name="Hemliga Hanna"), is_protected=True, alias="Student KXBR")

    def test_a_question_about_a_result_is_found_and_answered(
        self, granted: Client, desk: Client, world: World, hidden: Participant
    ) -> None:
        result = world.close().publish().results.get(participant=hidden)
        appeal = rounds.appeal_result(actor=hidden.student.user, result_id=result.pk, text="Varför just där?")
        index, case = granted.get(INDEX).text, reverse("coordinator_protected_student", args=[hidden.student_id])
        assert "asks about a result" in index
        assert "Hanna" not in index
        assert "Varför just där?" in granted.get(case).text
        answer = reverse("round_appeal_answer", args=[appeal.pk])
        refused = granted.post(answer, {"answer": " "})
        assert (refused.status_code, "Varför just där?" in refused.text) == (400, True)
        assert desk.post(answer, {"answer": "Jo."}).status_code == 404
        assert granted.post(answer, {"answer": "Det låg närmast."})["Location"] == case
        assert "Det låg närmast." in granted.get(case).text
        assert "asks about a result" not in granted.get(INDEX).text
        assert "Varför" not in desk.get(reverse("round_appeals", args=[world.round.pk])).text

    def test_a_found_place_is_found_and_answered(
        self, granted: Client, desk: Client, world: World, hidden: Participant
    ) -> None:
        details = rounds.OwnPlaceDetails(
            organisation_name="Brors smedja",
            municipality_code="0562",
            contact_name="Bror",
            contact_email="bror@verkstad.example",
            title="Smida",
            tasks="Smida krokar.",
            start=START,
            end=END,
        )
        place = rounds.submit_own_place(actor=hidden.student.user, participant_id=hidden.pk, details=details)
        assert "has found a place" in granted.get(INDEX).text
        case = reverse("coordinator_protected_student", args=[hidden.student_id])
        assert "Brors smedja" in granted.get(case).text
        decide = reverse("round_own_place_decide", args=[place.pk])
        assert desk.post(decide, {"decision": "yes"}).status_code == 404
        assert granted.post(decide, {"decision": "yes"})["Location"] == case
        place.refresh_from_db()
        assert place.state == "accepted"
        assert "has found a place" not in granted.get(INDEX).text


@pytest.mark.parametrize("text", ["", "x", "999999", "99999999999999999999"])
def test_a_match_of_nobody_is_not_there(granted: Client, match: Match, text: str) -> None:
    assert granted.post(case_of(match), {"decision": "approve", "match": text}).status_code == 404


def test_protecting_from_the_students_page_and_ending_it(granted: Client, desk: Client) -> None:
    student = StudentFactory(user=UserFactory(name="Maja Lind"))
    url = reverse("coordinator_student", args=[student.pk])
    assert "Protect the identity" in granted.get(url).text
    assert "Protect the identity" not in desk.get(url).text
    protect = reverse("coordinator_protect", args=[student.pk])
    assert desk.post(protect, {"reason": "Skyddade uppgifter."}).status_code == 404
    granted.post(protect, {"reason": " "})
    assert not Student.objects.get().is_protected

    granted.post(protect, {"reason": "Skyddade uppgifter.", "alias": "Elev 12"})
    assert (Student.objects.get().is_protected, Student.objects.get().alias) == (True, "Elev 12")
    assert [client.get(url).status_code for client in (granted, desk)] == [404, 404]

    granted.post(reverse("coordinator_protected_student", args=[student.pk]), {"decision": "clear", "reason": "Klart."})
    assert not Student.objects.get().is_protected
    assert desk.get(url).status_code == 200


@pytest.mark.parametrize("name", ["coordinator_home", "coordinator_students", "coordinator_matches"])
def test_nothing_on_the_ordinary_pages_differs_between_the_two(
    granted: Client, desk: Client, match: Match, name: str
) -> None:
    for client in (granted, desk):
        text = client.get(reverse(name)).text
        assert "Hanna" not in text
        assert "KXBR" not in text


def test_the_notification_leads_each_reader_to_the_right_page(
    granted: Client, desk: Client, office: User, match: Match
) -> None:
    address = reverse("go", args=["match", match.pk])
    assert granted.get(address)["Location"] == case_of(match)
    assert logged_in(office).get(address).status_code == 404
    assert desk.get(address).status_code == 404
    application = reverse("go", args=["application", match.application.pk])
    assert granted.get(application)["Location"] == case_of(match)
    assert desk.get(application).status_code == 404


def test_the_office_is_led_to_the_grants_when_it_was_asked_for_one(office: User, match: Match) -> None:
    client = logged_in(office)
    assert client.get(reverse("go", args=["match", match.pk]))["Location"] == reverse("network_grants")
    assert client.get(reverse("go", args=["match", match.pk + 1])).status_code == 404


class TestOffice:
    def test_gives_and_takes_back(self, office: User) -> None:
        coordinator: Any = CoordinatorFactory(name="Karin Ek")
        client, url = logged_in(office), reverse("network_grants")
        data = {"user": str(coordinator.roles.get().pk), "valid_until": "2027-06-30", "reason": "Ansvarig rektor."}

        assert client.post(url, {**data, "valid_until": "2029-06-30"}).status_code == 400
        assert client.post(url, {**data, "user": "999999"}).status_code == 400
        assert not ProtectedGrant.objects.exists()
        client.post(url, data)
        grant = ProtectedGrant.objects.get()
        assert (grant.user, grant.municipality_id) == (coordinator, "0562")
        assert "Karin Ek" in client.get(url).text

        client.post(reverse("network_grant_revoke", args=[grant.pk]))
        assert "taken back" in client.get(url).text

    def test_sees_who_looked_and_where_but_never_at_whom(self, office: User, granted: Client, match: Match) -> None:
        granted.get(case_of(match))
        text = logged_in(office).get(reverse("network_grants")).text
        assert "Opened the case" in text
        assert "Finspång" in text
        assert "Hanna" not in text
        assert "KXBR" not in text
        assert logged_in(office).get(case_of(match)).status_code == 403
