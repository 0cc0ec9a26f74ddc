import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.reference.models import (
    GroupSkill,
    Occupation,
    OccupationField,
    OccupationGroup,
    Skill,
    SniCode,
    SunField,
)
from backend.reference.taxonomy.files import ALL_FILES, TaxonomyError, read_taxonomy
from tests.reference.paths import TAXONOMY, needs_shared

pytestmark = pytest.mark.django_db

FIELDS = [
    {"id": "wTEr_CBC_bqh", "label": "Official industry", "ssyk4": ["aaaa_bbb_001"]},
    {"id": "Zzzz_Zzz_Zzz", "label": "Helt nytt", "ssyk4": []},
]
OCCUPATIONS = (
    "field_id,field,ssyk4,ssyk4_id,ssyk4_label,occupation_id,occupation\n"
    "wTEr_CBC_bqh,Official industry,7212,aaaa_bbb_001,Official welders,aaaa_bbb_101,TIG-svetsare\n"
    "Zzzz_Zzz_Zzz,Helt nytt,0110,aaaa_bbb_002,Officerare,aaaa_bbb_102,Löjtnant\n"
)
SKILLS = "ssyk4,ssyk4_id,skill_id,skill\n7212,aaaa_bbb_001,aaaa_bbb_201,TIG\n0110,aaaa_bbb_002,aaaa_bbb_201,TIG\n"
SNI = (
    "code,level,label_sv,parent,jobtech_id\nA,1,Jordbruk,,aaaa_bbb_301\n01,2,Odling,A,aaaa_bbb_302\n"
    "011,3,Ettåriga växter,01,aaaa_bbb_303\n"
)
SUN = (
    "code,level,label_sv,parent,jobtech_id\n0,1,Allmän utbildning,,aaaa_bbb_401\n01,2,Bred,0,aaaa_bbb_402\n"
    "010,3,Bred,01,aaaa_bbb_403\n010a,4,Bred allmän,010,aaaa_bbb_404\n"
)


@pytest.fixture
def dumps(tmp_path: Path) -> Path:
    texts = {
        "occupation_fields.json": json.dumps(FIELDS, indent=1),
        "occupations.csv": OCCUPATIONS,
        "ssyk4_skills.csv": SKILLS,
        "sni2007.csv": SNI,
        "sun2020_field.csv": SUN,
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def edit(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def run(folder: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    call_command("import_taxonomy", str(folder), *options)
    return capsys.readouterr().out


def imported() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Occupation, Skill, GroupSkill, SniCode, SunField))


def test_imports_and_keeps_leading_zeros(dumps, capsys):
    out = run(dumps, capsys)
    assert imported() == (2, 1, 2, 3, 4)
    assert Occupation.objects.get(name_sv="Löjtnant").group_id == "0110"
    assert SniCode.objects.get(pk="011").parent_id == "01"
    assert SunField.objects.get(pk="010a").parent_id == "010"
    assert "occupations.csv: read 2" in out
    assert "Occupation: created 2, updated 0, unchanged 0" in out


def test_keeps_our_names_and_adds_what_is_official(dumps, capsys):
    run(dumps, capsys, "--taxonomy-version", "31")
    ours = OccupationGroup.objects.get(pk="7212")
    assert (ours.name_sv, ours.name_en) == ("Svetsare", "Welder")
    assert (ours.jobtech_concept_id, ours.taxonomy_version) == ("aaaa_bbb_001", "31")
    new = OccupationGroup.objects.get(pk="0110")
    assert (new.name_sv, new.name_en, new.field_id) == ("Officerare", "", "Zzzz_Zzz_Zzz")
    assert OccupationField.objects.get(pk="manufacturing").name_en == "Industry and manufacturing"
    assert OccupationField.objects.get(pk="Zzzz_Zzz_Zzz").name_sv == "Helt nytt"


def test_second_run_changes_nothing(dumps, capsys):
    run(dumps, capsys)
    before = imported()
    out = run(dumps, capsys, "--verbose-rows")
    assert "Changes: 0." in out
    assert "created Occupation" not in out
    assert imported() == before


def test_dry_run_reports_the_same_and_changes_nothing(dumps, capsys):
    dry = run(dumps, capsys, "--dry-run")
    assert imported() == (0, 0, 0, 0, 0)
    assert not OccupationGroup.objects.filter(deprecated=True).exists()
    assert dry == run(dumps, capsys) + "Dry run: nothing was saved.\n"


def test_rows_that_left_the_dumps_are_deprecated_and_come_back(dumps, capsys):
    run(dumps, capsys)
    original = (dumps / "occupations.csv").read_text(encoding="utf-8")
    assert OccupationGroup.objects.get(pk="7223").deprecated
    edit(dumps, "occupations.csv", "aaaa_bbb_102,Löjtnant", "aaaa_bbb_103,Kapten")
    out = run(dumps, capsys, "--verbose-rows")
    assert "updated Occupation aaaa_bbb_102: no longer in the dumps, deprecated" in out
    assert Occupation.objects.get(pk="aaaa_bbb_102").deprecated
    (dumps / "occupations.csv").write_text(original, encoding="utf-8")
    run(dumps, capsys)
    assert not Occupation.objects.get(pk="aaaa_bbb_102").deprecated


def test_changed_names_are_updated_and_told(dumps, capsys):
    run(dumps, capsys)
    edit(dumps, "occupations.csv", "TIG-svetsare", "Svetsare, TIG")
    (dumps / "occupations.csv").write_text(
        (dumps / "occupations.csv").read_text(encoding="utf-8").replace("Svetsare, TIG", '"Svetsare, TIG"'),
        encoding="utf-8",
    )
    assert "updated Occupation aaaa_bbb_101: changed: name_sv" in run(dumps, capsys, "--verbose-rows")
    assert Occupation.objects.get(pk="aaaa_bbb_101").name_sv == "Svetsare, TIG"


def test_a_repeated_row_is_skipped_with_its_line(dumps, capsys):
    with (dumps / "sni2007.csv").open("a", encoding="utf-8") as file:
        file.write("01,2,Odling,A,aaaa_bbb_302\n")
    out = run(dumps, capsys, "--verbose-rows")
    assert "skipped sni2007.csv 01: line 5: the same row occurs earlier" in out
    assert "Skipped rows: 1." in out


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("occupations.csv", "field_id,field", "field,field_id", r"occupations.csv, line 1: the header is not"),
        ("occupations.csv", ",7212,", ",721,", r"occupations.csv, line 2: ssyk4 is malformed: '721'"),
        ("occupations.csv", ",0110,", ",110,", r"occupations.csv, line 3: ssyk4 is malformed: '110'"),
        ("occupations.csv", "Zzzz_Zzz_Zzz", "Yyyy_Yyy_Yyy", r"occupations.csv, line 3: unknown occupation field"),
        ("occupations.csv", ",Löjtnant", "", r"occupations.csv, line 3: 6 columns instead of 7"),
        ("occupations.csv", "aaaa_bbb_102", "aaaa_bbb_101", r"line 3: aaaa_bbb_101 contradicts an earlier row"),
        ("occupations.csv", "TIG-svetsare", "", r"line 2: occupation is empty"),
        ("ssyk4_skills.csv", "0110,", "0210,", r"ssyk4_skills.csv, line 3: unknown occupation group 0210"),
        ("sni2007.csv", "011,3", "11,3", r"sni2007.csv, line 4: code of level 3 is malformed"),
        ("sni2007.csv", "växter,01,", "växter,02,", r"sni2007.csv, line 4: 011 has an unknown parent '02'"),
        ("sni2007.csv", "växter,01,", "växter,A,", r"sni2007.csv, line 4: 011 has an unknown parent 'A'"),
        ("sni2007.csv", "Odling,A,", "Odling,,", r"sni2007.csv, line 3: 01 of level 2 has no parent"),
        ("sun2020_field.csv", "010a,4", "010a,9", r"sun2020_field.csv, line 5: level is not 1 to 4"),
        ("sun2020_field.csv", "Bred allmän", '"Bred allmän', r"sun2020_field.csv, line \d+: is not valid CSV"),
        ("occupation_fields.json", '"label": "Helt nytt"', '"label": ""', r"entry 2: label is empty"),
        ("occupation_fields.json", "Zzzz_Zzz_Zzz", "wTEr_CBC_bqh", r"entry 2: wTEr_CBC_bqh occurs twice"),
        ("occupation_fields.json", "Zzzz_Zzz_Zzz", "Zzzz", r"entry 2: id is not a concept id"),
        ("occupations.csv", "TIG-svetsare", "TIG\0svetsare", r"occupations.csv, line 2: contains a NUL"),
    ],
)
def test_damage_is_named_by_file_and_line_and_changes_nothing(dumps, file, old, new, message):
    edit(dumps, file, old, new)
    with pytest.raises(CommandError, match=message):
        call_command("import_taxonomy", str(dumps))
    assert imported() == (0, 0, 0, 0, 0)


def test_truncated_json(dumps):
    path = dumps / "occupation_fields.json"
    path.write_text(path.read_text(encoding="utf-8")[:-30], encoding="utf-8")
    with pytest.raises(CommandError, match=r"occupation_fields.json, line \d+: is not complete JSON"):
        call_command("import_taxonomy", str(dumps))


def test_not_utf8(dumps):
    (dumps / "occupations.csv").write_bytes(OCCUPATIONS.encode("latin-1"))
    with pytest.raises(CommandError, match=r"occupations.csv, line 3: is not UTF-8"):
        call_command("import_taxonomy", str(dumps))


@pytest.mark.parametrize("name", ALL_FILES)
def test_a_missing_file_is_named(dumps, name):
    (dumps / name).unlink()
    with pytest.raises(CommandError, match=f"missing files: {name}"):
        call_command("import_taxonomy", str(dumps))


@pytest.mark.parametrize("name", ALL_FILES)
def test_an_empty_file_is_an_error(dumps, name):
    (dumps / name).write_text("", encoding="utf-8")
    with pytest.raises(CommandError, match=name):
        call_command("import_taxonomy", str(dumps))


def test_a_missing_folder_and_a_too_long_version(dumps):
    with pytest.raises(CommandError, match="there is no such folder"):
        call_command("import_taxonomy", str(dumps / "absent"))
    with pytest.raises(CommandError, match="longer than 40"):
        call_command("import_taxonomy", str(dumps), taxonomy_version="v" * 41)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(name=st.sampled_from(ALL_FILES), data=st.data())
def test_mutated_files_are_read_or_refused_but_never_crash(dumps, name, data):
    original = (dumps / name).read_bytes()
    start = data.draw(st.integers(0, len(original)))
    stop = data.draw(st.integers(start, len(original)))
    (dumps / name).write_bytes(original[:start] + data.draw(st.binary(max_size=8)) + original[stop:])
    refused: list[str] = []
    try:
        assert read_taxonomy(dumps).read[name] > 0
    except TaxonomyError as error:
        refused.append(error.file)
    finally:
        (dumps / name).write_bytes(original)
    assert set(refused) <= set(ALL_FILES)


@needs_shared
def test_the_official_dumps_import_twice(capsys):
    first = run(TAXONOMY, capsys)
    assert "occupations.csv: read 2412" in first
    assert OccupationGroup.objects.count() == 400
    assert imported() == (2412, 6640, 17517, 1817, 531)
    assert not OccupationGroup.objects.filter(deprecated=True).exists()
    assert "Changes: 0." in run(TAXONOMY, capsys)
