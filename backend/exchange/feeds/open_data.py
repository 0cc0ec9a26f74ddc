"""Open figures: places, seats and how many students are placed, per municipality, form and occupation.

Places and seats are public as they are. People are counted without those with protected identity; a number below five is
left out, and every other is rounded down to a multiple of five. No totals of people are given: with the rounding, neither
a total nor the difference of two days can bring back a number that was left out.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, F, Sum

from backend.exchange.feeds.places import address_of
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


def list_figures() -> list[OpenFigure]:
    """Sorted by the three codes. Six queries, however much there is."""
    places: dict[Key, int] = defaultdict(int)
    seats: dict[Key, tuple[int, int]] = defaultdict(lambda: (0, 0))
    placed: dict[Key, int] = defaultdict(int)
    open_ids = open_offers().order_by().values("pk")
    for town, form, group, number in (
        Offer.objects.filter(pk__in=open_ids)
        .order_by()
        .values_list("workplace__municipality", "form", "occupation")
        .annotate(number=Count("pk"))
    ):
        places[town or "", form, group or ""] = number
    for town, form, group, capacity, free in (
        OfferPeriod.objects.filter(offer__in=open_ids)
        .order_by()
        .values_list("offer__workplace__municipality", "offer__form", "offer__occupation")
        .annotate(all=Sum("capacity"), left=Sum(F("capacity") - F("taken")))
    ):
        seats[town or "", form, group or ""] = (capacity or 0, free or 0)
    for town, form, group, number in (
        Placement.objects.filter(student__is_protected=False, state__in=PLACED)
        .order_by()
        .values_list("period__offer__workplace__municipality", "period__offer__form", "period__offer__occupation")
        .annotate(number=Count("student", distinct=True))
    ):
        placed[town or "", form, group or ""] = number
    towns = dict(Municipality.objects.values_list("pk", "name"))
    forms = dict(PlacementForm.objects.values_list("pk", "name_sv"))
    groups = dict(OccupationGroup.objects.values_list("pk", "name_sv"))
    shown = set(places) | {key for key, number in placed.items() if number >= STEP}
    return [
        OpenFigure(
            municipality_code=key[0],
            municipality=towns.get(key[0], ""),
            form_code=key[1],
            form=forms.get(key[1], ""),
            occupation_code=key[2],
            occupation=groups.get(key[2], ""),
            places=places[key],
            seats=seats[key][0],
            free_seats=seats[key][1],
            placed=coarse(placed[key]),
        )
        for key in sorted(shown)
    ]


# Headings of open data are names that programs rely on: the same in every language.
FIGURE_COLUMNS: list[Column[OpenFigure]] = [
    Column(name, lambda row, name=name: getattr(row, name))  # type: ignore[misc]
    for name in OpenFigure.__dataclass_fields__
]


def _open_seats(offer: Offer) -> tuple[int, int]:
    periods = list(offer.periods.all())
    return sum(period.capacity for period in periods), sum(period.free for period in periods)


PLACE_COLUMNS: list[Column[Offer]] = [
    Column("id", lambda offer: offer.pk),
    Column("url", address_of),
    Column("title", lambda offer: offer.title),
    Column("organisation", lambda offer: offer.organisation.name),
    Column("municipality_code", lambda offer: offer.municipality_code or ""),
    Column("form_code", lambda offer: offer.form_id),
    Column("occupation_code", lambda offer: offer.occupation_id or ""),
    Column("first_day", lambda offer: min((period.start for period in offer.periods.all()), default=None)),
    Column("last_day", lambda offer: max((period.end for period in offer.periods.all()), default=None)),
    Column("seats", lambda offer: _open_seats(offer)[0]),
    Column("free_seats", lambda offer: _open_seats(offer)[1]),
    Column("apply_by", lambda offer: offer.apply_by),
    Column("published_on", lambda offer: offer.published_at.date() if offer.published_at else None),
]


def list_open_places() -> Iterable[Offer]:
    return open_offers().for_lists().order_by("pk")
