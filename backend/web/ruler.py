"""The week ruler: ISO weeks as a steel rule with periods on it, drawn by the `ruler` component.

All positions are percentages as strings ("32.14%"), so that the page language never turns a decimal point into a comma.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from backend.web.weeks import format_week, format_weeks

BarKind = Literal["main", "alt", "hold"]
MOST_LABELS = 8


@dataclass(frozen=True)
class Period:
    """What to draw: first and last day, how (main = solid, alt = pale, hold = dashed), and its name for listeners."""

    start: date
    end: date
    kind: BarKind = "main"
    name: str = ""


@dataclass(frozen=True)
class Tick:
    """One Monday. The text is empty between labels."""

    x: str
    text: str
    anchor: Literal["start", "end"] = "start"

    @property
    def is_labelled(self) -> bool:
        """Whether the week number stands under the tick."""
        return bool(self.text)


@dataclass(frozen=True)
class Bar:
    """A drawn period."""

    x: str
    width: str
    kind: BarKind
    text: str


@dataclass(frozen=True)
class Ruler:
    """Everything the component draws. `today` is empty where today lies outside."""

    ticks: Sequence[Tick]
    bars: Sequence[Bar]
    today: str
    today_anchor: Literal["start", "end"]
    summary: str


def percent(part: float, whole: float) -> str:
    """A share as an SVG length."""
    return f"{100 * part / whole:.2f}%"


def monday(day: date) -> date:
    """The Monday of the day's ISO week."""
    return day - timedelta(days=day.weekday())


def label_step(weeks: int) -> int:
    """Weeks between labels: the smallest of 1, 2, 4, 8 ... that keeps the labels apart."""
    step = 1
    while weeks / step > MOST_LABELS:
        step *= 2
    return step


def build_ticks(first: date, weeks: int) -> list[Tick]:
    """A tick per Monday; week 1 always has its label, and labels too near it are left out."""
    step = label_step(weeks)
    mondays = [first + timedelta(weeks=n) for n in range(weeks + 1)]
    new_years = [n for n, day in enumerate(mondays) if day.isocalendar().week == 1]
    ticks = []
    for n, day in enumerate(mondays):
        week = day.isocalendar().week
        crowded = any(0 < abs(n - other) < (step + 1) / 2 for other in new_years)
        shown = n < weeks and (n == 0 or week == 1 or (week % step == 0 and n * 2 >= step and not crowded))
        text = (format_week(day) if n == 0 or week == 1 else str(week)) if shown else ""
        ticks.append(Tick(percent(n, weeks), text, "end" if n > 0.94 * weeks else "start"))
    return ticks


def build_ruler(start: date, end: date, periods: Iterable[Period], *, today: date | None = None) -> Ruler:
    """Draw whole ISO weeks from `start` to `end` (both included) with the periods clipped to them.

    Raises ValueError where the end comes before the start.
    """
    if end < start:
        raise ValueError(f"The ruler ends ({end}) before it starts ({start})")
    first, after = monday(start), monday(end) + timedelta(weeks=1)
    days = (after - first).days
    bars, spoken = [], []
    for period in periods:
        left = max((period.start - first).days, 0)
        # Practice weeks end on a Friday; the bar fills the week so that its edges meet the ticks.
        right = min((monday(period.end) + timedelta(weeks=1) - first).days, days)
        if right <= left:
            continue
        text = f"{period.name} {format_weeks(period.start, period.end)}".strip()
        bars.append(Bar(percent(left, days), percent(right - left, days), period.kind, text))
        spoken.append(text)
    inside = today is not None and first <= today < after
    offset = (today - first).days if today is not None and inside else 0
    return Ruler(
        ticks=build_ticks(first, days // 7),
        bars=bars,
        today=percent(offset, days) if inside else "",
        today_anchor="end" if offset > 0.85 * days else "start",
        summary=", ".join(spoken),
    )
