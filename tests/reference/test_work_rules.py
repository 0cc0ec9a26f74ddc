import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.common.errors import NotFound
from backend.reference.enums import AgeClass, Verdict
from backend.reference.models import HazardFlag, HazardRule
from backend.reference.work_rules import Rule, age_class, age_on, allowed_age_classes, strictest, verdict, verdicts

DAY = dt.date(2026, 11, 20)
EPOCH = dt.date(2015, 1, 1)
dates = st.dates(dt.date(1960, 1, 1), dt.date(2040, 12, 31))


@pytest.mark.parametrize(
    ("birth", "on", "finished", "expected"),
    [
        # The day before and the day of the 13th and the 18th birthday.
        (dt.date(2013, 11, 21), DAY, False, AgeClass.UNDER_13),
        (dt.date(2013, 11, 20), DAY, False, AgeClass.CHILD),
        (dt.date(2008, 11, 21), DAY, True, AgeClass.YOUTH),
        (dt.date(2008, 11, 20), DAY, True, AgeClass.ADULT),
        # Youth goes by the calendar year, not by the birthday: turns 16 on New Year's Eve.
        (dt.date(2010, 12, 31), dt.date(2026, 1, 1), True, AgeClass.YOUTH),
        (dt.date(2011, 1, 1), dt.date(2026, 12, 31), True, AgeClass.CHILD),
        # Old enough, but still in compulsory school.
        (dt.date(2009, 1, 1), DAY, False, AgeClass.CHILD),
        # Adults are adults even without a finished school.
        (dt.date(1980, 1, 1), DAY, False, AgeClass.ADULT),
    ],
)
def test_age_class_boundaries(birth, on, finished, expected):
    assert age_class(birth, on, finished) == expected


def test_born_on_leap_day_turns_18_on_the_first_of_march():
    birth = dt.date(2008, 2, 29)
    assert age_class(birth, dt.date(2026, 2, 28), True) == AgeClass.YOUTH
    assert age_class(birth, dt.date(2026, 3, 1), True) == AgeClass.ADULT


def test_a_date_before_birth_is_refused():
    with pytest.raises(ValueError, match="before birth"):
        age_class(dt.date(2026, 1, 2), dt.date(2026, 1, 1), False)


@given(birth=dates, days=st.integers(0, 30_000), finished=st.booleans())
def test_age_class_follows_the_rule(birth, days, finished):
    on = birth + dt.timedelta(days=days)
    age, turns = age_on(birth, on), on.year - birth.year
    assert age in {turns - 1, turns}
    result = age_class(birth, on, finished)
    assert (result == AgeClass.ADULT) == (age >= 18)
    assert (result == AgeClass.YOUTH) == (age < 18 and finished and turns >= 16)
    assert (result == AgeClass.UNDER_13) == (age < 13)


@given(birth=dates, first=st.integers(0, 9_000), more=st.integers(0, 9_000), finished=st.booleans())
def test_nobody_grows_younger(birth, first, more, finished):
    classes = list(AgeClass)
    earlier = age_class(birth, birth + dt.timedelta(days=first), finished)
    later = age_class(birth, birth + dt.timedelta(days=first + more), finished)
    assert classes.index(earlier) <= classes.index(later)


def rule(
    hazard: str, judged: Verdict, *, form: str | None = None, since: dt.date = EPOCH, who: AgeClass = AgeClass.YOUTH
) -> Rule:
    return Rule(hazard, who, form, judged, since)


def test_no_hazards_are_allowed():
    assert strictest([], [], AgeClass.UNDER_13, "prao", DAY) == Verdict.ALLOWED


def test_a_hazard_nobody_has_judged_is_forbidden():
    rules = [rule("TRUCK", Verdict.ALLOWED)]
    assert strictest(rules, ["TRUCK", "NEW"], AgeClass.YOUTH, "apl", DAY) == Verdict.FORBIDDEN
    assert strictest(rules, ["TRUCK"], AgeClass.CHILD, "apl", DAY) == Verdict.FORBIDDEN


def test_a_rule_for_the_form_beats_a_newer_general_one():
    rules = [
        rule("TRUCK", Verdict.SUPERVISED, form="apl"),
        rule("TRUCK", Verdict.FORBIDDEN, since=dt.date(2025, 1, 1)),
    ]
    assert strictest(rules, ["TRUCK"], AgeClass.YOUTH, "apl", DAY) == Verdict.SUPERVISED
    assert strictest(rules, ["TRUCK"], AgeClass.YOUTH, "prao", DAY) == Verdict.FORBIDDEN


def test_a_newer_rule_takes_over_on_its_first_day():
    rules = [rule("HEAT", Verdict.ALLOWED), rule("HEAT", Verdict.FORBIDDEN, since=DAY)]
    assert strictest(rules, ["HEAT"], AgeClass.YOUTH, None, DAY - dt.timedelta(days=1)) == Verdict.ALLOWED
    assert strictest(rules, ["HEAT"], AgeClass.YOUTH, None, DAY) == Verdict.FORBIDDEN


hazard_codes = st.sampled_from(["A", "B", "C", "D"])
rules_strategy = st.lists(
    st.builds(
        Rule,
        hazard_codes,
        st.sampled_from(AgeClass),
        st.sampled_from([None, "apl", "prao"]),
        st.sampled_from(Verdict),
        st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)),
    ),
    unique_by=lambda each: (each.hazard, each.age_class, each.form, each.valid_from),
)


@given(
    rules=rules_strategy,
    hazards=st.sets(hazard_codes),
    extra=hazard_codes,
    who=st.sampled_from(AgeClass),
    order=st.randoms(use_true_random=False),
)
def test_a_further_hazard_never_makes_it_milder_and_order_does_not_matter(rules, hazards, extra, who, order):
    result = strictest(rules, hazards, who, "apl", DAY)
    assert strictest(rules, hazards | {extra}, who, "apl", DAY).severity >= result.severity
    shuffled = list(rules)
    order.shuffle(shuffled)
    assert strictest(shuffled, hazards, who, "apl", DAY) == result


@pytest.mark.django_db
class TestShippedRules:
    def test_every_flag_is_judged_for_every_class_in_every_form(self):
        judged = set(HazardRule.objects.filter(form=None).values_list("hazard", "age_class"))
        assert judged == {(flag, each) for flag in HazardFlag.objects.values_list("pk", flat=True) for each in AgeClass}

    def test_minors_do_no_night_work_and_nobody_meets_asbestos(self):
        assert verdict(["NIGHT"], AgeClass.YOUTH, "apl", DAY) == Verdict.FORBIDDEN
        assert set(verdicts(["ASBESTOS"], "praktik", DAY).values()) == {Verdict.FORBIDDEN}

    def test_youth_may_weld_under_supervision_within_vocational_education_only(self):
        assert verdict(["WELDING_FUMES"], AgeClass.YOUTH, "apl", DAY) == Verdict.SUPERVISED
        assert verdict(["WELDING_FUMES"], AgeClass.YOUTH, "feriejobb", DAY) == Verdict.FORBIDDEN
        assert verdict(["WELDING_FUMES"], AgeClass.CHILD, "apl", DAY) == Verdict.FORBIDDEN

    def test_the_shipped_judgements_do_not_pretend_to_be_checked(self):
        assert not HazardRule.objects.filter(verified=True, citation="").exists()

    def test_younger_classes_never_get_a_milder_verdict(self):
        for form in ("prao", "apl", "feriejobb"):
            for flag in HazardFlag.objects.all():
                severities = [each.severity for each in verdicts([flag.pk], form, DAY).values()]
                assert severities == sorted(severities, reverse=True), (form, flag.pk)

    def test_allowed_classes_are_those_of_the_form_without_the_forbidden(self):
        assert allowed_age_classes([], "prao", DAY) == {AgeClass.CHILD, AgeClass.YOUTH}
        assert allowed_age_classes(["HEAT"], "prao", DAY) == {AgeClass.YOUTH}
        assert allowed_age_classes(["TRUCK"], "prao", DAY) == set()
        assert allowed_age_classes(["TRUCK"], "apl", DAY) == {AgeClass.YOUTH, AgeClass.ADULT}
        assert allowed_age_classes([], "lia", DAY) == {AgeClass.ADULT}

    def test_allowed_classes_of_an_unknown_form_are_an_error(self):
        with pytest.raises(NotFound):
            allowed_age_classes([], "hobby", DAY)
