import datetime as dt

import pytest

from backend.common.errors import NotFound
from backend.reference import selectors
from backend.reference.models import OccupationGroup, PlacementFormVersion

pytestmark = pytest.mark.django_db


def test_list_municipalities_is_in_swedish_order():
    names = [municipality.name for municipality in selectors.list_municipalities()]
    assert (len(names), names[0], names[-1]) == (290, "Ale", "Övertorneå")
    assert names.index("Åstorp") > names.index("Ystad")


def test_get_municipality():
    assert selectors.get_municipality("0562").name == "Finspång"
    with pytest.raises(NotFound) as caught:
        selectors.get_municipality("562")
    assert (caught.value.code, caught.value.field) == ("reference.municipality_unknown", "municipality")


def test_nearest_municipalities_begin_with_the_one_at_the_point():
    found = selectors.list_nearest_municipalities(58.71, 15.77, limit=3)
    assert found[0][0].name == "Finspång"
    assert [km for _, km in found] == sorted(km for _, km in found)
    assert len(found) == 3


def test_form_on_picks_the_version_of_the_day():
    current = selectors.form_on("prao", dt.date(2026, 11, 23))
    assert (current.form.code, current.min_days, current.answer_days, current.hold_hours) == ("prao", 10, 5, 72)
    current.valid_to = dt.date(2026, 12, 31)
    current.save()
    PlacementFormVersion.objects.create(form_id="prao", valid_from=dt.date(2027, 1, 1), hold_hours=24)
    assert selectors.form_on("prao", dt.date(2026, 12, 31)).hold_hours == 72
    assert selectors.form_on("prao", dt.date(2027, 1, 1)).hold_hours == 24


def test_form_on_without_a_version_is_a_clear_error():
    with pytest.raises(NotFound) as caught:
        selectors.form_on("prao", dt.date(2014, 12, 31))
    assert caught.value.code == "reference.form_not_valid"
    assert caught.value.data == {"form": "prao", "date": "2014-12-31"}
    with pytest.raises(NotFound) as caught:
        selectors.form_on("hobby", dt.date(2026, 1, 1))
    assert caught.value.code == "reference.form_unknown"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("IN", {"IN", "IN25"}),
        ("IN25", {"IN", "IN25"}),
        ("HA", {"HA", "FS", "FS25"}),
        ("FS25", {"HA", "FS", "FS25"}),
        ("HV", {"HV"}),
        ("XX", {"XX"}),
    ],
)
def test_equivalent_codes(code, expected):
    assert selectors.equivalent_codes(code) == expected


def test_both_series_lead_to_the_same_occupations():
    industry = selectors.occupation_groups_for_programme("IN25")
    assert {"7212", "7223"} <= industry
    assert industry == selectors.occupation_groups_for_programme("IN")
    assert "manufacturing" in selectors.occupation_fields_for_programme("IN")
    assert selectors.occupation_groups_for_programme("XX") == set()


def test_occupation_search_in_both_languages():
    assert [group.pk for group in OccupationGroup.objects.matching("Svets")] == ["7212"]
    assert [group.pk for group in OccupationGroup.objects.matching("welder")] == ["7212"]
    assert [group.pk for group in OccupationGroup.objects.matching("malare")] == ["7131"]
    assert not OccupationGroup.objects.matching(" ").exists()
