"""Open data: the same rows in every format and at every address, and nothing in them that tells of a few people."""

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import combinations

import pytest
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.api.v1.open_data import FigureAnswer, OpenPlaceAnswer, SkillsRowAnswer
from backend.exchange.feeds.open_data import (
    FIGURE_COLUMNS,
    PLACE_COLUMNS,
    STEP,
    Cell,
    Key,
    OpenFigure,
    count_cells,
    figures_of,
    list_figures,
)
from backend.exchange.feeds.skills import SKILLS_COLUMNS
from tests.api.described import check_answer
from tests.api.desk import API, anonymous, refused
from tests.exchange.placing import placed
from tests.factories import OfferFactory, PeriodFactory, StudentFactory

TABLES = {"places": PLACE_COLUMNS, "figures": FIGURE_COLUMNS, "skills": SKILLS_COLUMNS}
SHAPES = {"places": OpenPlaceAnswer, "figures": FigureAnswer, "skills": SkillsRowAnswer}

keys = st.tuples(st.sampled_from(["0562", "0581", ""]), st.sampled_from(["apl", "prao"]), st.sampled_from(["7223", ""]))


@st.composite
def a_cell(draw: st.DrawFn) -> Cell:
    places = draw(st.integers(0, 3))
    seats = draw(st.integers(places, 12)) if places else 0
    return Cell(places, seats, draw(st.integers(0, seats)), draw(st.integers(0, 16)))


worlds = st.dictionaries(keys, a_cell(), max_size=6)
few = settings(max_examples=60, deadline=None, derandomize=True, database=None)


def told(world: Mapping[Key, Cell]) -> dict[Key, OpenFigure]:
    rows = figures_of(world, towns={}, forms={}, groups={})
    return {(row.municipality_code, row.form_code, row.occupation_code): row for row in rows}


@few
@given(worlds)
def test_what_is_left_out_may_be_any_number_below_five_also_for_who_knows_all_the_rest(world):
    """Whoever knows every other cell learns no more of one than the file says about it."""
    shown = told(world)
    for key, cell in world.items():
        lowest = shown[key].placed or 0 if key in shown else 0
        for number in range(lowest, lowest + STEP):
            assert told({**world, key: replace(cell, people=number)}) == shown


@few
@given(worlds)
def test_no_row_and_no_sum_of_rows_tells_of_one_to_four_people(world):
    """Every row is a cell, so there are no totals; nor is any sum or difference of numbers of people a small one."""
    shown = told(world)
    assert set(shown) <= set(world)
    numbers = [row.placed for row in shown.values() if row.placed is not None]
    for chosen in (numbers, *combinations(numbers, 2)):
        assert sum(chosen) % STEP == 0
    assert all(number >= STEP for number in numbers)


@few
@given(worlds, keys, st.integers(1, 16))
def test_two_days_differ_by_whole_fives(world, key, more):
    """Subtracting yesterday's file from today's tells of no smaller group either."""
    today = dict(world)
    today[key] = replace(world.get(key, Cell()), people=world.get(key, Cell()).people + more)
    before, after = told(world), told(today)
    for each in before.keys() | after.keys():
        numbers = [(rows[each].placed or 0) if each in rows else 0 for rows in (before, after)]
        assert (numbers[1] - numbers[0]) % STEP == 0


@pytest.mark.django_db
def test_protected_students_change_no_figure():
    offers = [OfferFactory(period__capacity=50), OfferFactory(form_id="prao", period__capacity=50)]
    for _number in range(9):
        placed(offers[0])
    before, cells = list_figures(), count_cells()
    for offer in offers:
        for number in range(5):
            placed(offer, StudentFactory(is_protected=True, alias=f"Elev {offer.pk}-{number}"))
    assert (list_figures(), count_cells()) == (before, cells)
    placed(offers[0])
    assert list_figures() != before, "the tenth person counts"


# --- formats and addresses ------------------------------------------------------------------------------------------


@pytest.fixture
def town():
    offer = OfferFactory(title="=Åka på sjön; “snöskoter”", period__capacity=30)
    OfferFactory(occupation_id=None)
    StudentFactory.create_batch(6, programme_id="IN")
    for _number in range(6):
        placed(offer)
    return offer


def cells_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


@pytest.mark.django_db
@pytest.mark.parametrize("name", TABLES)
def test_json_csv_and_the_files_of_the_pages_are_one_table(town, client, name):
    where = f"{API}open-data/{name}/"
    json_answer, csv_answer = anonymous().get(where), anonymous().get(where, headers={"accept": "text/csv"})
    for answer in (json_answer, csv_answer):
        check_answer(where, "GET", answer)
        assert answer["ETag"]
        assert "Accept" in answer["Vary"]
    assert csv_answer["Content-Type"] == "text/csv; charset=utf-8"
    assert csv_answer.content == client.get(reverse(f"open_{name}_csv")).content
    assert json_answer.json() == client.get(reverse(f"open_{name}_json")).json()
    items = json_answer.json()["items"]
    assert items
    lines = cells_of(csv_answer.content)
    assert lines[0] == list(items[0]) == [column.heading for column in TABLES[name]] == list(SHAPES[name]().fields)
    as_text = [["" if value is None else str(value) for value in item.values()] for item in items]
    assert [[cell.removeprefix("'") for cell in line] for line in lines[1:]] == as_text


@pytest.mark.django_db
def test_a_title_that_a_spreadsheet_would_calculate_is_text_there(town):
    answer = anonymous().get(f"{API}open-data/places/", headers={"accept": "text/csv"})
    assert next(line[2] for line in cells_of(answer.content)[1:]) == f"'{town.title}"


@pytest.mark.django_db
def test_the_format_is_chosen_as_everywhere_in_the_api():
    where = f"{API}open-data/figures/"
    for accept in ("*/*", "application/json", "application/json, */*"):
        assert anonymous().get(where, headers={"accept": accept})["Content-Type"] == "application/json"
    assert anonymous().get(where, headers={"accept": "text/csv, */*"})["Content-Type"].startswith("text/csv")
    refused(anonymous().get(where, headers={"accept": "application/xml"}), 406, "request.not_acceptable")


@pytest.mark.django_db
def test_a_table_that_one_has_is_not_sent_again():
    where, csv_only = f"{API}open-data/figures/", {"accept": "text/csv"}
    tag = anonymous().get(where, headers=csv_only)["ETag"]
    again = anonymous().get(where, headers={**csv_only, "if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert anonymous().get(where, headers={"if-none-match": tag}).status_code == 200, "JSON is another table"


@pytest.mark.django_db
def test_a_refusal_is_a_problem_also_for_who_wants_csv():
    answer = anonymous().get(f"{API}open-data/figures/?year=2026", headers={"accept": "text/csv"})
    refused(answer, 400, "request.invalid", "year")
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
def test_the_day_of_publication_is_the_swedish_one(client):
    OfferFactory(published_at=datetime(2026, 11, 22, 23, 30, tzinfo=UTC))
    (place,) = client.get(reverse("open_places_json")).json()["items"]
    assert place["published_on"] == "2026-11-23"


@pytest.mark.django_db
def test_two_periods_are_two_rows_with_the_weeks_of_each(client):
    offer = OfferFactory(apply_by=None, period__start=date(2027, 1, 25), period__end=date(2027, 2, 19))
    PeriodFactory(offer=offer, start=date(2027, 5, 3), end=date(2027, 5, 7), capacity=3, taken=1)
    PeriodFactory(offer=offer, start=date(2026, 10, 5), end=date(2026, 10, 9))
    rows = client.get(reverse("open_places_json")).json()["items"]
    assert [(row["first_day"], row["last_day"], row["weeks"], row["seats"], row["free_seats"]) for row in rows] == [
        ("2027-01-25", "2027-02-19", "2027-W04/2027-W07", 2, 2),
        ("2027-05-03", "2027-05-07", "2027-W18", 3, 2),
    ], "a row for each period ahead, none for the one that is over"
    assert len({row["period_id"] for row in rows}) == 2
    assert {row["id"] for row in rows} == {offer.pk}
