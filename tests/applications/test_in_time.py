"""A rule about time or age that is asked at the first step is asked at every later one: every command against three
calendars, and against a birth date that the school corrects meanwhile."""

from datetime import UTC, date, datetime, timedelta

import pytest

from backend.applications import scheduled_tasks, services
from backend.applications.models import Application
from backend.common.errors import Conflict, Invalid
from backend.common.workdays import end_of_day
from backend.notifications.models import Notification
from backend.placements import services as placements
from backend.placements.gates import gates_of
from backend.placements.models import Placement
from backend.reference.models import PlacementFormVersion
from backend.students.models import Student
from backend.students.records import SchoolFacts, correct_student
from tests.conftest import NOW
from tests.factories import CoordinatorFactory, MembershipFactory, PeriodFactory, StudentFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)


class Case:
    """A place of one seat whose period ends in ten days, with people at every step, and commands for each of them."""

    def __init__(self, form="apl", start=TODAY - timedelta(days=20), end=TODAY + timedelta(days=10)):
        self.period = PeriodFactory(capacity=1, offer__form_id=form, start=start, end=end)
        self.company = MembershipFactory(organisation=self.period.offer.organisation).user
        self.coordinator = CoordinatorFactory()
        self.rows: dict[str, Application] = {}
        # Who applies next; None: somebody of ordinary age.
        self.newcomer: Student | None = None
        self.born: dict[str, date] = {}

    def apply(self, name):
        student = self.newcomer or StudentFactory(**self.born)
        self.rows[name] = services.submit_application(actor=student.user, period_id=self.period.pk)
        return self.rows[name]

    def offer(self, name):
        return services.offer_seat(actor=self.company, application_id=self.rows[name].pk)

    def waitlist(self, name):
        return services.waitlist_application(actor=self.company, application_id=self.rows[name].pk)

    def accept(self, name):
        return services.accept_seat(actor=self.rows[name].student.user, application_id=self.rows[name].pk)

    def match(self, name):
        return Application.objects.get(pk=self.rows[name].pk).match

    def approve(self, name):
        return placements.approve_match(actor=self.coordinator, match_id=self.match(name).pk)

    def reject(self, name):
        return placements.reject_match(actor=self.coordinator, match_id=self.match(name).pk, reason="Fel vecka.")

    def undo_rejection(self, name):
        return placements.undo_match_rejection(actor=self.coordinator, match_id=self.match(name).pk)

    def undo_approval(self, name):
        return placements.undo_match_approval(actor=self.coordinator, match_id=self.match(name).pk)

    def refill(self, name):
        return services.refill_seat(period_id=self.period.pk)

    def refill_offer(self, name):
        return services.refill_offer(offer_id=self.period.offer_id)

    def end(self, name):
        placement = Placement.objects.get(match=self.match(name))
        return placements.end_placement(actor=self.coordinator, placement_id=placement.pk, reason="Flyttar.")


# What has been done before, while there was time; then the command. Its outcome on the last day is "ok" or a code.
COMMANDS = {
    "apply": ((), "apply", "period.ended"),
    "offer": (("apply",), "offer", "period.ended"),
    "waitlist": (("apply",), "waitlist", "period.ended"),
    "accept": (("apply", "offer"), "accept", "application.hold_over"),
    "approve": (("apply", "offer", "accept"), "approve", "match.gate_closed"),
    "undo rejection": (("apply", "offer", "accept", "reject"), "undo_rejection", "period.ended"),
    "undo approval": (("apply", "offer", "accept", "approve"), "undo_approval", "match.undo_depends"),
    "refill": (("apply", "waitlist"), "refill", None),
    "refill added seats": (("apply", "waitlist"), "refill_offer", 0),
    "end": (("apply", "offer", "accept", "approve"), "end", "placement.over"),
}


def outcome(case, command):
    try:
        done = getattr(case, command)("one")
    except Conflict as refusal:
        return refusal.code
    return done if done in {None, 0} else "ok"


@pytest.mark.parametrize("name", COMMANDS)
class TestEveryCommand:
    def prepared(self, name, frozen_clock, *, day):
        """Everything before the command happens with the undo time still running on the last evening."""
        before, command, refusal = COMMANDS[name]
        case = Case(end=day)
        for step in before:
            getattr(case, step)("one")
        return case, command, refusal

    def test_when_the_period_has_ended(self, name, frozen_clock):
        frozen_clock.move_to(datetime(2026, 11, 23, 22, 55, tzinfo=UTC))
        case, command, refusal = self.prepared(name, frozen_clock, day=TODAY)
        frozen_clock.move_to(datetime(2026, 11, 23, 23, 1, tzinfo=UTC))
        found = outcome(case, command)
        # The undo of an approval was refused on the first day already; the rest is refused for the last one.
        assert found == refusal
        assert Application.objects.filter(state="offered").count() == (name == "accept")

    def test_on_the_last_day(self, name, frozen_clock):
        case, command, _refusal = self.prepared(name, frozen_clock, day=TODAY)
        assert outcome(case, command) == ("match.undo_depends" if name == "undo approval" else "ok")

    def test_before_the_hold_would_have_ended(self, name, frozen_clock):
        """Two days are left, a hold lasts three and an answer five working days: both end with the last day."""
        last = TODAY + timedelta(days=2)
        case, command, _refusal = self.prepared(name, frozen_clock, day=last)
        outcome(case, command)
        for row in Application.objects.all():
            assert row.answer_due_at <= end_of_day(last)
            assert row.hold_expires_at is None or row.hold_expires_at <= end_of_day(last)


class TestFormsThatAreSettledBefore:
    """Prao and holiday jobs: who is not settled on the eve of the first day does not come."""

    def test_nothing_is_asked_for_or_held_from_the_first_day_on(self, frozen_clock):
        frozen_clock.move_to(datetime(2027, 6, 18, 9, 0, tzinfo=UTC))
        case = Case("feriejobb", start=date(2027, 6, 21), end=date(2027, 7, 4))
        case.born = {"birth_date": date(2009, 3, 1)}
        case.apply("one")
        case.apply("two")
        eve = end_of_day(date(2027, 6, 20))
        assert case.rows["one"].answer_due_at == eve
        assert case.offer("one").hold_expires_at == eve
        frozen_clock.move_to(datetime(2027, 6, 21, 5, 0, tzinfo=UTC))
        for command in ("apply", "offer", "waitlist"):
            with pytest.raises(Conflict) as refused:
                getattr(case, command)("two")
            assert refused.value.code == "period.begun"
        assert scheduled_tasks.lapse_holds() == 1

    def test_a_late_approval_is_minded_and_not_refused(self, frozen_clock):
        frozen_clock.move_to(datetime(2027, 6, 18, 9, 0, tzinfo=UTC))
        case = Case("feriejobb", start=date(2027, 6, 21), end=date(2027, 7, 4))
        case.born = {"birth_date": date(2009, 3, 1)}
        for step in ("apply", "offer", "accept"):
            getattr(case, step)("one")
        frozen_clock.move_to(datetime(2027, 6, 21, 5, 0, tzinfo=UTC))
        assert next((gate.code, gate.is_blocking) for gate in gates_of(case.match("one"))) == ("period_begun", False)
        assert case.approve("one")

    def test_apl_may_begin_late(self):
        case = Case(start=TODAY - timedelta(days=3))
        assert case.apply("one").answer_due_at == NOW + timedelta(days=7)


def test_an_upcoming_placement_ended_on_its_first_day_is_interrupted(frozen_clock):
    case = Case(start=TODAY + timedelta(days=1))
    for step in ("apply", "offer", "accept", "approve"):
        getattr(case, step)("one")
    frozen_clock.shift(timedelta(days=1))
    assert case.end("one").state == "interrupted"


class TestAnotherTry:
    def no(self, case, name):
        services.decline_application(actor=case.company, application_id=case.rows[name].pk, reason="dates")

    def test_after_the_organisations_no_it_is_not_asked_again(self):
        case = Case()
        student = case.apply("one").student
        self.no(case, "one")
        for _again in range(10):
            with pytest.raises(Conflict) as refused:
                services.submit_application(actor=student.user, period_id=case.period.pk)
            assert refused.value.code == "application.answered_no"
        assert Notification.objects.filter(recipient=case.company, kind="application.submitted").count() == 1

    def test_for_as_long_as_the_form_says(self, frozen_clock):
        PlacementFormVersion.objects.filter(form="apl").update(reapply_after_days=3)
        case = Case()
        student = case.apply("one").student
        self.no(case, "one")
        frozen_clock.shift(timedelta(days=2, hours=23))
        with pytest.raises(Conflict, match=r"application\.answered_no"):
            services.submit_application(actor=student.user, period_id=case.period.pk)
        frozen_clock.shift(timedelta(hours=1))
        assert services.submit_application(actor=student.user, period_id=case.period.pk)

    def test_another_period_of_the_same_place_is_open(self):
        case = Case()
        student = case.apply("one").student
        self.no(case, "one")
        other = PeriodFactory(offer=case.period.offer)
        assert services.submit_application(actor=student.user, period_id=other.pk)

    def test_who_withdraws_may_apply_again_and_not_for_ever(self):
        case = Case()
        student = StudentFactory()
        for _time in range(3):
            row = services.submit_application(actor=student.user, period_id=case.period.pk)
            services.withdraw_application(actor=student.user, application_id=row.pk)
        with pytest.raises(Conflict) as refused:
            services.submit_application(actor=student.user, period_id=case.period.pk)
        assert refused.value.code == "application.too_often"


# The same commands after the coordinator has corrected the student's age to fifteen; selling alcohol is for adults.
TOO_YOUNG = {
    "apply": "application.age",
    "offer": "application.age",
    "waitlist": "application.age",
    "accept": "application.age",
    "approve": "match.gate_closed",
    "undo rejection": "ok",  # the match waits again, and shows the closed gate
    "undo approval": "ok",
    "refill": None,
    "refill added seats": 0,
    "end": "ok",
}


@pytest.mark.parametrize("name", TOO_YOUNG)
def test_every_command_when_the_student_turns_out_to_be_too_young(name):
    before, command, _refusal = COMMANDS[name]
    case = Case(start=TODAY + timedelta(days=20), end=TODAY + timedelta(days=50))
    case.period.offer.hazards.set(["ALCOHOL_SALES"])
    for step in before:
        getattr(case, step)("one")
    if "one" in case.rows:
        student = case.rows["one"].student
        facts = SchoolFacts(birth_date=date(2011, 5, 1), school="Bergska", class_name="IN1", forms=["apl"])
        correct_student(actor=case.coordinator, student_id=student.pk, facts=facts)
    else:
        case.newcomer = StudentFactory.create(birth_date=date(2011, 5, 1))
    try:
        found = outcome(case, command)
    except Invalid as refusal:
        found = refusal.code
    assert found == TOO_YOUNG[name]


def test_a_freed_seat_passes_those_who_are_too_young_and_goes_to_the_next():
    case = Case(start=TODAY + timedelta(days=20), end=TODAY + timedelta(days=50))
    case.period.offer.hazards.set(["ALCOHOL_SALES"])
    for name in ("first", "second"):
        case.apply(name)
        case.waitlist(name)
    facts = SchoolFacts(birth_date=date(2011, 5, 1), school="Bergska", class_name="IN1", forms=["apl"])
    correct_student(actor=case.coordinator, student_id=case.rows["first"].student_id, facts=facts)
    assert case.refill("second") == case.rows["second"]
