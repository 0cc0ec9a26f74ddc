"""Advertisements become demand and the start of offers; persons in them become nothing."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from backend.common.errors import NotFound
from backend.offers.demand import AdPrefill, DemandSignal
from backend.offers.demand_selectors import Demand, demand_by_municipality_and_group, prefill_offer
from backend.ops.imports.ads import import_ads
from backend.ops.imports.contacts import strip_contacts
from backend.reference.models import OccupationGroup
from tests.ops.samples import sample

pytestmark = pytest.mark.django_db

AD: dict[str, Any] = {
    "id": "30016621",
    "headline": "Svetsare till verkstad",
    "number_of_vacancies": 2,
    "description": {"text": "Du svetsar.\r\nKontakta Anna Bergström, 0122-123 45."},
    "employer": {"organization_number": "5560360793", "name": "Verkstaden AB"},
    "occupation_group": {"legacy_ams_taxonomy_id": "7212"},
    "workplace_address": {"municipality_code": "0562", "coordinates": [15.77, 58.7]},
    "publication_date": "2025-09-11T00:30:00",
    "application_contacts": [{"name": "Anna Bergström", "email": "anna@verkstaden.example"}],
    "application_details": {"email": "anna@verkstaden.example"},
}


def ads_file(folder: Path, *ads: object, stream: bool = False) -> Path:
    path = folder / "ads.json"
    path.write_text(json.dumps(list(ads) if stream else {"hits": list(ads)}, ensure_ascii=False), encoding="utf-8")
    return path


def everything() -> tuple[object, ...]:
    return list(DemandSignal.objects.order_by("pk").values()), list(AdPrefill.objects.order_by("pk").values())


def test_an_ad_becomes_demand_and_the_start_of_an_offer(tmp_path: Path) -> None:
    import_ads(actor=None, path=ads_file(tmp_path, AD))
    assert demand_by_municipality_and_group() == [Demand("0562", "7212", ads=1, vacancies=2)]
    # Half past midnight in Sweden is still the day before in UTC.
    assert DemandSignal.objects.get().published_on == date(2025, 9, 11)
    assert prefill_offer("30016621") == {
        "title": "Svetsare till verkstad",
        "tasks": "Du svetsar.\nKontakta [borttaget], [borttaget].",
        "occupation": "7212",
        "municipality_code": "0562",
        "employer_name": "Verkstaden AB",
        "source": "jobsearch",
        "source_ref": "30016621",
    }


def test_demand_is_added_up_and_can_be_asked_for_one_municipality(tmp_path: Path) -> None:
    elsewhere = {**AD, "id": "3", "workplace_address": {"municipality_code": "2580"}}
    import_ads(actor=None, path=ads_file(tmp_path, AD, {**AD, "id": "2", "number_of_vacancies": 1}, elsewhere))
    assert demand_by_municipality_and_group("0562") == [Demand("0562", "7212", ads=2, vacancies=3)]
    assert len(demand_by_municipality_and_group()) == 2


@pytest.mark.parametrize("address", [None, {"municipality_code": None, "coordinates": [None, None]}, {}])
def test_an_ad_may_name_no_municipality(tmp_path: Path, address: object) -> None:
    import_ads(actor=None, path=ads_file(tmp_path, {**AD, "workplace_address": address}))
    assert demand_by_municipality_and_group() == [Demand(None, "7212", ads=1, vacancies=2)]


def test_groups_that_are_unknown_or_deprecated_are_left_out_and_said(tmp_path: Path) -> None:
    OccupationGroup.objects.filter(pk="7223").update(deprecated=True)
    others = [
        {**AD, "id": str(n), "occupation_group": {"legacy_ams_taxonomy_id": code}}
        for n, code in ((1, "9119"), (2, "7223"))
    ]
    report = import_ads(actor=None, path=ads_file(tmp_path, *others))
    assert [row.note for row in report.rows] == [
        "occupation group 9119 is not ours",
        "occupation group 7223 is deprecated",
    ]
    assert set(DemandSignal.objects.values_list("group", flat=True)) == {None}


def test_importing_twice_changes_nothing(tmp_path: Path) -> None:
    path = ads_file(tmp_path, AD, {**AD, "id": "2"})
    import_ads(actor=None, path=path)
    before = everything()
    assert import_ads(actor=None, path=path).changes == 0
    assert everything() == before


def test_a_changed_ad_is_updated(tmp_path: Path) -> None:
    import_ads(actor=None, path=ads_file(tmp_path, AD))
    report = import_ads(actor=None, path=ads_file(tmp_path, {**AD, "number_of_vacancies": 5}))
    assert report.count("updated") == 1
    assert DemandSignal.objects.get().vacancies == 5


def test_a_removal_with_a_number_for_an_id_ends_the_demand_for_good(tmp_path: Path) -> None:
    first = ads_file(tmp_path, AD)
    import_ads(actor=None, path=first)
    removal = {"id": 30016621, "removed": True, "removed_date": "2025-09-12T10:00:00"}
    report = import_ads(actor=None, path=ads_file(tmp_path, removal, stream=True))
    assert [row.what for row in report.rows] == ["updated"]
    # Swedish summer time, two hours ahead of UTC.
    assert DemandSignal.objects.get().removed_at == datetime(2025, 9, 12, 8, tzinfo=UTC)
    assert demand_by_municipality_and_group() == []
    with pytest.raises(NotFound):
        prefill_offer("30016621")
    assert not AdPrefill.objects.exists()
    import_ads(actor=None, path=ads_file(tmp_path, AD))
    assert demand_by_municipality_and_group() == []


def test_a_removal_of_an_unknown_ad_is_skipped(tmp_path: Path) -> None:
    removal = {"id": 7, "removed": True, "removed_date": "2025-09-12T10:00:00"}
    report = import_ads(actor=None, path=ads_file(tmp_path, removal, stream=True))
    assert [(row.what, row.note) for row in report.rows] == [("skipped", "removed at the source, unknown here")]


def test_an_employer_who_is_a_person_is_not_named(tmp_path: Path) -> None:
    person = {"organization_number": "198001019876", "name": "Anna Bergström"}
    import_ads(actor=None, path=ads_file(tmp_path, {**AD, "employer": person}))
    assert prefill_offer("30016621")["employer_name"] == ""


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Skicka till anna.berg@bolag.se nu", "Skicka till [borttaget] nu"),
        ("Skicka till anna(at)bolag.se nu", "Skicka till [borttaget] nu"),
        ("Ring 070-123 45 67.", "Ring [borttaget]."),
        ("Ring +46 (0)70 123 45 67.", "Ring [borttaget]."),
        ("Växel 08-123 456 00", "Växel [borttaget]"),
        ("Född 19800101-9876", "Född [borttaget]"),
        ("Kontakta rekryterande chef Anna-Karin Berg för frågor", "Kontakta rekryterande chef [borttaget] för frågor"),
        ("Kontaktperson: Åsa Öberg och Per Ek", "Kontaktperson: [borttaget] och [borttaget]"),
        ("Per Ek, 0122-850 00", "[borttaget], [borttaget]"),
        ("Vi söker 25 personer till vecka 32, lön 32000 kr", "Vi söker 25 personer till vecka 32, lön 32000 kr"),
        ("Senast 2025-09-25, ref 2025/123", "Senast 2025-09-25, ref 2025/123"),
        ("Kontakta oss i Finspång", "Kontakta oss i Finspång"),
    ],
)
def test_persons_are_taken_out_of_texts(text: str, cleaned: str) -> None:
    assert strip_contacts(text) == cleaned


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": None}, "ad 1: id is missing"),
        ({"id": True}, "ad 1: id is missing"),
        ({"headline": " "}, "ad 1: headline is missing"),
        ({"number_of_vacancies": 0}, "ad 1: number_of_vacancies is 0"),
        ({"number_of_vacancies": "två"}, "ad 1: number_of_vacancies is 'två'"),
        ({"publication_date": None}, "ad 1: publication_date is missing"),
        ({"publication_date": "igår"}, "ad 1: publication_date is no date: 'igår'"),
        ({"workplace_address": {"municipality_code": 562}}, "ad 1: municipality_code 562 has lost its leading zero"),
        ({"workplace_address": {"municipality_code": "9999"}}, "ad 1: there is no municipality with code '9999'"),
        ({"employer": "x"}, "ad 1: employer is no object"),
        ({"description": {"text": 5}}, "ad 1: description.text is no text"),
    ],
)
def test_a_damaged_ad_is_named_and_nothing_is_imported(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("import_ads", ads_file(tmp_path, {**AD, **change}, {**AD, "id": "2"}))
    assert f"ads.json: {said}" in str(refused.value)
    assert not DemandSignal.objects.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"hits": [\n{"id": ', "line 2: not valid JSON"),
        ('{"total": 1}', "a list of hits"),
        ("5", "a list of hits"),
        ("[5]", "ad 1: an object is expected"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "ads.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CommandError, match="Nothing was imported") as refused:
        call_command("import_ads", path)
    assert said in str(refused.value)


def test_a_dry_run_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_ads", ads_file(tmp_path, AD), dry_run=True, rows=True)
    shown = capsys.readouterr().out
    assert "created    30016621  Svetsare till verkstad" in shown
    assert "nothing was changed" in shown
    assert not DemandSignal.objects.exists()


def test_the_real_ads_twice_without_persons() -> None:
    path = sample("jobsearch_response_2025-09.redacted.json")
    assert import_ads(actor=None, path=path).count("created") == 85
    before = everything()
    assert import_ads(actor=None, path=path).changes == 0
    assert everything() == before
    assert not AdPrefill.objects.filter(text__regex=r"[\w.]+@[\w]+\.\w").exists()
