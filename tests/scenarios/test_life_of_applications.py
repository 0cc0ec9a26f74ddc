"""The whole life of applications in any order, with the promises checked after every step."""

import os
from collections import Counter
from datetime import date, timedelta
from itertools import combinations
from typing import Any

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from backend.applications import scheduled_tasks as application_clock
from backend.applications import services as applications
from backend.applications.enums import APPLICATION_TRANSITIONS, HOLDING_STATES, LIVE_STATES, DeclineReason
from backend.applications.models import Application
from backend.common.errors import DomainError
from backend.common.models import DomainEvent, LogEntry
from backend.offers import scheduled_tasks as offer_clock
from backend.offers import services as offers
from backend.offers.models import OfferPeriod
from backend.placements import scheduled_tasks as placement_clock
from backend.placements import services as placements
from backend.placements.enums import MATCH_TRANSITIONS, PLACEMENT_TRANSITIONS
from backend.placements.models import Match, Placement
from backend.suggestions import engine
from tests.conftest import NOW
from tests.factories import CoordinatorFactory, MembershipFactory, OfferFactory, PeriodFactory, StudentFactory
from tests.factories.work import handle_events

pytestmark = [pytest.mark.django_db, pytest.mark.real_clock]

ROWS = st.integers(0, 11)
STUDENTS = st.integers(0, 3)
# Two that overlap by a day and one later; few seats, so that they run out.
DATES = [
    (date(2027, 1, 25), date(2027, 2, 5)),
    (date(2027, 2, 5), date(2027, 2, 19)),
    (date(2027, 3, 1), date(2027, 3, 12)),
]


class Life(RuleBasedStateMachine):
    """Four students, one offer with three periods, its company and the coordinator; time moves too.

    Commands may refuse: then nothing may have changed. Events are handled after each step, as the workers would.
    """

    def __init__(self) -> None:
        super().__init__()
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.traveller = time_machine.travel(NOW, tick=False)
        self.clock = self.traveller.start()
        engine.forget()
        offer = OfferFactory(period__make=False)
        self.periods = [PeriodFactory(offer=offer, start=a, end=b, capacity=1 + (a.month == 2)) for a, b in DATES]
        self.company = MembershipFactory(organisation=offer.organisation).user
        self.coordinator = CoordinatorFactory()
        self.students = [StudentFactory() for _ in range(4)]
        self.offer = offer

    def teardown(self) -> None:
        self.traveller.stop()
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)

    def attempt(self, command: Any, **arguments: Any) -> None:
        before = self.traces()
        try:
            command(**arguments)
        except DomainError:
            assert self.traces() == before, "a refused command left traces"
        handle_events()

    def traces(self) -> list[Any]:
        rows: list[Any] = [list(m._default_manager.order_by("pk").values()) for m in (Application, Match, Placement)]
        return [*rows, list(OfferPeriod.objects.values()), LogEntry.objects.count(), DomainEvent.objects.count()]

    def pick(self, rows: Any, number: int) -> Any:
        found = list(rows.order_by("-pk")[:12])
        return found[number % len(found)] if found else None

    @rule(student=STUDENTS, period=st.integers(0, 2))
    def apply(self, student: int, period: int) -> None:
        who, where = self.students[student], self.periods[period]
        self.attempt(applications.submit_application, actor=who.user, period_id=where.pk)

    @rule(number=ROWS, answer=st.sampled_from(["offer", "offer", "wait", "decline"]))
    def answer(self, number: int, answer: str) -> None:
        if application := self.pick(Application.objects, number):
            command: Any = {
                "offer": applications.offer_seat,
                "wait": applications.waitlist_application,
                "decline": applications.decline_application,
            }[answer]
            more = {"reason": DeclineReason.DATES} if answer == "decline" else {}
            self.attempt(command, actor=self.company, application_id=application.pk, **more)

    @rule(number=ROWS)
    def accept(self, number: int) -> None:
        offered = Application.objects.filter(state="offered")
        if application := self.pick(offered, number) or self.pick(Application.objects, number):
            self.attempt(applications.accept_seat, actor=application.student.user, application_id=application.pk)

    @rule(number=ROWS, by_coordinator=st.booleans())
    def withdraw(self, number: int, by_coordinator: bool) -> None:
        if application := self.pick(Application.objects, number):
            actor = self.coordinator if by_coordinator else application.student.user
            self.attempt(applications.withdraw_application, actor=actor, application_id=application.pk)

    @rule(number=ROWS, approve=st.booleans())
    def decide(self, number: int, approve: bool) -> None:
        waiting = Match.objects.filter(state="proposed")
        if match := self.pick(waiting, number) or self.pick(Match.objects, number):
            if approve:
                self.attempt(placements.approve_match, actor=self.coordinator, match_id=match.pk)
            else:
                self.attempt(placements.reject_match, actor=self.coordinator, match_id=match.pk, reason="Nej.")

    @rule(number=ROWS, approval=st.booleans())
    def undo(self, number: int, approval: bool) -> None:
        command = placements.undo_match_approval if approval else placements.undo_match_rejection
        decided = Match.objects.filter(state="approved" if approval else "rejected")
        if match := self.pick(decided, number) or self.pick(Match.objects, number):
            self.attempt(command, actor=self.coordinator, match_id=match.pk)

    @rule(number=ROWS)
    def end(self, number: int) -> None:
        if placement := self.pick(Placement.objects, number):
            self.attempt(placements.end_placement, actor=self.coordinator, placement_id=placement.pk, reason="Sjukdom.")

    @rule(change=st.sampled_from(["pause", "resume"]))
    def pause_or_resume(self, change: str) -> None:
        command = offers.pause_offer if change == "pause" else offers.resume_offer
        self.attempt(command, actor=self.company, offer_id=self.offer.pk)

    @rule(hours=st.sampled_from([1, 25, 73, 24 * 30]))
    def time_passes(self, hours: int) -> None:
        self.clock.shift(timedelta(hours=hours))
        for job in (
            application_clock.lapse_holds,
            application_clock.escalate_silence,
            application_clock.lapse_ended,
            offer_clock.close_overdue,
            placement_clock.advance,
        ):
            job()
            handle_events()

    @invariant()
    def seats_are_those_that_applications_hold(self) -> None:
        gone = Placement.objects.filter(state="cancelled").values("match")
        holding = Application.objects.filter(state__in=HOLDING_STATES).exclude(match__in=gone)
        held = Counter(holding.values_list("period", flat=True))
        for period in OfferPeriod.objects.all():
            assert period.taken == held[period.pk]
            assert 0 <= period.taken <= period.capacity

    @invariant()
    def nobody_is_in_two_places(self) -> None:
        standing = [
            *Match.objects.filter(state="proposed").values_list("student", "start", "end"),
            *Placement.objects.filter(state__in=["upcoming", "ongoing"]).values_list("student", "start", "end"),
        ]
        for (one, start, end), (other, begin, finish) in combinations(standing, 2):
            assert one != other or end < begin or finish < start

    @invariant()
    def waiting_lists_have_an_order_and_nobody_applies_twice(self) -> None:
        ranks = list(Application.objects.filter(state="waitlisted").values_list("period", "waiting_rank"))
        assert len(set(ranks)) == len(ranks)
        live = list(Application.objects.filter(state__in=LIVE_STATES).values_list("student", "period"))
        assert len(set(live)) == len(live)

    @invariant()
    def each_row_agrees_with_its_match(self) -> None:
        expected = {"accepted": "proposed", "approved": "approved", "rejected": "rejected"}
        for application in Application.objects.select_related("match"):
            if application.state in expected:
                assert application.match.state == expected[application.state]
            elif application.match:
                assert (application.state, application.match.state) == ("withdrawn", "withdrawn")
        assert Placement.objects.count() == Match.objects.filter(state="approved").count()

    @invariant()
    def every_move_is_in_the_log_and_has_its_event(self) -> None:
        tables = {
            "application": APPLICATION_TRANSITIONS,
            "match": MATCH_TRANSITIONS,
            "placement": PLACEMENT_TRANSITIONS,
        }
        states = {
            (model._meta.model_name, row.pk): row.state
            for model in (Application, Match, Placement)
            for row in model._default_manager.all()
        }
        walked = {(kind, pk): tables[kind].initial for kind, pk in states}
        logged: Counter[Any] = Counter()
        for entry in LogEntry.objects.filter(subject_type__in=tables):
            if entry.action in tables[entry.subject_type].moves:
                key = (entry.subject_type, entry.subject_id)
                assert entry.data["from"] == walked[key]
                assert tables[entry.subject_type].allows(entry.action, walked[key])
                walked[key] = entry.data["to"]
                logged[(entry.action, *key)] += 1
        assert walked == states
        moves = [action for table in tables.values() for action in table.moves]
        events = DomainEvent.objects.filter(kind__in=moves).values_list("kind", "subject_type", "subject_id")
        assert Counter(events) == logged


# More steps on demand: LIFE_STEPS=200 LIFE_EXAMPLES=100.
STEPS, EXAMPLES = int(os.environ.get("LIFE_STEPS", "25")), int(os.environ.get("LIFE_EXAMPLES", "6"))


def test_the_promises_hold_in_any_order():
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_walk_reaches_every_state():
    """A walk that never got anywhere would keep every promise."""
    life = Life()
    period = life.periods[2].pk
    try:
        life.apply(0, 2)
        life.apply(1, 2)
        life.answer(1, "offer")
        life.answer(0, "wait")
        life.accept(0)
        life.decide(0, False)
        states = Application.objects.filter(period=period).order_by("pk").values_list("state", flat=True)
        assert list(states) == ["rejected", "offered"]
        life.accept(0)
        life.decide(0, True)
        life.undo(0, True)
        assert not Placement.objects.exists()
        life.decide(0, False)
        life.undo(0, False)
        life.each_row_agrees_with_its_match()
        life.decide(0, True)
        life.end(0)
        assert Placement.objects.get().state == "cancelled"
        assert OfferPeriod.objects.get(pk=period).taken == 0
        life.apply(2, 0)
        life.answer(0, "offer")
        life.time_passes(73)
        life.apply(3, 0)
        life.time_passes(24 * 30)
        life.time_passes(24 * 30)
        life.time_passes(24 * 30)
        life.time_passes(24 * 30)
        ended = Application.objects.filter(period__in=[row.pk for row in life.periods[:2]])
        assert {row.state for row in ended} == {"lapsed"}
        life.offer.refresh_from_db()
        assert life.offer.state == "closed"
        life.every_move_is_in_the_log_and_has_its_event()
    finally:
        life.teardown()
