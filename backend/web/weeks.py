"""Dates as the pages write them; see `backend.common.weeks`, which files and exports use too."""

from backend.common.weeks import (
    DASH,
    LONG_AGO,
    NBSP,
    SWEDISH_MONTHS,
    format_day,
    format_day_and_time,
    format_moment,
    format_recent,
    format_week,
    format_weeks,
    is_swedish,
    local_date,
    week_word,
)

__all__ = [
    "DASH",
    "LONG_AGO",
    "NBSP",
    "SWEDISH_MONTHS",
    "format_day",
    "format_day_and_time",
    "format_moment",
    "format_recent",
    "format_week",
    "format_weeks",
    "is_swedish",
    "local_date",
    "week_word",
]
