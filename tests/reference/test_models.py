import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import translation

from backend.reference.models import (
    County,
    HazardRule,
    Municipality,
    NetworkMembership,
    OccupationGroup,
    PlacementFormVersion,
    Programme,
)

pytestmark = pytest.mark.django_db


def refuses(constraint: str) -> pytest.RaisesExc[IntegrityError]:
    return pytest.raises(IntegrityError, match=constraint)


def save_in_savepoint(row) -> None:
    with transaction.atomic():
        row.save()


def membership(start: str, end: str | None, municipality: str = "0180") -> NetworkMembership:
    return NetworkMembership(municipality_id=municipality, valid_from=start, valid_to=end, evidence="claimed")


class TestMembership:
    def test_periods_of_a_municipality_do_not_share_a_day(self):
        membership("2020-01-01", "2021-12-31").save()
        membership("2022-01-01", None).save()
        membership("2020-01-01", None, "0181").save()
        for start, end in (("2021-12-31", "2021-12-31"), ("2019-01-01", None), ("2030-01-01", None)):
            with refuses("reference_membership_no_overlap"):
                save_in_savepoint(membership(start, end))

    def test_dates_in_order(self):
        with pytest.raises(IntegrityError, match="dates_in_order") as caught:
            save_in_savepoint(membership("2022-01-02", "2022-01-01"))
        assert "reference_membership" in str(caught.value)
        save_in_savepoint(membership("2022-01-01", "2022-01-01"))

    def test_overlap_is_a_readable_error_in_forms(self):
        row = NetworkMembership.objects.get(municipality="0562")
        again = NetworkMembership(municipality=row.municipality, valid_from=dt.date(2020, 1, 1), evidence="likely")
        with translation.override("en"), pytest.raises(ValidationError, match="already has a membership"):
            again.validate_constraints()

    def test_active_counts_both_end_days(self):
        membership("2020-01-01", "2021-12-31").save()
        rows = NetworkMembership.objects.filter(municipality="0180")
        found = [
            rows.active(dt.date.fromisoformat(day)).exists()
            for day in ("2019-12-31", "2020-01-01", "2021-12-31", "2022-01-01")
        ]
        assert found == [False, True, True, False]

    def test_only_confirmed_members_are_shown_as_fact(self):
        today = dt.date(2026, 11, 23)
        assert Municipality.objects.network_members(today).count() == 6
        assert not Municipality.objects.network_members(today).filter(pk="2284").exists()
        assert Municipality.objects.network_members(dt.date(2014, 12, 31)).count() == 0


class TestFormVersion:
    def version(self, **changes) -> PlacementFormVersion:
        values = {"form_id": "prao", "valid_from": "2010-01-01", "valid_to": "2010-12-31", **changes}
        return PlacementFormVersion(**values)

    def test_versions_of_a_form_do_not_overlap(self):
        save_in_savepoint(self.version(valid_to="2014-12-31"))
        with refuses("reference_formversion_no_overlap"):
            save_in_savepoint(self.version(valid_from="2014-12-31", valid_to="2014-12-31"))

    @pytest.mark.parametrize(
        ("changes", "constraint"),
        [
            ({"valid_to": "2009-12-31"}, "dates_in_order"),
            ({"min_weeks": 5, "max_weeks": 4}, "weeks_in_order"),
            ({"min_age": 19, "max_age": 18}, "ages_in_order"),
            ({"first_iso_week": 33, "last_iso_week": 25}, "iso_weeks_in_order"),
            ({"hold_hours": 0}, "timers_positive"),
            ({"allowed_age_classes": []}, "age_classes_known"),
            ({"allowed_age_classes": ["toddler"]}, "age_classes_known"),
            ({"approver": "anyone"}, "approver_known"),
        ],
    )
    def test_nonsense_is_refused(self, changes, constraint):
        with refuses(f"reference_formversion_{constraint}"):
            save_in_savepoint(self.version(**changes))

    def test_equal_bounds_are_fine(self):
        save_in_savepoint(self.version(min_weeks=2, max_weeks=2, valid_to="2010-01-01"))


class TestCodes:
    @pytest.mark.parametrize("code", ["114", "01140", "O114"])
    def test_municipality_codes_are_four_digits(self, code):
        with pytest.raises((IntegrityError, Exception), match=r"four_digits|too long"):
            save_in_savepoint(Municipality(code=code, name="X", full_name="X kommun", county_id="01", lat=60, lon=15))

    def test_municipality_code_belongs_to_the_county(self):
        with refuses("reference_municipality_code_in_county"):
            save_in_savepoint(Municipality(code="0199", name="X", full_name="X", county_id="03", lat=60, lon=15))

    def test_swapped_coordinates_are_refused(self):
        with refuses("reference_municipality_in_sweden"):
            save_in_savepoint(Municipality(code="0199", name="X", full_name="X", county_id="01", lat=15, lon=60))

    def test_ssyk_codes_are_four_digits(self):
        with refuses("reference_occupationgroup_four_digits"):
            save_in_savepoint(OccupationGroup(ssyk4="72", name_sv="X", field_id="it", taxonomy_version="x"))

    def test_county_codes_are_two_digits(self):
        with refuses("reference_county_code_two_digits"):
            save_in_savepoint(County(code="1", name="X"))

    def test_a_programme_does_not_succeed_itself(self):
        with refuses("reference_programme_not_own_successor"):
            Programme.objects.filter(pk="IN").update(successor="IN")


def test_one_rule_a_day_even_without_a_form():
    rule = HazardRule.objects.filter(form=None)[0]
    rule.pk = None
    with refuses("reference_hazardrule_once_a_day"):
        save_in_savepoint(rule)


def test_swedish_order_puts_å_ä_ö_last_and_é_with_e():
    for code, name in (("0101", "Åa"), ("0102", "Öa"), ("0103", "Äa"), ("0104", "Éb"), ("0105", "Zz")):
        Municipality(code=code, name=name, full_name=name, county_id="01", lat=60, lon=15).save()
    names = list(Municipality.objects.filter(code__range=("0101", "0105")).values_list("name", flat=True))
    assert names == ["Éb", "Zz", "Åa", "Äa", "Öa"]
