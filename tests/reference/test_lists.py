"""The lists the project ships: complete, consistent, and true to the official codes."""

import csv
import json

import pytest
from django.utils import translation

from backend.reference.enums import EvidenceGrade, ProgrammeKind
from backend.reference.models import (
    County,
    HazardRule,
    Municipality,
    NetworkMembership,
    OccupationField,
    OccupationGroup,
    PlacementForm,
    PlacementFormVersion,
    Programme,
)
from backend.reference.services import DATA_DIR, ReferenceDataError, load_reference
from tests.reference.paths import SHARED_REFERENCE, TAXONOMY, needs_shared

pytestmark = pytest.mark.django_db

# The list puts an s behind every name; these six do not call themselves so.
BY_OWN_NAME = {
    "0880": "Kalmar kommun",
    "0980": "Region Gotland",
    "1421": "Orust kommun",
    "2080": "Falu kommun",
    "2513": "Överkalix kommun",
    "2514": "Kalix kommun",
}
GY25_CODES = {"FR25", "FS25", "FL25", "MA25", "SJ25", "TA25", "YR25"}


def test_a_migrated_database_has_the_290_municipalities_in_21_counties():
    assert (Municipality.objects.count(), County.objects.count()) == (290, 21)
    assert Municipality.objects.get(pk="0114").county_id == "01"


def test_loading_again_changes_nothing():
    counts = load_reference()
    assert counts.changed == 0
    assert counts.unchanged > 900


def test_loading_restores_emptied_tables():
    HazardRule.objects.all().delete()
    NetworkMembership.objects.all().delete()
    Municipality.objects.all().delete()
    counts = load_reference()
    assert Municipality.objects.count() == 290
    assert NetworkMembership.objects.count() == 14
    assert counts.created == 290 + 14 + HazardRule.objects.count()


def test_loading_repairs_a_name_and_deletes_nothing():
    Municipality.objects.filter(pk="0562").update(name="Finspong")
    OccupationGroup.objects.create(ssyk4="0110", name_sv="Officer", field_id="military", taxonomy_version="x")
    assert load_reference().updated == 1
    assert Municipality.objects.get(pk="0562").name == "Finspång"
    assert OccupationGroup.objects.filter(pk="0110").exists()


def test_loading_keeps_what_people_edited():
    NetworkMembership.objects.filter(municipality="2084").update(
        evidence=EvidenceGrade.CONFIRMED, valid_from="2018-04-01"
    )
    PlacementFormVersion.objects.filter(form="prao").update(hold_hours=48)
    assert load_reference().changed == 0
    assert NetworkMembership.objects.get(municipality="2084").evidence == EvidenceGrade.CONFIRMED
    assert PlacementFormVersion.objects.get(form="prao").hold_hours == 48


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("counties.csv", "code,name\n01\n", "counties.csv line 2: wrong number of columns"),
        ("counties.csv", "code,title\n01,X\n", "counties.csv line 2: unknown column title"),
        ("municipalities.csv", "code,lat\n0114,north\n", "municipalities.csv line 2: lat cannot be 'north'"),
        ("programmes.csv", "code,verified\nIN,perhaps\n", "programmes.csv line 2: verified cannot be 'perhaps'"),
        ("forms.csv", "code,kind\nprao,\n", "forms.csv line 2: kind cannot be ''"),
    ],
)
def test_a_damaged_file_is_named_and_nothing_is_saved(tmp_path, file, text, message):
    for source in DATA_DIR.glob("*.csv"):
        (tmp_path / source.name).write_bytes(source.read_bytes())
    (tmp_path / file).write_text(text, encoding="utf-8")
    County.objects.filter(pk="01").update(name="Edited")
    with pytest.raises(ReferenceDataError, match=message):
        load_reference(data_dir=tmp_path)
    # Counties are loaded first: without a rollback the name would be repaired.
    assert County.objects.get(pk="01").name == "Edited"


def test_network_members():
    confirmed = set(NetworkMembership.objects.confirmed().values_list("municipality__name", flat=True))
    assert confirmed == {"Finspång", "Oskarshamn", "Mariestad", "Oxelösund", "Borlänge", "Luleå"}
    assert NetworkMembership.objects.filter(evidence=EvidenceGrade.LIKELY).count() == 8


def test_occupation_groups_have_both_languages():
    groups = OccupationGroup.objects.all()
    assert groups.count() >= 120
    assert not groups.filter(name_en="").exists()
    for field in ("manufacturing", "construction", "health", "it", "transport", "hospitality"):
        assert groups.filter(field=field).count() >= 8, field


def test_names_follow_the_language():
    welder = OccupationGroup.objects.get(pk="7212")
    with translation.override("sv"):
        assert (welder.name, str(welder)) == ("Svetsare", "Svetsare")
    with translation.override("en-gb"):
        assert welder.name == "Welder"
        assert OccupationGroup(name_sv="Bara svenska").name == "Bara svenska"
    with translation.override("en"):
        assert PlacementForm.objects.get(pk="prao").description.startswith("Work experience")


def test_both_programme_series_stand_side_by_side():
    industry = Programme.objects.get(pk="IN")
    assert industry.successor_id == "IN25"
    assert str(industry.valid_to) == "2030-06-30"
    assert set(Programme.objects.values_list("code", flat=True)) >= GY25_CODES
    assert Programme.objects.get(pk="HV").successor_id is None
    assert Programme.objects.get(pk="HA").successor_id == "FS"


def test_vocational_programmes_lead_to_occupations():
    without = Programme.objects.vocational().filter(programme_occupations=None).values_list("code", flat=True)
    assert set(without) == {"YR25"}
    assert {kind for kind in ProgrammeKind.values if Programme.objects.filter(kind=kind).exists()} == set(
        ProgrammeKind.values
    )


def test_every_form_has_a_version_and_both_languages():
    assert set(PlacementForm.objects.values_list("code", flat=True)) == {
        *("prao", "apl", "larling", "larlingsvux", "lia", "praktik", "feriejobb", "exjobb", "trainee"),
        *("gymnasieutbildning", "yrkesvux", "yh"),
    }
    assert not PlacementForm.objects.filter(versions=None).exists()
    assert not PlacementForm.objects.filter(name_en="").exists()


@needs_shared
def test_our_occupation_codes_and_fields_are_the_official_ones():
    with (TAXONOMY / "occupations.csv").open(encoding="utf-8", newline="") as file:
        official = {row["ssyk4"]: row["field_id"] for row in csv.DictReader(file)}
    ours = dict(OccupationGroup.objects.values_list("ssyk4", "field__jobtech_concept_id"))
    assert {code: field for code, field in ours.items() if official.get(code) != field} == {}


@needs_shared
def test_our_field_concepts_are_the_official_ones():
    fields = json.loads((TAXONOMY / "occupation_fields.json").read_text(encoding="utf-8"))
    assert {field["id"] for field in fields} == set(
        OccupationField.objects.values_list("jobtech_concept_id", flat=True)
    )


@needs_shared
def test_our_programme_codes_and_successors_are_the_official_ones():
    ours = dict(Programme.objects.values_list("code", "successor_id"))
    with (SHARED_REFERENCE / "education" / "gymnasium_programmes.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            expected = row["code_gy25"] or ("FS" if row["code_gy11"] == "HA" else None)
            assert ours[row["code_gy11"]] == expected
            assert expected is None or expected in ours


@needs_shared
def test_our_municipalities_are_the_official_ones():
    with (SHARED_REFERENCE / "geo" / "municipalities.csv").open(encoding="utf-8", newline="") as file:
        official = {
            row["code"]: (row["name"], BY_OWN_NAME.get(row["code"], row["full_name"])) for row in csv.DictReader(file)
        }
    assert {row.code: (row.name, row.full_name) for row in Municipality.objects.all()} == official
