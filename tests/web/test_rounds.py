"""The pages of rounds: set up, wish, run, compare, move, publish, answer, ask; each for its own people only."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backend.common import clock
from backend.rounds import services
from backend.rounds.enums import ResultState, RoundState
from backend.rounds.models import Adjustment, LockedPair, OwnFoundPlace, Result, Round, Wish
from backend.web.rounds.student import moved
from tests.factories import CoordinatorFactory, MembershipFactory, PeriodFactory, StudentFactory
from tests.factories.rows import FINSPANG
from tests.rounds.world import ACCEPT_BY, CLOSES, END, START, World

pytestmark = pytest.mark.django_db


def as_user(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, name: str, *args: int, status: int = 200) -> str:
    response = client.get(reverse(name, args=args))
    assert response.status_code == status, response.content[:500]
    return response.content.decode()


def moment(value: Any) -> str:
    return value.strftime("%Y-%m-%dT%H:%M")


FORM = {
    "name": "Prao i åttan",
    "lead_code": FINSPANG,
    "form": "apl",
    "start": START.isoformat(),
    "end": END.isoformat(),
    "opens_at": moment(CLOSES - timedelta(days=3)),
    "closes_at": moment(CLOSES),
    "publish_on": "2026-12-10",
    "accept_by": moment(ACCEPT_BY),
    "method": "stable",
    "max_wishes": "6",
    "unplaced_policy": "person",
    "is_joinable": "on",
    "region_caps": "Finspång 10",
}


class TestSetUp:
    def test_from_nothing_to_an_open_round(self):
        client, period = as_user(CoordinatorFactory()), PeriodFactory(capacity=3)
        assert "No rounds yet" in page(client, "rounds") or "Inga omgångar" in page(client, "rounds")
        page(client, "round_new")
        answer = client.post(reverse("round_new"), FORM)
        the_round = Round.objects.get()
        assert answer["Location"] == reverse("round_seats", args=[the_round.pk])
        assert the_round.region_caps.get().cap == 10
        assert period.offer.title in page(client, "round_seats", the_round.pk)
        client.post(
            reverse("round_seats", args=[the_round.pk]), {f"seats-{period.pk}": "2", f"minimum-{period.pk}": "1"}
        )
        assert the_round.seats.get().seats == 2
        page(client, "round", the_round.pk)
        client.post(reverse("round_open", args=[the_round.pk]))
        the_round.refresh_from_db()
        assert the_round.state == RoundState.OPEN
        assert str(the_round.seed) in page(client, "round", the_round.pk)

    def test_mistakes_stand_beside_their_field_and_lose_nothing(self):
        client = as_user(CoordinatorFactory())
        answer = client.post(
            reverse("round_new"), FORM | {"closes_at": moment(CLOSES - timedelta(days=9)), "name": "Kvar"}
        )
        assert answer.status_code == 400
        assert "closes_at" in answer.context["form"].errors
        assert answer.context["form"]["name"].value() == "Kvar"
        answer = client.post(reverse("round_new"), FORM | {"region_caps": "Atlantis 3"})
        assert "region_caps" in answer.context["form"].errors
        assert not Round.objects.exists()

    def test_a_wrong_row_of_seats_saves_nothing(self):
        world = World()
        client, one, two = as_user(world.coordinator), PeriodFactory(capacity=3), PeriodFactory(capacity=1)
        url = reverse("round_seats", args=[world.round.pk])
        for wrong in ("många", "0", "-1"):
            answer = client.post(url, {f"seats-{one.pk}": "2", f"seats-{two.pk}": wrong})
            assert answer.status_code == 400
            assert f'value="{wrong}"' in answer.content.decode()
            assert not world.round.seats.exists()

    def test_the_numbers_it_begins_with_can_be_saved_as_they_stand(self):
        """A full place begins empty, which leaves it out: a round takes no row of 0 seats."""
        world = World()
        free, full = PeriodFactory(capacity=3), PeriodFactory(capacity=2, taken=2)
        client, url = as_user(world.coordinator), reverse("round_seats", args=[world.round.pk])
        form = client.get(url).context["form"]
        drawn = {field.html_name: "" if field.value() is None else field.value() for field in form}
        assert (drawn[f"seats-{free.pk}"], drawn[f"seats-{full.pk}"]) == (3, "")
        assert client.post(url, drawn).status_code == 302
        assert list(world.round.seats.values_list("period", "seats")) == [(free.pk, 3)]

    def test_an_open_round_is_not_edited(self):
        world = World(1).open()
        client = as_user(world.coordinator)
        assert client.get(reverse("round_edit", args=[world.round.pk])).status_code == 302
        client.post(reverse("round_cancel", args=[world.round.pk]), {"reason": ""})
        world.round.refresh_from_db()
        assert world.round.state == RoundState.OPEN
        client.post(reverse("round_cancel", args=[world.round.pk]), {"reason": "Skolan brann."})
        world.round.refresh_from_db()
        assert world.round.state == RoundState.CANCELLED
        assert "Skolan brann." in page(client, "round", world.round.pk)

    @pytest.mark.parametrize(
        "name",
        ["round", "round_edit", "round_seats", "round_participants", "round_runs", "round_appeals", "round_own_places"],
    )
    def test_other_municipalities_do_not_know_it(self, name):
        world = World(1).open()
        page(as_user(CoordinatorFactory(municipality="2580")), name, world.round.pk, status=404)
        for stranger in (StudentFactory().user, MembershipFactory().user):
            page(as_user(stranger), name, world.round.pk, status=403)


class TestWishing:
    def test_join_rank_and_leave(self):
        world = World(1, 1, 1).open()
        student = StudentFactory()
        client, url = as_user(student.user), reverse("student_round_wish", args=[world.round.pk])
        assert world.round.name in page(client, "student_rounds")
        page(client, "student_round", world.round.pk)
        client.post(reverse("student_round_join", args=[world.round.pk]))
        a, b, c = (row.pk for row in world.rows)
        client.post(url, {"order": "", "action": f"add-{a}"})
        client.post(url, {"order": "", "action": f"add-{b}"})
        assert list(Wish.objects.values_list("seat", flat=True)) == [a, b], "a button goes by the list as it stands"
        client.post(url, {"order": f"{a},{b}", "action": f"up-{b}"})
        assert list(Wish.objects.values_list("seat", flat=True)) == [b, a]
        stale = client.post(url, {"seen": f"{a},{b}", "order": f"{a},{b}"})
        assert (stale.status_code, list(Wish.objects.values_list("seat", flat=True))) == (409, [b, a])
        client.post(url, {"seen": f"{b},{a}", "order": f"{c},{b},{a}"})
        assert list(Wish.objects.values_list("seat", flat=True)) == [c, b, a]
        assert world.rows[0].period.offer.title in page(client, "student_round", world.round.pk)
        client.post(reverse("student_round_leave", args=[world.round.pk]))
        assert not world.round.participants.exists()

    def test_what_is_refused_says_why_and_keeps_the_list(self):
        world = World(1, 1, max_wishes=1).open()
        participant = world.student(0)
        client = as_user(participant.student.user)
        answer = client.post(
            reverse("student_round_wish", args=[world.round.pk]),
            {"order": str(world.rows[0].pk), "action": f"add-{world.rows[1].pk}"},
        )
        assert answer.status_code == 409
        assert "tar högst 1 önskemål" in answer.text
        assert list(participant.wishes.values_list("seat", flat=True)) == [world.rows[0].pk]

    @pytest.mark.parametrize(
        ("action", "order"),
        [
            ("add-4", [1, 2, 3, 4]),
            ("add-2", [1, 2, 3]),
            ("up-1", [1, 2, 3]),
            ("up-3", [1, 3, 2]),
            ("down-3", [1, 2, 3]),
            ("down-1", [2, 1, 3]),
            ("remove-2", [1, 3]),
            ("remove-9", [1, 2, 3]),
            ("", [1, 2, 3]),
            ("up-x", [1, 2, 3]),
        ],
    )
    def test_buttons(self, action, order):
        assert moved([1, 2, 3], action) == order

    def test_a_coordinator_wishes_for_somebody_and_says_why(self):
        world = World(1, 1).open()
        participant = world.student()
        client, url = as_user(world.coordinator), reverse("round_participant_wishes", args=[participant.pk])
        page(client, "round_participant", participant.pk)
        assert client.post(url, {"wishes-0": world.rows[1].pk}).status_code == 400
        assert not participant.wishes.exists()
        client.post(url, {"wishes-0": "", "wishes-1": world.rows[1].pk, "reason": "Elin är på sjukhus."})
        assert participant.wishes.get().seat == world.rows[1]

    def test_a_place_found_by_the_student_is_kept(self):
        world = World(1).open()
        participant = world.student(0)
        client = as_user(participant.student.user)
        form = {
            "organisation_name": "Morbrors Smedja",
            "municipality_code": FINSPANG,
            "contact_name": "Ulf",
            "contact_email": "ulf@smedja.example",
            "title": "Smed",
            "tasks": "Smida och slipa.",
            "start": START.isoformat(),
            "end": END.isoformat(),
        }
        page(client, "student_round_own_place", world.round.pk)
        answer = client.post(reverse("student_round_own_place", args=[world.round.pk]), form | {"contact_email": "ulf"})
        assert answer.status_code == 400
        client.post(reverse("student_round_own_place", args=[world.round.pk]), form)
        place = OwnFoundPlace.objects.get()
        desk = as_user(world.coordinator)
        assert "Morbrors Smedja" in page(desk, "round_own_places", world.round.pk)
        client_page = page(client, "student_round", world.round.pk)
        assert "Morbrors Smedja" in client_page
        desk.post(reverse("round_own_place_decide", args=[place.pk]), {"decision": "yes"})
        place.refresh_from_db()
        assert place.state == "accepted"
        page(client, "student_round", world.round.pk)


class TestPairsAndPlacesLeftOut:
    def test_two_become_a_pair_and_one_each_again(self):
        world = World(1, 1).open()
        one, two = world.student(0), world.student(1)
        client = as_user(world.coordinator)
        client.post(reverse("round_pair", args=[one.pk]), {"other": str(two.pk)})
        pair = world.round.pairs.get()
        assert reverse("round_unpair", args=[pair.pk]) in page(client, "round_participant", two.pk)
        stranger = as_user(CoordinatorFactory(municipality="2580"))
        assert stranger.post(reverse("round_unpair", args=[pair.pk])).status_code == 404
        client.post(reverse("round_unpair", args=[pair.pk]))
        assert not world.round.pairs.exists()
        client.post(reverse("round_pair", args=[one.pk]), {"other": "ingen"})
        assert not world.round.pairs.exists()

    def test_a_place_is_left_out_with_a_reason(self, decided):
        client, seat = as_user(decided.coordinator), decided.rows[0]
        url = reverse("round_seat_exclude", args=[seat.pk])
        client.post(url, {"exclude": "yes", "reason": ""})
        seat.refresh_from_db()
        assert not seat.is_excluded
        client.post(url, {"exclude": "yes", "reason": "För få vill dit."})
        seat.refresh_from_db()
        assert seat.is_excluded
        page(client, "round_seats", decided.round.pk)
        client.post(url, {})
        seat.refresh_from_db()
        assert not seat.is_excluded


class TestRanking:
    def test_an_organisation_orders_those_who_wish(self):
        world = World(2, employers_answer_by=CLOSES + timedelta(days=1)).open()
        people = [world.student(0) for _ in range(3)]
        owner = MembershipFactory(organisation=world.rows[0].period.offer.organisation).user
        client, url = as_user(owner), reverse("employer_round_rank", args=[world.rows[0].pk])
        page(client, "employer_rounds")
        assert client.get(url).status_code == 404
        world.close()
        page(client, "employer_round_rank", world.rows[0].pk)
        wrong = client.post(url, {f"rank-{people[0].pk}": "först"})
        assert wrong.status_code == 400
        assert 'value="först"' in wrong.content.decode()
        client.post(url, {f"rank-{people[0].pk}": "2", f"rank-{people[1].pk}": "1"})
        assert dict(world.rows[0].rankings.values_list("participant", "rank")) == {people[0].pk: 2, people[1].pk: 1}
        assert as_user(MembershipFactory().user).get(url).status_code == 404


@pytest.fixture
def decided() -> World:
    """Three students want the one seat they share; the second row has one seat too. Closed."""
    world = World(1, 1).open()
    for _ in range(3):
        world.student(0, 1)
    return world.close()


class TestRuns:
    def test_two_methods_side_by_side(self, decided):
        client = as_user(decided.coordinator)
        page(client, "round_runs", decided.round.pk)
        client.post(reverse("round_run_start", args=[decided.round.pk]), {"method": "stable"})
        text = page(client, "round_runs", decided.round.pk)
        assert "every 1s" in text
        client.post(reverse("round_run_cancel", args=[decided.round.runs.get().pk]))
        one, two = decided.run("stable"), decided.run("optimal")
        text = page(client, "round_runs", decided.round.pk)
        assert "every 1s" not in text
        assert reverse("round_run", args=[one.pk]) in text
        assert reverse("round_run", args=[two.pk]) in text
        assert one.digest[:16] in page(client, "round_run", one.pk)
        snapshot = client.get(reverse("round_run_snapshot", args=[one.pk]))
        assert snapshot["Content-Type"] == "application/json"
        page(as_user(CoordinatorFactory(municipality="2580")), "round_run", one.pk, status=404)

    def test_moving_needs_every_warning_and_a_reason(self, decided):
        run, client = decided.run(), as_user(decided.coordinator)
        out = run.outcomes.get(seat=None)
        inside = run.outcomes.filter(seat=decided.rows[1]).get()
        page(client, "round_board", run.pk)
        url = reverse("round_move", args=[run.pk, inside.participant_id])
        text = client.get(url, {"seat": "none"}).content.decode()
        assert 'value="unplaces"' in text
        assert client.post(url, {"seat": "none", "reason": "Byter skola"}).status_code == 409
        assert not Adjustment.objects.exists()
        client.post(url, {"seat": "none", "reason": "Byter skola", "overridden": ["unplaces"]})
        url = reverse("round_move", args=[run.pk, out.participant_id])
        client.post(
            url,
            {"seat": decided.rows[1].pk, "reason": "Bor nära", "lock": "on", "overridden": ["passes_over"]},
        )
        out.refresh_from_db()
        assert out.seat == decided.rows[1]
        assert LockedPair.objects.get().participant_id == out.participant_id
        page(client, "round_board", run.pk)
        page(client, "round_run", run.pk)
        client.post(reverse("round_unlock", args=[run.pk, out.participant_id]))
        assert not LockedPair.objects.exists()


class TestAnswers:
    def test_published_answered_asked_and_taken_back(self, decided):
        run, desk = decided.run(), as_user(decided.coordinator)
        desk.post(reverse("round_publish", args=[run.pk]))
        decided.round.refresh_from_db()
        assert decided.round.state == RoundState.PUBLISHED
        page(desk, "round_results", decided.round.pk)
        page(desk, "round", decided.round.pk)
        lost = Result.objects.get(state=ResultState.UNPLACED)
        student = as_user(lost.participant.student.user)
        shown = page(student, "student_round", decided.round.pk)
        seen, _, behind = shown.partition('<details class="tucked')
        assert str(decided.round.seed) not in seen, "the lottery stands behind a line for those who check it"
        assert str(decided.round.seed) in behind.partition("</details>")[0]
        url = reverse("student_round_appeal", args=[decided.round.pk])
        assert student.post(url, {"text": ""}).status_code == 400
        student.post(url, {"text": "Jag bor granne med verkstaden."})
        appeal = lost.appeals.get()
        assert "granne" in page(desk, "round_appeals", decided.round.pk)
        desk.post(reverse("round_appeal_answer", args=[appeal.pk]), {"answer": "Vi ringer dig."})
        assert "Vi ringer dig." in page(student, "student_round", decided.round.pk)
        desk.post(reverse("round_undo", args=[decided.round.pk]), {"reason": "Fel frö."})
        decided.round.refresh_from_db()
        assert decided.round.state == RoundState.CLOSED

    def test_yes_makes_a_match_and_no_gives_the_seat_on(self, decided):
        run = decided.run()
        services.publish_round(actor=decided.coordinator, run_id=run.pk)
        one, two = Result.objects.filter(state=ResultState.OFFERED).order_by("pk")
        for result, answer, state in ((one, "yes", ResultState.ACCEPTED), (two, "no", ResultState.DECLINED)):
            client = as_user(result.participant.student.user)
            client.post(reverse("student_round_answer", args=[decided.round.pk]), {"answer": answer})
            result.refresh_from_db()
            assert result.state == state
            page(client, "student_round", decided.round.pk)
        desk = as_user(decided.coordinator)
        text = desk.post(reverse("round_undo", args=[decided.round.pk]), {"reason": "För sent"})
        assert text.status_code == 409
        assert "För sent" in text.text
        decided.round.refresh_from_db()
        assert decided.round.state == RoundState.PUBLISHED

    def test_a_second_round_takes_over_those_left(self, decided):
        Round.objects.filter(pk=decided.round.pk).update(unplaced_policy="second_round")
        services.publish_round(actor=decided.coordinator, run_id=decided.run().pk)
        for result in Result.objects.filter(state=ResultState.OFFERED):
            services.accept_result(actor=result.participant.student.user, result_id=result.pk)
        desk = as_user(decided.coordinator)
        page(desk, "round_second", decided.round.pk)
        now = clock.now()
        answer = desk.post(
            reverse("round_second", args=[decided.round.pk]),
            FORM
            | {
                "name": "Andra omgången",
                "opens_at": moment(now + timedelta(hours=1)),
                "closes_at": moment(now + timedelta(days=2)),
                "publish_on": (now + timedelta(days=3)).date().isoformat(),
                "accept_by": moment(now + timedelta(days=5)),
                "region_caps": "",
            },
        )
        assert answer.status_code == 302, answer.context["form"].errors
        second = Round.objects.get(follows=decided.round)
        assert second.participants.count() == 1


def test_lists_take_the_same_queries_however_long(decided):
    run, client = decided.run(), as_user(decided.coordinator)
    names = [
        ("rounds", ()),
        ("round", (decided.round.pk,)),
        ("round_seats", (decided.round.pk,)),
        ("round_participants", (decided.round.pk,)),
        ("round_board", (run.pk,)),
        ("round_run", (run.pk,)),
    ]

    def counted() -> dict[str, int]:
        found = {}
        for name, args in names:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                page(client, name, *args)
            found[name] = len(queries)
        return found

    counted()
    before = counted()
    other = World()
    del other
    for _ in range(4):
        services.add_participants(
            actor=decided.coordinator, round_id=World().round.pk, student_ids=[StudentFactory().pk]
        )
        PeriodFactory(capacity=2)
    assert counted() == before
