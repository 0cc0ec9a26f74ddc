"""Open figures: places, seats and how many students are placed, per municipality, form and occupation.

Places and seats are public as they are: a seat that is not free may be held, proposed or filled, and says of nobody which.
People are counted without those with protected identity; a number below five is left out, and every other is rounded down
to a multiple of five. No totals of people are given: with the rounding, neither a total nor the difference of two days can
bring back a number that was left out.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Sum

from backend.exchange.feeds.places import address_of, periods_ahead, published_on
from backend.exchange.tables import Column
from backend.offers.models import Offer, OfferPeriod
from backend.offers.selectors import open_offers
from backend.placements.enums import PlacementState
from backend.placements.models import Placement
from backend.reference.models import Municipality, OccupationGroup, PlacementForm

STEP = 5
PLACED = (PlacementState.UPCOMING, PlacementState.ONGOING, PlacementState.COMPLETED)


@dataclass(frozen=True)
class OpenFigure:
    """Codes are those of SCB (municipality), SSYK 2012 (occupation) and our own forms; "" where a place names none.

    placed: students placed, rounded down to a multiple of five; None below five.
    """

    municipality_code: str
    municipality: str
    form_code: str
    form: str
    occupation_code: str
    occupation: str
    places: int
    seats: int
    free_seats: int
    placed: int | None


def coarse(number: int) -> int | None:
    return number // STEP * STEP if number >= STEP else None


Key = tuple[str, str, str]


@dataclass
class Cell:
    """What is true of one municipality, form and occupation. people: students placed, protected ones never among them."""

    places: int = 0
    seats: int = 0
    free_seats: int = 0
    people: int = 0

    @property
    def is_told(self) -> bool:
        """Whether there is a row: for a place, or for people who are enough to be told by themselves."""
        return self.places > 0 or coarse(self.people) is not None


def list_figures() -> list[OpenFigure]:
    """Sorted by the three codes. Six queries, however much there is."""
    towns = dict(Municipality.objects.values_list("pk", "name"))
    forms = dict(PlacementForm.objects.values_list("pk", "name_sv"))
    groups = dict(OccupationGroup.objects.values_list("pk", "name_sv"))
    return figures_of(count_cells(), towns=towns, forms=forms, groups=groups)


def count_cells() -> dict[Key, Cell]:
    """Every municipality, form and occupation with a place or a placed student, as it is: not to be told without `figures_of`."""
    cells: dict[Key, Cell] = defaultdict(Cell)
    open_ids = open_offers().order_by().values("pk")
    for town, form, group, number in (
        Offer.objects.filter(pk__in=open_ids)
        .order_by()
        .values_list("workplace__municipality", "form", "occupation")
        .annotate(number=Count("pk"))
    ):
        cells[town or "", form, group or ""].places = number
    for town, form, group, capacity, free in (
        OfferPeriod.objects.filter(offer__in=open_ids)
        .order_by()
        .values_list("offer__workplace__municipality", "offer__form", "offer__occupation")
        .annotate(all=Sum("capacity", default=0), left=Sum(F("capacity") - F("taken"), default=0))
    ):
        cell = cells[town or "", form, group or ""]
        cell.seats, cell.free_seats = capacity, free
    for town, form, group, number in (
        Placement.objects.filter(student__is_protected=False, state__in=PLACED)
        .order_by()
        .values_list("period__offer__workplace__municipality", "period__offer__form", "period__offer__occupation")
        .annotate(number=Count("student", distinct=True))
    ):
        cells[town or "", form, group or ""].people = number
    return dict(cells)


def figures_of(
    cells: Mapping[Key, Cell], *, towns: Mapping[str, str], forms: Mapping[str, str], groups: Mapping[str, str]
) -> list[OpenFigure]:
    """What may be told of the cells. towns, forms, groups: names by code.

    A row is made of its own cell alone: nothing that is told depends on another cell's people.
    """
    return [
        OpenFigure(
            municipality_code=key[0],
            municipality=towns.get(key[0], ""),
            form_code=key[1],
            form=forms.get(key[1], ""),
            occupation_code=key[2],
            occupation=groups.get(key[2], ""),
            places=cell.places,
            seats=cell.seats,
            free_seats=cell.free_seats,
            placed=coarse(cell.people),
        )
        for key, cell in sorted(cells.items(), key=lambda pair: pair[0])
        if cell.is_told
    ]


# Headings of open data are names that programs rely on: the same in every language.
FIGURE_COLUMNS: list[Column[OpenFigure]] = [
    Column(name, lambda row, name=name: getattr(row, name))  # type: ignore[misc]
    for name in OpenFigure.__dataclass_fields__
]


OpenPeriod = tuple[Offer, OfferPeriod]
"""A place and one of its periods that are not over."""

PLACE_COLUMNS: list[Column[OpenPeriod]] = [
    Column("id", lambda row: row[0].pk),
    Column("url", lambda row: address_of(row[0])),
    Column("title", lambda row: row[0].title),
    Column("organisation", lambda row: row[0].organisation.name),
    Column("municipality_code", lambda row: row[0].municipality_code or ""),
    Column("form_code", lambda row: row[0].form_id),
    Column("occupation_code", lambda row: row[0].occupation_id or ""),
    Column("period_id", lambda row: row[1].pk),
    Column("first_day", lambda row: row[1].start),
    Column("last_day", lambda row: row[1].end),
    Column("weeks", lambda row: iso_weeks(row[1])),
    Column("seats", lambda row: row[1].capacity),
    Column("free_seats", lambda row: row[1].free),
    Column("apply_by", lambda row: row[0].apply_by),
    Column("published_on", lambda row: published_on(row[0])),
]


def iso_weeks(period: OfferPeriod) -> str:
    """The ISO weeks of a period for programs: "2027-W04/2027-W07", and "2027-W04" for a single one."""
    named = [f"{day:%G-W%V}" for day in (period.start, period.end)]
    return "/".join(dict.fromkeys(named))


def list_open_places() -> Iterable[OpenPeriod]:
    """A row for each period that is not over: two periods of a place are two, with the weeks between them in neither."""
    return [(offer, period) for offer in open_offers().for_lists().order_by("pk") for period in periods_ahead(offer)]


def items_of(columns: Sequence[Column[Any]], rows: Iterable[Any]) -> list[dict[str, object]]:
    """The rows of a table as objects: heading -> value."""
    return [{str(column.heading): column.value(row) for column in columns} for row in rows]
