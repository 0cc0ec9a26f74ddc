"""Matches: who decides, what must be true, what a decision does; and the placements that come of them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from backend.accounts.models import Role
from backend.applications import services as applications
from backend.common.models import DomainEvent, LogEntry
from backend.notifications.models import Notification
from backend.offers.models import OfferPeriod
from backend.offers.seats import hold_seat
from backend.placements import scheduled_tasks, selectors, services
from backend.placements.enums import MatchSource, MatchState, PlacementState
from backend.placements.gates import gates_for, gates_of
from backend.placements.models import Match, Placement
from backend.placements.notifications import tell
from backend.placements.policies import can_decide_match, matches_visible_to, placements_visible_to
from backend.students.models import Student
from tests.conftest import NOW
from tests.factories import (
    ApplicationFactory,
    CoordinatorFactory,
    GuardianshipFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    PeriodFactory,
    StudentFactory,
    UserFactory,
)
from tests.factories.refusals import refused
from tests.factories.rows import FINSPANG
from tests.factories.work import handle_events

pytestmark = pytest.mark.django_db

OTHER = "0882"
SEVENTEEN = date(2009, 3, 1)
SUMMER = date(2027, 6, 21)


def propose(student=None, period=None):
    period = period or PeriodFactory()
    hold_seat(period.pk)
    student = student or StudentFactory()
    return services.propose_match(actor=student.user, student=student, period=period, source=MatchSource.APPLICATION)


def taken(period):
    return OfferPeriod.objects.get(pk=period.pk).taken


def decider_of(match):
    """Someone who may decide the match: a coordinator of the deciding municipality, else the network office."""
    code = match.deciding_municipality_id if match else None
    return CoordinatorFactory(municipality=code) if code else NetworkOfficerFactory()


class TestWhoDecides:
    @pytest.mark.parametrize(
        ("student", "workplace", "coordinated", "expected"),
        [
            (FINSPANG, OTHER, [FINSPANG, OTHER], FINSPANG),
            (FINSPANG, OTHER, [OTHER], OTHER),
            (FINSPANG, OTHER, [], FINSPANG),
            (None, OTHER, [OTHER], OTHER),
            (FINSPANG, None, [FINSPANG], FINSPANG),
            (FINSPANG, None, [], FINSPANG),
            (None, None, [FINSPANG], None),
        ],
    )
    def test_own_municipality_then_the_workplaces_then_the_network(self, student, workplace, coordinated, expected):
        deciders = {code: CoordinatorFactory(municipality=code) for code in coordinated}
        network = NetworkOfficerFactory()
        match = propose(
            StudentFactory(municipality_id=student), PeriodFactory(offer__workplace__municipality_id=workplace)
        )
        assert match.deciding_municipality_id == expected
        decider = deciders.get(expected, network)
        assert Notification.objects.get(kind="match.proposed").recipient == decider
        assert list(selectors.list_matches_to_decide(decider)) == [match]
        for user in {*deciders.values(), network} - {decider}:
            assert not can_decide_match(user, match)
            assert not selectors.list_matches_to_decide(user).exists()
        assert services.approve_match(actor=decider, match_id=match.pk)

    def test_a_coordinator_who_left_does_not_count(self):
        user = CoordinatorFactory()
        user.is_active = False
        user.save()
        CoordinatorFactory(municipality=OTHER)
        assert propose(period=PeriodFactory(offer__workplace__municipality_id=OTHER)).deciding_municipality_id == OTHER
        assert Role.objects.count() == 2


@pytest.mark.parametrize("decision", ["approve", "reject"])
@pytest.mark.parametrize(
    ("who", "code"),
    [
        ("decider", None),
        ("workplace's coordinator", "match.not_allowed"),
        ("student", "match.not_allowed"),
        ("organisation", "match.not_allowed"),
        ("third coordinator", "match.unknown"),
        ("network", "match.unknown"),
        ("other organisation", "match.unknown"),
        ("other student", "match.unknown"),
        ("guardian", "match.unknown"),
        ("left", "match.unknown"),
    ],
)
def test_who_may_decide(who, code, decision):
    decider = CoordinatorFactory()
    student = StudentFactory(birth_date=SEVENTEEN)
    period = PeriodFactory(offer__workplace__municipality_id=OTHER)
    users = {
        "decider": decider,
        "workplace's coordinator": CoordinatorFactory(municipality=OTHER),
        "student": student.user,
        "organisation": MembershipFactory(organisation=period.offer.organisation).user,
        "third coordinator": CoordinatorFactory(municipality="1493"),
        "network": NetworkOfficerFactory(),
        "other organisation": MembershipFactory().user,
        "other student": StudentFactory().user,
        "guardian": GuardianshipFactory(student=student).guardian,
        "left": CoordinatorFactory(),
    }
    users["left"].is_active = False
    users["left"].save()
    match = propose(student, period)
    command = services.approve_match if decision == "approve" else services.reject_match
    arguments = {"actor": users[who], "match_id": match.pk} | ({"reason": "Nej."} if decision == "reject" else {})
    if code:
        refused(code, command, **arguments)
    else:
        command(**arguments)
        match.refresh_from_db()
        assert (match.decided_by, match.decided_at) == (decider, NOW)


class TestGates:
    @pytest.fixture
    def coordinator(self):
        return CoordinatorFactory()

    def codes(self, match):
        return {gate.code: (gate.is_open, gate.is_blocking) for gate in gates_of(match)}

    def test_a_minor_in_a_form_that_asks_for_consent(self, coordinator):
        guardianship = GuardianshipFactory(student__birth_date=SEVENTEEN)
        match = propose(guardianship.student, PeriodFactory(offer__form_id="praktik"))
        assert self.codes(match)["consent_missing"] == (False, True)
        error = refused("match.gate_closed", services.approve_match, actor=coordinator, match_id=match.pk)
        assert error.data == {"gates": ["consent_missing"]}
        from backend.students.services import give_consent, withdraw_consent

        give_consent(actor=guardianship.guardian, guardianship_id=guardianship.pk)
        assert "consent_missing" not in self.codes(match)
        withdraw_consent(actor=guardianship.guardian, guardianship_id=guardianship.pk)
        refused("match.gate_closed", services.approve_match, actor=coordinator, match_id=match.pk)
        give_consent(actor=guardianship.guardian, guardianship_id=guardianship.pk)
        assert services.approve_match(actor=coordinator, match_id=match.pk)

    def test_an_adult_needs_no_consent(self, coordinator):
        match = propose(period=PeriodFactory(offer__form_id="praktik"))
        assert "consent_missing" not in self.codes(match)

    @pytest.mark.parametrize("hazard", ["ASBESTOS", "QUARTZ_DUST"])
    def test_forbidden_work_is_never_approved(self, coordinator, hazard):
        period = PeriodFactory()
        period.offer.hazards.set([hazard, "NOISE"])
        match = propose(StudentFactory(birth_date=SEVENTEEN), period)
        error = refused("match.gate_closed", services.approve_match, actor=coordinator, match_id=match.pk)
        assert error.data == {"gates": ["work_forbidden"]}

    def test_supervised_work_is_to_be_minded(self, coordinator):
        period = PeriodFactory()
        period.offer.hazards.set(["TRUCK"])
        match = propose(StudentFactory(birth_date=SEVENTEEN), period)
        assert self.codes(match)["work_supervised"] == (False, False)
        assert services.approve_match(actor=coordinator, match_id=match.pk)

    @pytest.mark.parametrize(
        ("made", "valid"),
        [(None, False), (date(2026, 1, 24), False), (date(2026, 1, 25), True), (date(2026, 11, 1), True)],
    )
    def test_a_missing_or_old_risk_assessment_warns(self, coordinator, made, valid):
        match = propose(StudentFactory(birth_date=SEVENTEEN), PeriodFactory(offer__risk_assessed_on=made))
        assert self.codes(match)["risk_assessment"] == (valid, False)
        assert services.approve_match(actor=coordinator, match_id=match.pk)

    def test_age_is_that_of_the_first_day(self, coordinator):
        student = StudentFactory(birth_date=date(2009, 1, 25))
        match = propose(student)
        match.period.offer.hazards.set(["QUARTZ_DUST"])
        assert "work_supervised" in self.codes(match)
        other = propose(StudentFactory(birth_date=date(2009, 1, 26)), match.period)
        assert "work_forbidden" in self.codes(other)

    def test_many_at_once_say_what_each_alone_says(self, coordinator, django_assert_num_queries):
        consenting = GuardianshipFactory(student__birth_date=SEVENTEEN)
        consenting.consents.create(given_at=NOW)
        for form in ("apl", "praktik", "feriejobb", "prao"):
            for hazards in ([], ["NOISE"], ["TRUCK", "HEAT"], ["ASBESTOS"]):
                for student in (
                    StudentFactory(),
                    StudentFactory(birth_date=SEVENTEEN),
                    StudentFactory(birth_date=date(2011, 5, 1), has_finished_compulsory_school=False),
                ):
                    weeks = {"start": SUMMER, "end": SUMMER + timedelta(days=11)} if form == "feriejobb" else {}
                    period = PeriodFactory(offer__form_id=form, offer__risk_assessed_on=date(2026, 11, 1), **weeks)
                    period.offer.hazards.set(hazards)
                    propose(student, period)
        propose(consenting.student, PeriodFactory(offer__form_id="praktik"))
        matches = list(selectors.list_matches_to_decide(coordinator))
        assert len(matches) == 49
        with django_assert_num_queries(3):
            found = gates_for(matches)
        assert found == {match.pk: gates_of(match) for match in matches}


class TestDecisions:
    def test_everyone_concerned_hears_of_the_approval(self):
        decider, neighbour = CoordinatorFactory(), CoordinatorFactory(municipality=OTHER)
        guardianship = GuardianshipFactory(student__birth_date=SEVENTEEN)
        period = PeriodFactory(offer__workplace__municipality_id=OTHER, offer__supervisor_name="Bo Berg")
        member = MembershipFactory(organisation=period.offer.organisation).user
        placement = services.approve_match(actor=decider, match_id=propose(guardianship.student, period).pk)
        told = Notification.objects.filter(kind="match.approved").values_list("recipient", flat=True)
        assert set(told) == {guardianship.student.user_id, guardianship.guardian_id, member.pk, neighbour.pk}
        assert (placement.state, placement.supervisor_name, placement.start) == ("upcoming", "Bo Berg", period.start)
        assert placement in placements_visible_to(neighbour)

    def test_a_rejection_says_why_frees_the_seat_and_refills_it(self):
        decider, period = CoordinatorFactory(), PeriodFactory(capacity=1)
        application = ApplicationFactory(period=period, state="offered", hold_expires_at=NOW + timedelta(days=1))
        waiting = ApplicationFactory(period=period, state="waitlisted", waiting_rank=1)
        hold_seat(period.pk)
        applications.accept_seat(actor=application.student.user, application_id=application.pk)
        match = Match.objects.get()
        refused("match.no_reason", services.reject_match, field="reason", actor=decider, match_id=match.pk, reason=" ")
        services.reject_match(actor=decider, match_id=match.pk, reason="Praktiken krockar med kursen.")
        assert taken(period) == 0
        handle_events()
        application.refresh_from_db()
        waiting.refresh_from_db()
        assert (application.state, waiting.state, taken(period)) == ("rejected", "offered", 1)
        assert LogEntry.objects.get(action="match.rejected").reason == "Praktiken krockar med kursen."

    @pytest.mark.parametrize("state", [MatchState.APPROVED, MatchState.REJECTED, MatchState.WITHDRAWN])
    def test_what_is_decided_stays_decided(self, state):
        decider, match = CoordinatorFactory(), propose()
        Match.objects.update(state=state)
        refused("match.wrong_state", services.approve_match, actor=decider, match_id=match.pk)
        refused("match.wrong_state", services.reject_match, actor=decider, match_id=match.pk, reason="Nej.")
        refused("match.wrong_state", services.withdraw_match, actor=None, match_id=match.pk)

    def test_matches_of_one_student_never_overlap(self):
        student, decider = StudentFactory(), CoordinatorFactory()
        first = propose(student)
        last_day = PeriodFactory(start=date(2027, 2, 19), end=date(2027, 3, 12))
        arguments = {"actor": student.user, "student": student, "source": MatchSource.APPLICATION}
        refused("match.overlap", services.propose_match, period=last_day, **arguments)
        services.approve_match(actor=decider, match_id=first.pk)
        refused("match.overlap", services.propose_match, period=last_day, **arguments)
        assert propose(student, PeriodFactory(start=date(2027, 2, 20), end=date(2027, 3, 12)))
        assert propose(StudentFactory(), last_day)

    def test_the_tables_keep_matches_and_placements_apart(self):
        first = propose()
        with pytest.raises(IntegrityError, match="no_overlapping_matches"), transaction.atomic():
            Match.objects.create(
                student=first.student, period=first.period, start=first.end, end=first.end, proposed_at=NOW
            )
        services.approve_match(actor=decider_of(first), match_id=first.pk)
        second = Match.objects.create(
            student=first.student,
            period=first.period,
            start=first.end,
            end=first.end,
            proposed_at=NOW,
            deciding_municipality_id=FINSPANG,
        )
        refused("placement.overlap", services.approve_match, actor=CoordinatorFactory(), match_id=second.pk)
        with pytest.raises(IntegrityError, match="no_overlapping_placements"), transaction.atomic():
            Placement.objects.create(
                match=second, student=first.student, period=first.period, start=second.start, end=second.end
            )


class TestProtectedIdentity:
    @pytest.fixture
    def match(self):
        return propose(
            StudentFactory(is_protected=True, alias="Elev 7"), PeriodFactory(offer__workplace__municipality_id=OTHER)
        )

    def test_nobody_without_a_grant_sees_or_decides(self, match):
        Match.objects.update(deciding_municipality=FINSPANG)
        for user in (CoordinatorFactory(), CoordinatorFactory(municipality=OTHER), NetworkOfficerFactory()):
            assert not matches_visible_to(user).exists()
            assert not selectors.list_matches_to_decide(user).exists()
            assert selectors.get_match(user, match.pk) is None
            refused("match.unknown", services.approve_match, actor=user, match_id=match.pk)
        assert list(matches_visible_to(match.student.user)) == [match]

    def test_the_other_municipality_is_not_told(self, match):
        neighbour = CoordinatorFactory(municipality=OTHER)
        Match.objects.update(deciding_municipality=FINSPANG)
        match.refresh_from_db()
        event = DomainEvent.objects.create(kind="match.approved", subject_type="match", subject_id=match.pk, at=NOW)
        tell(event, match)
        assert not Notification.objects.filter(recipient=neighbour).exists()
        assert Notification.objects.filter(recipient=match.student.user, kind="match.approved").exists()

    def test_a_placement_disappears_from_lists_when_the_identity_becomes_protected(self):
        coordinator = CoordinatorFactory()
        placement = services.approve_match(actor=coordinator, match_id=propose().pk)
        assert selectors.list_placements_coordinated_by(coordinator).count() == 1
        Student.objects.update(is_protected=True, alias="Elev 7")
        assert selectors.list_placements_coordinated_by(coordinator).count() == 0
        assert not placements_visible_to(coordinator).exists()
        refused(
            "placement.unknown",
            services.end_placement,
            actor=coordinator,
            placement_id=placement.pk,
            reason="Flytt.",
        )


class TestEnd:
    @pytest.fixture
    def coordinator(self):
        return CoordinatorFactory()

    @pytest.fixture
    def placement(self, coordinator):
        return services.approve_match(actor=coordinator, match_id=propose(period=PeriodFactory(capacity=1)).pk)

    def end(self, actor, placement, reason="Sjukdom."):
        return services.end_placement(actor=actor, placement_id=placement.pk, reason=reason)

    def test_before_the_first_day_it_is_cancelled_and_the_seat_is_free(self, coordinator, placement):
        assert self.end(coordinator, placement).state == PlacementState.CANCELLED
        assert taken(placement.period) == 0
        assert Notification.objects.filter(recipient=placement.student.user, kind="placement.cancelled").exists()
        assert propose(placement.student, placement.period)

    def test_from_the_first_day_it_is_interrupted_and_the_seat_stays(self, coordinator, placement, frozen_clock):
        frozen_clock.move_to(datetime(2027, 1, 25, 8, tzinfo=UTC))
        scheduled_tasks.advance()
        assert self.end(coordinator, placement).state == PlacementState.INTERRUPTED
        assert taken(placement.period) == 1

    @pytest.mark.parametrize("state", [PlacementState.COMPLETED, PlacementState.INTERRUPTED, PlacementState.CANCELLED])
    def test_what_has_ended_stays_so(self, coordinator, placement, state):
        Placement.objects.update(state=state)
        refused(
            "placement.wrong_state",
            services.end_placement,
            actor=coordinator,
            placement_id=placement.pk,
            reason="Sjukdom.",
        )

    def test_only_the_decider_and_never_without_a_reason(self, coordinator, placement):
        arguments = {"placement_id": placement.pk, "reason": "Sjukdom."}
        for user in (UserFactory(), CoordinatorFactory(municipality=OTHER), NetworkOfficerFactory()):
            refused("placement.unknown", services.end_placement, actor=user, **arguments)
        refused("placement.not_allowed", services.end_placement, actor=placement.student.user, **arguments)
        refused(
            "placement.no_reason",
            services.end_placement,
            field="reason",
            actor=coordinator,
            **arguments | {"reason": " "},
        )


class TestCalendar:
    def placed(self, start, end):
        match = propose(period=PeriodFactory(start=start, end=end))
        return services.approve_match(actor=decider_of(match), match_id=match.pk)

    @pytest.mark.parametrize(
        ("moment", "state"),
        [
            # Swedish midnight is 22:00 or 23:00 UTC: before and after the clocks change on 28 March 2027.
            (datetime(2027, 3, 25, 22, 59, tzinfo=UTC), "upcoming"),
            (datetime(2027, 3, 25, 23, 0, tzinfo=UTC), "ongoing"),
            (datetime(2027, 4, 2, 21, 59, tzinfo=UTC), "ongoing"),
            (datetime(2027, 4, 2, 22, 0, tzinfo=UTC), "completed"),
        ],
    )
    def test_days_are_swedish_days_also_when_the_clocks_change(self, frozen_clock, moment, state):
        placement = self.placed(date(2027, 3, 26), date(2027, 4, 2))
        frozen_clock.move_to(moment)
        assert scheduled_tasks.advance() == (0 if state == "upcoming" else 1)
        placement.refresh_from_db()
        assert placement.state == state

    @pytest.mark.parametrize(
        ("moment", "state"),
        [
            (datetime(2026, 12, 27, 22, 59, tzinfo=UTC), "upcoming"),
            (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "ongoing"),
            (datetime(2027, 1, 3, 22, 59, tzinfo=UTC), "ongoing"),
            (datetime(2027, 1, 3, 23, 0, tzinfo=UTC), "completed"),
        ],
    )
    def test_week_53_and_the_new_year(self, frozen_clock, moment, state):
        placement = self.placed(date(2026, 12, 28), date(2027, 1, 3))
        frozen_clock.move_to(moment)
        scheduled_tasks.advance()
        placement.refresh_from_db()
        assert placement.state == state

    def test_after_downtime_it_starts_and_completes_at_once(self, frozen_clock):
        placement = self.placed(date(2027, 1, 25), date(2027, 2, 19))
        frozen_clock.move_to(datetime(2027, 6, 1, tzinfo=UTC))
        assert scheduled_tasks.advance() == 1
        assert scheduled_tasks.advance() == 0
        placement.refresh_from_db()
        assert placement.state == PlacementState.COMPLETED
        actions = list(LogEntry.objects.filter(subject_type="placement").values_list("action", flat=True))
        assert actions == ["placement.created", "placement.started", "placement.completed"]


@pytest.mark.parametrize("number", [3, 12])
def test_lists_take_a_constant_number_of_queries(number, django_assert_num_queries):
    coordinator = CoordinatorFactory()
    offer = OfferFactory(period__capacity=20)
    for _ in range(number):
        propose(period=offer.periods.get())
    with django_assert_num_queries(3):
        for match in selectors.list_matches_to_decide(coordinator):
            assert match.student.user.name
            assert match.student.programme.name
            assert match.period.offer.workplace.municipality.name
            assert list(match.period.offer.hazards.all()) == []
