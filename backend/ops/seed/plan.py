"""How large the demo is, and the state the parts of the seed share."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from backend.accounts.models import User
from backend.offers.models import Offer
from backend.organisations.models import Organisation, Workplace
from backend.reference.models import Municipality
from backend.students.models import Student

HOME = "0562"
# Members of the network first (the confirmed, then the likely), then other industrial municipalities.
MUNICIPALITIES = (
    *("0562", "0882", "1493", "0481", "2081", "2580"),
    *("2284", "1488", "2584", "0382", "2482", "2084", "0617", "0662"),
    *("2181", "1883", "1783", "1982", "2085", "0685", "1060", "0583", "0665", "1862", "1907"),
)
WEEKS_OF_HOLIDAY = frozenset({51, 52, 53, 1})


@dataclass(frozen=True)
class Plan:
    """Sizes at `scale` 1 are those of the full demo. today: every date of the demo is counted from it."""

    today: date
    scale: float = 1.0
    number: int = 2026

    def random(self, part: str) -> Random:
        """A stream of its own per part, so that a change in one part does not reshuffle the others."""
        return Random(f"{self.number}:{part}")

    def scaled(self, full: int, least: int) -> int:
        return max(least, round(full * self.scale))

    @property
    def municipalities(self) -> tuple[str, ...]:
        return MUNICIPALITIES[: self.scaled(len(MUNICIPALITIES), 3)]

    @property
    def companies(self) -> int:
        return self.scaled(120, 12)

    @property
    def offers(self) -> int:
        return self.scaled(400, 60)

    @property
    def students(self) -> int:
        return self.scaled(2000, 120)

    @property
    def monday(self) -> date:
        return self.today - timedelta(days=self.today.weekday())

    def weeks_from(self, first: int, weeks: int) -> tuple[date, date]:
        """Monday to Friday, `weeks` long, starting `first` weeks from now; not over the turn of the year."""
        start = self.monday + timedelta(weeks=first)
        while start.isocalendar().week in WEEKS_OF_HOLIDAY:
            start += timedelta(weeks=1)
        return start, start + timedelta(weeks=weeks, days=-3)

    def summer_weeks(self, first: int, last: int) -> tuple[date, date]:
        """ISO weeks of the next summer whose jobs are not already over."""
        year = self.today.year
        if self.today > date.fromisocalendar(year, 20, 1):
            year += 1
        return date.fromisocalendar(year, first, 1), date.fromisocalendar(year, last, 5)

    @property
    def school_year(self) -> int:
        """The calendar year in which the school year of today began."""
        return self.today.year if self.today.month >= 8 else self.today.year - 1


@dataclass
class World:
    """What has been planted so far. coordinators and owners: who acts for a municipality (code), an organisation (pk)."""

    municipalities: dict[str, Municipality] = field(default_factory=dict)
    coordinators: dict[str, User] = field(default_factory=dict)
    owners: dict[int, User] = field(default_factory=dict)
    companies: list[Organisation] = field(default_factory=list)
    units: list[Organisation] = field(default_factory=list)
    workplaces: dict[int, list[Workplace]] = field(default_factory=dict)
    trades: dict[int, str] = field(default_factory=dict)
    offers: list[Offer] = field(default_factory=list)
    students: list[Student] = field(default_factory=list)
