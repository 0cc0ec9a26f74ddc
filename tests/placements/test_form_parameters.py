"""What a placement form says of ages, weeks, papers and who decides is asked at every step."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation

from backend.applications import services as applications
from backend.offers.models import OfferPeriod
from backend.offers.work import WorkRules
from backend.placements import services as placements
from backend.placements.gates import gates_of
from backend.placements.models import Match
from backend.reference.models import PlacementFormVersion
from backend.reference.work_rules import is_age_taken
from backend.rounds.eligibility import problems_for
from backend.students.models import Student
from tests.factories import (
    CoordinatorFactory,
    GuardianshipFactory,
    MembershipFactory,
    PeriodFactory,
    StudentFactory,
)
from tests.factories.refusals import refused
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db
SUMMER = date(2027, 6, 21)
ELSEWHERE = "0882"
TOO_YOUNG, YOUNGEST, OLDEST, TOO_OLD = date(2013, 1, 1), date(2012, 12, 31), date(2009, 1, 1), date(2008, 12, 31)


@pytest.fixture(autouse=True)
def spring(frozen_clock: Any) -> None:
    frozen_clock.move_to(datetime(2027, 5, 3, 9, 0, tzinfo=UTC))


def summer_job(**fields: Any) -> OfferPeriod:
    found: Any = PeriodFactory(
        offer__form_id="feriejobb", start=SUMMER, end=SUMMER + timedelta(days=11),
        offer__risk_assessed_on=date(2027, 4, 1), **fields,
    )  # fmt: skip
    return found


def born(day: date) -> Student:
    found: Any = StudentFactory(birth_date=day, has_finished_compulsory_school=day.year < 2012)
    found.forms.set(["feriejobb"])
    return found


def accepted(student: Student, period: OfferPeriod) -> Match:
    member = MembershipFactory(organisation=period.offer.organisation).user
    row = applications.submit_application(actor=student.user, period_id=period.pk)
    applications.offer_seat(actor=member, application_id=row.pk)
    match = applications.accept_seat(actor=student.user, application_id=row.pk).match
    assert match is not None
    return match


class TestAges:
    """A holiday job is for those who turn 15 to 18 in its year."""

    @pytest.mark.parametrize(("day", "taken"), [(TOO_YOUNG, False), (YOUNGEST, True), (OLDEST, True), (TOO_OLD, False)])
    def test_the_year_somebody_turns_counts(self, day, taken):
        version = PlacementFormVersion.objects.get(form="feriejobb")
        assert is_age_taken(version, day, SUMMER) is taken
        assert is_age_taken(PlacementFormVersion(), day, SUMMER), "a form without bounds takes everybody"

    @pytest.mark.parametrize("day", [date(2014, 3, 1), date(1991, 3, 1)])
    def test_who_is_13_or_36_can_not_apply_and_is_told_why(self, day):
        student, period = born(day), summer_job()
        refused("application.age", applications.submit_application, actor=student.user, period_id=period.pk)
        assert WorkRules([period.offer]).judge(student, period.offer, SUMMER).is_forbidden
        page = logged_in(student.user).get(reverse("offer", args=[period.offer_id])).text
        assert "is not for your age" in page

    @pytest.mark.parametrize("step", ["offer", "accept", "approve"])
    def test_a_birth_date_corrected_later_counts_at_the_next_step(self, step):
        student, period = born(OLDEST), summer_job()
        member = MembershipFactory(organisation=period.offer.organisation).user
        row = applications.submit_application(actor=student.user, period_id=period.pk)
        if step != "offer":
            applications.offer_seat(actor=member, application_id=row.pk)
        match = applications.accept_seat(actor=student.user, application_id=row.pk).match if step == "approve" else None
        Student.objects.filter(pk=student.pk).update(birth_date=TOO_OLD)
        if step == "offer":
            refused("application.age", applications.offer_seat, actor=member, application_id=row.pk)
        elif step == "accept":
            refused("application.age", applications.accept_seat, actor=student.user, application_id=row.pk)
        else:
            error = refused(
                "match.gate_closed", placements.approve_match, actor=CoordinatorFactory(), match_id=match.pk
            )
            assert error.data == {"gates": ["age_not_taken"]}

    @pytest.mark.parametrize(("day", "fits"), [(OLDEST, True), (TOO_OLD, False)])
    def test_a_round_asks_the_same(self, day, fits):
        period = summer_job()
        frame: Any = SimpleNamespace(form_id="feriejobb", start=SUMMER, end=period.end, max_distance_km=None)
        seat: Any = SimpleNamespace(pk=1, period=period, is_excluded=False, is_own_place=False)
        codes = {each.code for each in problems_for(born(day), [seat], frame)[1]}
        assert ("age" not in codes) is fits


class TestWeeks:
    def test_a_period_moved_out_of_the_forms_weeks_is_refused_at_every_step(self):
        period = summer_job()
        match = accepted(born(OLDEST), period)
        later = summer_job()
        outside = {"start": date(2027, 9, 6), "end": date(2027, 9, 17)}
        OfferPeriod.objects.filter(pk=later.pk).update(**outside)
        refused("period.outside_weeks", applications.submit_application, actor=born(OLDEST).user, period_id=later.pk)
        Match.objects.filter(pk=match.pk).update(**outside)
        match.refresh_from_db()
        assert next(gate for gate in gates_of(match) if gate.code == "outside_weeks").is_blocking


class TestPapers:
    @pytest.mark.parametrize(
        ("form", "text"),
        [
            ("apl", "Belongs to the placement, before the first day: Workplace learning agreement"),
            ("larling", "Has to be signed before the first day: Training contract"),
        ],
    )
    def test_the_forms_paper_stands_among_what_is_to_be_minded(self, form, text):
        match = accepted(StudentFactory(), PeriodFactory(offer__form_id=form, start=SUMMER, end=date(2027, 7, 16)))
        with translation.override("en"):
            gate = next(gate for gate in gates_of(match) if gate.code == "document")
        assert (gate.text, gate.is_blocking, gate.is_open) == (text, False, form == "apl")

    def test_a_form_without_one_says_nothing(self):
        PlacementFormVersion.objects.filter(form="apl").update(default_document="none")
        match = accepted(StudentFactory(), PeriodFactory(start=SUMMER, end=date(2027, 7, 16)))
        assert "document" not in {gate.code for gate in gates_of(match)}


class TestWhoDecides:
    @pytest.mark.parametrize(
        ("approver", "is_protected", "decides"),
        [
            ("student_municipality", False, "0562"),
            ("workplace_municipality", False, ELSEWHERE),
            ("workplace_municipality", True, "0562"),
        ],
    )
    def test_the_form_names_whose_coordinator(self, approver, is_protected, decides):
        CoordinatorFactory()
        CoordinatorFactory(municipality=ELSEWHERE)
        PlacementFormVersion.objects.filter(form="apl").update(approver=approver)
        student: Any = StudentFactory(municipality_id="0562")
        period: Any = PeriodFactory(
            offer__workplace__municipality_id=ELSEWHERE, start=SUMMER, end=date(2027, 7, 16)
        )  # fmt: skip
        Student.objects.filter(pk=student.pk).update(is_protected=is_protected, alias="Alias" if is_protected else "")
        assert accepted(student, period).deciding_municipality_id == decides


def test_a_guardian_is_still_asked(frozen_clock: Any) -> None:
    student = born(date(2010, 3, 1))
    GuardianshipFactory(student=student)
    match = accepted(student, summer_job())
    assert "consent_missing" in {gate.code for gate in gates_of(match)}
