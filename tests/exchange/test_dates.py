"""Dates as people write them: taken when they can be meant in one way, asked about when in two, refused when in none."""

from datetime import date

import pytest
from django.utils import translation

from backend.exchange.dates import DateProblemError, Window, parse_day, parse_period_day

PERIODS = Window(date(2024, 12, 1), date(2036, 12, 1))
BIRTHS = Window(date(1946, 1, 1), date(2014, 12, 31))


@pytest.mark.parametrize(
    "written",
    [
        "2027-01-11", "2027-1-11", "20270111", "2027/01/11", "2027.01.11", "11/1 2027", "11/1/2027", "11.1.2027", "11-1-2027",
        "11 januari 2027", "11 jan 2027", "11 jan. 2027", "den 11 januari 2027", "måndag 11 januari 2027", "11th January 2027",
        "January 11, 2027", "2027-01-11 08:30", "2027-01-11T08:30:00", "270111", "Mån 2027-01-11",
    ],
)  # fmt: skip
def test_one_and_the_same_day(written):
    assert parse_period_day(written, PERIODS, last_of_week=False) == date(2027, 1, 11)


@pytest.mark.parametrize(
    "written",
    ["2027-W02", "2027W02", "2027 v. 2", "2027 v 2", "2027v2", "v. 2 2027", "v2 2027", "2027 vecka 2", "vecka 2, 2027"],
)
def test_a_week_with_its_year(written):
    assert parse_period_day(written, PERIODS, last_of_week=False) == date(2027, 1, 11)
    assert parse_period_day(written, PERIODS, last_of_week=True) == date(2027, 1, 15)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("v. 2", "year of the week"),
        ("2027 v. 53", "no such week"),
        ("snart", "Write the date as"),
        ("2027-02-30", "Write the date as"),
        ("1/25/2027", "Write the date as"),
        ("110127", "four digits"),
        ("11/12 27", None),
        ("27-02-30", "four digits"),
        ("30-01-27", "more than one day"),
    ],
)
def test_what_is_doubtful_is_asked_about(written, words):
    if words is None:
        assert parse_period_day(written, PERIODS, last_of_week=False) == date(2027, 12, 11)
        return
    with pytest.raises(DateProblemError) as refused:
        parse_period_day(written, PERIODS, last_of_week=False)
    with translation.override("en"):
        assert words in str(refused.value.message)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("120501", date(2012, 5, 1)),
        ("650501", date(1965, 5, 1)),
        ("20120501", date(2012, 5, 1)),
        ("1/5 2012", date(2012, 5, 1)),
        ("99-05-01", date(1999, 5, 1)),
    ],
)
def test_a_date_of_birth(written, day):
    assert parse_day(written, BIRTHS) == day


@pytest.mark.parametrize("written", ["12-05-01", "10/05/11"])
def test_two_digits_that_may_be_a_year_or_a_day(written):
    with pytest.raises(DateProblemError) as refused:
        parse_day(written, BIRTHS)
    with translation.override("en"):
        assert "more than one day" in str(refused.value.message)
