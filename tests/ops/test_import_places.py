"""Training places and companies' interest from files: what they become, twice, and damaged."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from backend.accounts.models import Role, User
from backend.common.errors import NotAllowed
from backend.common.models import DomainEvent, LogEntry
from backend.offers.models import Offer
from backend.offers.scheduled_tasks import close_overdue
from backend.ops.imports.files import DamagedFileError
from backend.ops.imports.lia import coming_term, import_interests
from backend.ops.imports.yh import COLUMNS, import_programmes, owner_municipality
from backend.organisations.importing import hand_over_organisation
from backend.organisations.models import Organisation, Workplace
from tests.ops.samples import sample

pytestmark = pytest.mark.django_db

PROGRAMME = {
    "År": "2026",
    "Diarienummer": "MYH 2024/1",
    "Utbildningsnamn": "Lokförare",
    "Utbildningsområde": "Transporttjänster",
    "SUN5 inriktning namn": "Utbildningar till lokförare",
    "Kommun": "Finspång",
    "kommunkod": "0562",
    "YH-poäng": "400",
    "Studieform": "Bunden",
    "Studietakt %": "100",
    "Typ av examen": "Yrkeshögskoleexamen",
    "Utbildningsanordnare administrativ enhet": "Finspångs kommun, Vuxenutbildningen",
    "Huvudmannatyp": "Kommun",
    "Beviljade platser totalt": "60",
}
COMPANY: dict[str, Any] = {
    "company": "Exempelbolaget",
    "about": "Vi utvecklar system.",
    "web": "https://exempel.example/",
    "programmes": ["Javautvecklare"],
    "wants": [],
    "takes_lia": True,
    "skills": "Java",
}


def csv_file(folder: Path, *rows: dict[str, str], columns: tuple[str, ...] = COLUMNS, ending: str = "\n") -> Path:
    lines = [",".join(columns)]
    lines += [",".join(f'"{({**PROGRAMME, **row})[name]}"' for name in columns) for row in rows]
    path = folder / "programmes.csv"
    path.write_bytes(ending.join([*lines, ""]).encode())
    return path


def json_file(folder: Path, *rows: object) -> Path:
    path = folder / "interests.json"
    path.write_text(json.dumps(list(rows), ensure_ascii=False), encoding="utf-8")
    return path


@pytest.fixture
def office() -> User:
    user = User.objects.create_user("office@example.com", name="Office")
    Role.objects.create(user=user, kind="network")
    return user


def everything() -> tuple[object, ...]:
    return (
        list(Offer.objects.order_by("pk").values()),
        list(Organisation.objects.order_by("pk").values()),
        list(Workplace.objects.order_by("pk").values()),
        LogEntry.objects.count(),
        DomainEvent.objects.count(),
    )


def test_a_programme_becomes_a_training_place_of_a_municipal_unit(tmp_path: Path, office: User) -> None:
    import_programmes(actor=office, path=csv_file(tmp_path, {}))
    offer = Offer.objects.get()
    assert (offer.source, offer.source_ref, offer.form_id, offer.title) == ("yh", "MYH 2024/1", "yh", "Lokförare")
    assert (offer.organisation.kind, offer.organisation.municipality_id) == ("municipal_unit", "0562")
    assert offer.workplace.municipality_id == "0562"
    assert offer.occupation_id == "8311"
    period = offer.periods.get()
    # Granted in 2026, so from week 35 of 2027; 400 points are two years with one summer between.
    assert (period.start, period.end, period.capacity) == (date(2027, 8, 30), date(2029, 6, 1), 60)
    assert offer.apply_by == date(2027, 8, 30)
    assert offer.state == "published"
    assert "antas" in offer.tasks


def test_half_pace_takes_twice_as_long(tmp_path: Path, office: User) -> None:
    import_programmes(actor=office, path=csv_file(tmp_path, {"YH-poäng": "200", "Studietakt %": "50"}))
    assert Offer.objects.get().periods.get().end == date(2029, 6, 1)


def test_a_place_whose_period_is_over_is_closed(tmp_path: Path, office: User) -> None:
    report = import_programmes(actor=office, path=csv_file(tmp_path, {"År": "2020", "YH-poäng": "200"}))
    assert (Offer.objects.get().state, Offer.objects.get().close_reason) == ("closed", "ended")
    assert report.states == {"closed": 1}


def test_a_course_that_has_begun_is_closed_though_it_goes_on(tmp_path: Path, office: User) -> None:
    import_programmes(actor=office, path=csv_file(tmp_path, {"År": "2025"}))
    offer = Offer.objects.get()
    assert (offer.state, offer.periods.get().start, offer.periods.get().end) == (
        "closed",
        date(2026, 8, 24),
        date(2028, 5, 26),
    )


def test_one_that_begins_is_closed_by_the_hourly_job(tmp_path: Path, office: User, frozen_clock: Any) -> None:
    import_programmes(actor=office, path=csv_file(tmp_path, {}))
    frozen_clock.move_to("2027-08-30 12:00:00")
    assert close_overdue() == 0
    frozen_clock.move_to("2027-08-31 12:00:00")
    assert close_overdue() == 1
    assert Offer.objects.get().state == "closed"


def test_without_someone_who_answers_for_it_a_place_waits_for_review(tmp_path: Path) -> None:
    import_programmes(actor=None, path=csv_file(tmp_path, {}))
    assert Offer.objects.get().state == "submitted"


def test_only_the_network_office_imports(tmp_path: Path) -> None:
    stranger = User.objects.create_user("stranger@example.com", name="Stranger")
    with pytest.raises(NotAllowed):
        import_programmes(actor=stranger, path=csv_file(tmp_path, {}))
    assert not Offer.objects.exists()


def test_several_municipalities_are_a_workplace_without_one(tmp_path: Path, office: User) -> None:
    row = {"Kommun": "Flera kommuner", "kommunkod": "", "Huvudmannatyp": "Privat"}
    import_programmes(actor=office, path=csv_file(tmp_path, row))
    workplace = Workplace.objects.get()
    assert (workplace.municipality_id, workplace.lat, workplace.city) == (None, None, "Flera kommuner")
    assert (workplace.organisation.kind, workplace.organisation.municipality_id) == ("education_provider", None)


def test_one_provider_is_one_organisation_with_a_workplace_per_municipality(tmp_path: Path, office: User) -> None:
    provider = "Utbildarna  AB"
    rows = [
        {"Diarienummer": "1", "Utbildningsanordnare administrativ enhet": provider},
        {"Diarienummer": "2", "Utbildningsanordnare administrativ enhet": "utbildarna AB "},
        {
            "Diarienummer": "3",
            "Utbildningsanordnare administrativ enhet": provider,
            "Kommun": "Luleå",
            "kommunkod": "2580",
        },
    ]
    import_programmes(actor=office, path=csv_file(tmp_path, *rows))
    assert Organisation.objects.count() == 1
    assert sorted(Workplace.objects.values_list("municipality", flat=True)) == ["0562", "2580"]


@pytest.mark.parametrize(
    ("provider", "code"),
    [
        ("Oskarshamns kommun, Nova Utbildning", "0882"),
        ("Borås Stad - Yrkeshögskolan i Borås", "1490"),
        ("Campus Varberg/Varbergs kommun", "1383"),
        ("Upplands-Bro kommun, Vuxenutbildningen", "0139"),
        ("Falu kommun Vuxenutbildningen", "2080"),
        ("Region Gotland, Campus Gotland", "0980"),
        ("Göteborgs Stad", "1480"),
        ("Yrkeshögskolan Malmö stad", "1280"),
        ("Campus Nyköping", ""),
        ("Region Stockholm", ""),
        ("Region Uppsala", ""),
        ("Lapplands kommunalförbund, Lapplands lärcentra", ""),
    ],
)
def test_the_owner_is_known_only_where_the_name_says_so(provider: str, code: str) -> None:
    assert owner_municipality(provider) == code


def test_an_occupation_is_set_only_when_a_name_means_exactly_one(tmp_path: Path, office: User) -> None:
    row = {"Utbildningsnamn": "Spelprogrammerare", "SUN5 inriktning namn": "Utbildningar till programmerare, spel"}
    import_programmes(actor=office, path=csv_file(tmp_path, row))
    assert Offer.objects.get().occupation_id is None


def test_importing_twice_changes_nothing(tmp_path: Path, office: User) -> None:
    path = csv_file(tmp_path, {}, {"Diarienummer": "2", "År": "2019"})
    import_programmes(actor=office, path=path)
    before = everything()
    report = import_programmes(actor=office, path=path)
    assert (report.changes, report.count("unchanged")) == (0, 2)
    assert everything() == before


def test_news_from_the_source_is_taken_over_and_only_that(tmp_path: Path, office: User) -> None:
    rows: list[dict[str, str]] = [{}, {"Diarienummer": "2"}]
    import_programmes(actor=office, path=csv_file(tmp_path, *rows))
    rows[1] = {"Diarienummer": "2", "Beviljade platser totalt": "80"}
    report = import_programmes(actor=office, path=csv_file(tmp_path, *rows))
    assert (report.count("updated"), report.count("unchanged")) == (1, 1)
    assert Offer.objects.get(source_ref="2").periods.get().capacity == 80


def test_what_an_organisation_has_changed_stays_as_long_as_the_source_says_nothing_new(
    tmp_path: Path, office: User
) -> None:
    path = csv_file(tmp_path, {})
    import_programmes(actor=office, path=path)
    Offer.objects.update(title="Lokförare, nya kursen")
    assert import_programmes(actor=office, path=path).changes == 0
    assert Offer.objects.get().title == "Lokförare, nya kursen"


def test_an_organisation_that_was_taken_over_keeps_its_own_texts(tmp_path: Path) -> None:
    import_interests(actor=None, path=json_file(tmp_path, COMPANY))
    company = Organisation.objects.get()
    hand_over_organisation(actor=None, organisation=company, user=User.objects.create_user("a@example.com", name="A"))
    import_interests(actor=None, path=json_file(tmp_path, {**COMPANY, "about": "Annat."}))
    company.refresh_from_db()
    assert company.about == "Vi utvecklar system."


def test_a_dry_run_shows_everything_and_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = everything()
    call_command("import_places", csv_file(tmp_path, {}), source="yh", dry_run=True, rows=True)
    shown = capsys.readouterr().out
    assert everything() == before
    assert "created    MYH 2024/1  Lokförare" in shown
    assert "nothing was changed" in shown


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_endings_and_byte_order_marks_do_not_matter(tmp_path: Path, ending: str, mark: bytes) -> None:
    path = csv_file(tmp_path, {}, ending=ending)
    path.write_bytes(mark + path.read_bytes())
    assert import_programmes(actor=None, path=path).count("created") == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"kommunkod": "562"}, "line 3: kommunkod 562 has lost its leading zero"),
        ({"kommunkod": "9999"}, "line 3: there is no municipality with code '9999'"),
        ({"kommunkod": "2580"}, "line 3: kommunkod 2580 is Luleå"),
        ({"kommunkod": ""}, "line 3: kommunkod is missing"),
        ({"Beviljade platser totalt": "många"}, "line 3: Beviljade platser totalt is not a whole number: 'många'"),
        ({"Beviljade platser totalt": "0"}, "line 3: Beviljade platser totalt is 0"),
        ({"Beviljade platser totalt": "-5"}, "line 3: Beviljade platser totalt is not a whole number"),
        ({"YH-poäng": "4e2"}, "line 3: YH-poäng is not a whole number"),
        ({"Diarienummer": "1"}, "line 3: Diarienummer 1 stands on line 2 already"),
        ({"Diarienummer": ""}, "line 3: Diarienummer is missing"),
        ({"Utbildningsnamn": ""}, "line 3: Utbildningsnamn is missing"),
    ],
)
def test_a_damaged_line_is_named_and_nothing_is_imported(tmp_path: Path, row: dict[str, str], said: str) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("import_places", csv_file(tmp_path, {"Diarienummer": "1"}, row), source="yh")
    assert f"programmes.csv {said}" in str(refused.value)
    assert refused.value.returncode == 1
    assert not Offer.objects.exists()
    assert not Organisation.objects.exists()


def test_all_damaged_lines_are_shown_at_once(tmp_path: Path) -> None:
    with pytest.raises(DamagedFileError) as refused:
        import_programmes(actor=None, path=csv_file(tmp_path, {"kommunkod": "562"}, {"kommunkod": "9999"}))
    assert [problem.line for problem in refused.value.problems] == [2, 3, 3]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"a;b;c\n1;2;3\n", "separated by semicolons"),
        (b"a,b\n1,2\n", "line 1: the header lacks"),
        (",".join(COLUMNS).encode() + b"\n", "no rows under the header"),
        (",".join(COLUMNS).encode() + b"\n1,2,3\n", "line 2: 3 columns instead of 14"),
        (",".join(COLUMNS).encode() + b"\nG\xf6teborg\n", "line 2: not UTF-8 (byte 0xf6)"),
        (",".join(COLUMNS).encode() + b'\n"2024,open', "line 2: not valid CSV"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "broken.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=r"broken\.csv") as refused:
        call_command("import_places", path, source="yh")
    assert said in str(refused.value)
    assert "Nothing was imported." in str(refused.value)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    columns = tuple(name for name in COLUMNS if name != "kommunkod")
    with pytest.raises(DamagedFileError, match="line 1: the header lacks kommunkod"):
        import_programmes(actor=None, path=csv_file(tmp_path, {}, columns=columns))


def test_a_missing_file_and_an_unknown_person_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nowhere\.csv: cannot be read"):
        call_command("import_places", tmp_path / "nowhere.csv", source="yh")
    with pytest.raises(CommandError, match="nobody has the address"):
        call_command("import_places", csv_file(tmp_path, {}), source="yh", actor="nobody@example.com")


def test_a_company_becomes_an_offer_to_review(tmp_path: Path, office: User) -> None:
    import_interests(actor=office, path=json_file(tmp_path, COMPANY))
    offer = Offer.objects.get()
    # Dates and seats are assumed, so nobody publishes them without asking the company.
    assert (offer.form_id, offer.state, offer.title) == ("lia", "submitted", "Lia hos Exempelbolaget")
    assert (offer.organisation.registration_number, offer.workplace.municipality_id) == (None, None)
    assert (offer.periods.get().start, offer.periods.get().capacity) == (date(2027, 1, 25), 1)
    assert "antaganden" in offer.tasks


def test_a_later_import_of_the_same_interest_keeps_its_dates(tmp_path: Path, frozen_clock: Any) -> None:
    path = json_file(tmp_path, COMPANY)
    import_interests(actor=None, path=path)
    frozen_clock.move_to("2027-03-01 10:00:00")
    assert import_interests(actor=None, path=path).changes == 0
    assert Offer.objects.get().periods.get().start == date(2027, 1, 25)


@pytest.mark.parametrize(
    ("today", "start"),
    [
        (date(2026, 1, 7), date(2026, 1, 19)),
        (date(2026, 2, 1), date(2026, 8, 24)),
        (date(2026, 11, 23), date(2027, 1, 25)),
    ],
)
def test_the_coming_term_has_not_begun(today: date, start: date) -> None:
    assert coming_term(today)[0] == start


def test_a_company_that_takes_no_students_is_skipped(tmp_path: Path) -> None:
    report = import_interests(actor=None, path=json_file(tmp_path, {**COMPANY, "takes_lia": False}))
    assert [(row.what, row.note) for row in report.rows] == [("skipped", "takes no students")]
    assert not Organisation.objects.exists()


def test_contacts_in_a_companys_text_are_not_stored(tmp_path: Path) -> None:
    about = "Kontakta Anna Bergström på anna@bolag.example eller 070-123 45 67."
    import_interests(actor=None, path=json_file(tmp_path, {**COMPANY, "about": about, "web": "javascript:alert(1)"}))
    offer, company = Offer.objects.get(), Organisation.objects.get()
    for text in (offer.tasks, company.about):
        assert not any(word in text for word in ("Anna", "Bergström", "anna@", "070", "67"))
    assert company.website == ""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[{"company": "A",\n "abou', "line 2: not valid JSON"),
        ("{}", "a list of companies is expected"),
        ("[]", "a list of companies is expected"),
        ("[1]", "row 1: an object is expected"),
        (json.dumps([{**COMPANY, "takes_lia": "yes"}]), "row 1: takes_lia has the wrong type"),
        (json.dumps([{k: v for k, v in COMPANY.items() if k != "about"}]), "row 1: about is missing"),
        (json.dumps([COMPANY, COMPANY]), "row 2: the company stands in row 1 already"),
        (json.dumps([{**COMPANY, "company": " "}]), "row 1: company is empty"),
        (json.dumps([{**COMPANY, "programmes": [1]}]), "row 1: programmes must be texts"),
    ],
)
def test_damaged_interests_are_named_and_nothing_is_imported(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CommandError) as refused:
        call_command("import_places", path, source="lia")
    assert said in str(refused.value)
    assert not Organisation.objects.exists()


def test_the_real_programmes_twice(office: User) -> None:
    path = sample("yh_granted_2023_2024.csv")
    report = import_programmes(actor=office, path=path)
    assert (report.count("created"), sum(report.states.values())) == (821, 821)
    municipal = Offer.objects.filter(source="yh", organisation__kind="municipal_unit")
    assert municipal.count() == 199
    assert Offer.objects.filter(source="yh", workplace__municipality=None).count() == 153
    # Granted in 2023 and 2024: all have begun by now.
    assert report.states == {"closed": 821}
    before = everything()
    assert import_programmes(actor=office, path=path).changes == 0
    assert everything() == before


def test_the_real_interests_twice() -> None:
    path = sample("lia_offers_branschdag_2024.redacted.json")
    report = import_interests(actor=None, path=path)
    assert (report.count("created"), report.count("skipped")) == (51, 4)
    before = everything()
    assert import_interests(actor=None, path=path).changes == 0
    assert everything() == before
