"""Working days of Swedish offices: known dates of 2026 and 2027."""

from datetime import UTC, date, datetime

import pytest

from backend.common.workdays import add_working_days, is_working_day


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 4, 3),  # Good Friday
        date(2026, 5, 1),
        date(2026, 5, 14),  # Ascension Day
        date(2026, 6, 19),  # Midsummer Eve
        date(2026, 12, 24),
        date(2026, 12, 25),
        date(2026, 12, 31),
        date(2027, 1, 1),
        date(2027, 1, 6),
        date(2027, 3, 29),  # Easter Monday
        date(2027, 6, 25),  # Midsummer Eve
        date(2026, 11, 28),
        date(2026, 11, 29),
    ],
)
def test_days_off(day):
    assert not is_working_day(day)


@pytest.mark.parametrize(
    "day", [date(2026, 4, 2), date(2026, 4, 30), date(2026, 12, 23), date(2027, 1, 5), date(2027, 6, 7)]
)
def test_days_with_a_short_afternoon_are_working_days(day):
    assert is_working_day(day)


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        ((2026, 11, 23), 5, (2026, 11, 30)),
        ((2026, 11, 27), 1, (2026, 11, 30)),
        ((2026, 11, 28), 1, (2026, 11, 30)),
        ((2026, 12, 23), 1, (2026, 12, 28)),
        ((2026, 12, 30), 2, (2027, 1, 5)),
        ((2026, 12, 30), 3, (2027, 1, 7)),
        ((2027, 3, 25), 1, (2027, 3, 30)),
    ],
)
def test_an_answer_is_due_after_days_on_which_somebody_works(start, days, expected):
    assert add_working_days(datetime(*start, 9, tzinfo=UTC), days).date() == date(*expected)


def test_the_time_of_day_is_swedish_over_the_change_of_clocks():
    due = add_working_days(datetime(2027, 3, 26 - 1, 9, 0, tzinfo=UTC), 1)
    assert due.astimezone(UTC) == datetime(2027, 3, 30, 8, 0, tzinfo=UTC)


def test_the_day_is_the_swedish_one_late_in_the_evening():
    """23.30 UTC on a Friday is Saturday in Sweden: the next working day is Monday."""
    assert add_working_days(datetime(2026, 11, 27, 23, 30, tzinfo=UTC), 1).astimezone(UTC) == datetime(
        2026, 11, 29, 23, 30, tzinfo=UTC
    )
