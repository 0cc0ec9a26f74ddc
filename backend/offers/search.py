"""The public search: what someone looks for, which open places answer it, in which order, and page by page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Generic, Literal, TypeVar

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.core import signing
from django.db.models import Case, Exists, F, FloatField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce

from backend.common import clock
from backend.offers.models import Offer, OfferPeriod, OfferQuerySet, SearchDocument, SearchEntry
from backend.offers.search_distance import KilometresFrom, box_around
from backend.offers.search_seats import has_free_seats
from backend.offers.search_times import Span
from backend.offers.search_words import Reading, read_text
from backend.reference.places import Place, PlaceKind
from backend.reference.selectors import equivalent_codes

MONTHS_AHEAD = 12
FARTHEST_KM = 99_999.0
ORDERS = ("fit", "newest", "closing", "distance")
GROUPS = ("forms", "fields", "programmes", "months", "municipalities", "only_free")
SALT = "offers.search"

Direction = Literal["after", "before"]
Row = TypeVar("Row")
# The id of an offer and its distance in km (None: unknown, or nothing to measure from).
Found = tuple[int, float | None]


@dataclass(frozen=True)
class Search:
    """What someone looks for. Empty parts do not restrict.

    text: words that must all occur. place: the municipality to search in, or the place to search around with radius_km
    (kilometres); a town or a postcode needs a radius to restrict.
    point: (latitude, longitude) in degrees to search around instead of a place; needs a radius to restrict.
    months: first days of months in which a period must have days. Codes are those of the reference tables.
    scores: (offer id, 0 to 1) of the places that fit the person who asks, for the order "fit"; beside them it counts
    how well the words fit.
    """

    text: str = ""
    place: Place | None = None
    radius_km: int | None = None
    forms: tuple[str, ...] = ()
    municipalities: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()
    months: tuple[date, ...] = ()
    only_free: bool = False
    order: str = "newest"
    point: tuple[float, float] | None = None
    scores: tuple[tuple[int, float], ...] = ()

    @property
    def centre(self) -> tuple[float, float] | None:
        """Where distances are measured from, in degrees."""
        if self.point is not None:
            return self.point
        return (self.place.lat, self.place.lon) if self.place is not None else None

    @property
    def is_in_municipality(self) -> bool:
        """Whether the borders of the municipality count, and no distance."""
        is_municipality = self.place is not None and self.place.kind is PlaceKind.MUNICIPALITY
        return is_municipality and self.point is None and self.radius_km is None

    @cached_property
    def reading(self) -> Reading:
        """How the text is understood; asks the database once."""
        return read_text(self.text)

    def in_order(self, order: str) -> "Search":
        """The same search in another order; what was read of its text is not asked again."""
        other = replace(self, order=order)
        if "reading" in vars(self):
            vars(other)["reading"] = self.reading
        return other


@dataclass(frozen=True)
class SearchPage(Generic[Row]):
    """A page of results. first: the position of the first row, from 1. previous, next: cursors, "" where there is no
    further page.
    """

    rows: list[Row]
    first: int
    previous: str
    next: str


def open_offers(today: date | None = None) -> OfferQuerySet:
    """Published offers that still have a period ahead and whose last day to apply has not passed."""
    day = today or clock.today()
    ahead = OfferPeriod.objects.filter(offer=OuterRef("pk"), end__gte=day)
    return Offer.objects.published().filter(Exists(ahead)).exclude(apply_by__lt=day)


def open_entries() -> "QuerySet[SearchEntry]":
    """The search rows of the same offers."""
    today = clock.today()
    return SearchEntry.objects.filter(last_day__gte=today, closes_on__gte=today)


def entries_around(search: Search) -> "QuerySet[SearchEntry]":
    """Open entries by text and place alone. With a centre each has `distance` in km (None: unknown)."""
    found = open_entries()
    if search.reading.spans:
        found = found.filter(pk__in=_periods_in(search.reading.spans))
    if search.reading.query:
        documents = SearchDocument.objects.filter(words=_text_query(search))
        if search.centre is not None and search.radius_km is not None:
            documents = documents.filter(box_around(*search.centre, search.radius_km))
        found = found.filter(pk__in=documents.values("pk"))
    if search.centre is not None:
        found = found.annotate(distance=KilometresFrom(*search.centre))
        if search.radius_km is not None:
            found = found.filter(box_around(*search.centre, search.radius_km), distance__lte=search.radius_km)
    if search.is_in_municipality and search.place is not None:
        found = found.filter(municipality=search.place.municipality_code)
    return found


def _periods_in(spans: Sequence[Span]) -> "QuerySet[OfferPeriod, Any]":
    """The offers with a period that is not over and has a day in one of the spans."""
    days = Q()
    for first, last in spans:
        days |= Q(start__lte=last, end__gte=first)
    return OfferPeriod.objects.filter(days, end__gte=clock.today()).values("offer")


def matching_entries(search: Search) -> "QuerySet[SearchEntry]":
    """The entries that answer the whole search, in no order."""
    return entries_around(search).filter(*conditions(search).values())


def conditions(search: Search) -> dict[str, Q]:
    """What each group of filters asks of an entry, by the group's name; only groups in which something is chosen."""
    asked: dict[str, Q] = {}
    if search.forms:
        asked["forms"] = Q(form__in=search.forms)
    if search.fields:
        asked["fields"] = Q(field__in=search.fields)
    if search.programmes:
        codes = {same for code in search.programmes for same in equivalent_codes(code)}
        asked["programmes"] = Q(programmes=[]) | Q(programmes__overlap=sorted(codes))
    if search.months:
        asked["months"] = in_any_month(search.months)
    if search.municipalities:
        asked["municipalities"] = Q(municipality__in=search.municipalities)
    if search.only_free:
        asked["only_free"] = has_free_seats()
    return asked


def in_any_month(months: Sequence[date]) -> Q:
    """Entries with a day ahead in one of the months. Only of the current month may a part have passed."""
    today = clock.today()
    this = today.replace(day=1)
    found = Q(months__overlap=[first.year * 100 + first.month for first in months if first > this])
    if this in months:
        found |= is_in_current_month()
    return found


def is_in_current_month() -> Q:
    this = clock.today().replace(day=1)
    ahead = OfferPeriod.objects.filter(offer=OuterRef("pk"), end__gte=clock.today(), start__lt=next_month(this))
    return Q(months__contains=[this.year * 100 + this.month]) & Q(Exists(ahead))


def next_month(first: date) -> date:
    """The first day of the month after."""
    return (first.replace(day=1) + timedelta(days=32)).replace(day=1)


def months_ahead() -> list[date]:
    """The first days of this month and the eleven after it."""
    months = [clock.today().replace(day=1)]
    while len(months) < MONTHS_AHEAD:
        months.append(next_month(months[-1]))
    return months


def _text_query(search: Search) -> SearchQuery:
    return SearchQuery(search.reading.query, search_type="raw", config="simple")


# --- orders and pages ---------------------------------------------------------------------------------------------


def usable_order(search: Search) -> str:
    """The order asked for, or the newest first where that one has nothing to go by."""
    if search.order == "distance" and search.centre is None:
        return "newest"
    if search.order == "fit" and not search.scores and not search.reading.query:
        return "newest"
    return search.order if search.order in ORDERS else "newest"


def _ordered(entries: "QuerySet[SearchEntry]", search: Search) -> "tuple[QuerySet[SearchEntry], tuple[str, str]]":
    """The entries with what they are sorted by. Both keys are never null, and the second one is unique."""
    order = usable_order(search)
    if order == "closing":
        return entries, ("closes_on", "-offer_id")
    if order == "distance":
        return entries.annotate(way=Coalesce("distance", Value(FARTHEST_KM), output_field=FloatField())), (
            "way",
            "-offer_id",
        )
    if order == "fit":
        return entries.annotate(fit=_fit(search)), ("-fit", "-offer_id")
    return entries, ("-published_at", "-offer_id")


def _fit(search: Search) -> Any:
    """The score of a suggestion (0 to 1), and how well the words fit (0 to 1)."""
    fit: Any = Value(0.0)
    if search.reading.query:
        document = SearchDocument.objects.filter(pk=OuterRef("pk"))
        rank = Cast(SearchRank(F("words"), _text_query(search), normalization=32), FloatField())
        fit = Subquery(document.values(rank=rank), output_field=FloatField())
    if search.scores:
        score = Case(*(When(pk=pk, then=Value(number)) for pk, number in search.scores), output_field=FloatField())
        # The outer question is answered by a hash, so that the long inner one is asked of a few rows only.
        ids = [pk for pk, _number in search.scores]
        fit = fit + Case(When(pk__in=ids, then=score), default=0.0, output_field=FloatField())
    return fit


def search_offers(search: Search) -> OfferQuerySet:
    """The open offers that answer the search, in its order. With a centre each row has `distance` in km (may be None).

    For feeds, exports and short lists; pages of the search come from `find_page`.
    """
    entries, keys = _ordered(matching_entries(search), search)
    found = Offer.objects.filter(pk__in=entries.values("pk"))
    names = [name for name in ("distance", "way", "fit") if name in entries.query.annotations]
    for name in names:
        found = found.annotate(
            **{name: Subquery(entries.filter(pk=OuterRef("pk")).values(name)[:1], output_field=FloatField())}
        )
    of_offer = {"published_at": "entry__published_at", "closes_on": "entry__closes_on", "offer_id": "pk"}
    return found.order_by(*(_renamed(key, of_offer) for key in keys))


def _renamed(key: str, names: dict[str, str]) -> str:
    sign, name = ("-", key[1:]) if key.startswith("-") else ("", key)
    return sign + names.get(name, name)


def find_page(search: Search, cursor: str = "", *, size: int = 20) -> SearchPage[Offer]:
    """A page of offers as `for_place_rows` has them, with `distance` in km (None: unknown). Four queries."""
    return find_page_of(load_offers, search, cursor, size=size)


def find_page_of(
    load: Callable[[Sequence[Found]], list[Row]], search: Search, cursor: str = "", *, size: int
) -> SearchPage[Row]:
    """The page that begins (or, going back, ends) at the cursor: one query, and those of `load`, which makes rows of what
    was found and may leave out what is gone by then.

    A cursor that is not ours, or was made for another order, starts from the beginning.
    """
    entries, keys = _ordered(matching_entries(search), search)
    where = _read_cursor(cursor, keys)
    direction: Direction = where[0] if where else "after"
    way = keys if direction == "after" else tuple(_turned(key) for key in keys)
    if where:
        entries = entries.filter(_beyond(way, where[2], where[3]))
    columns = ["pk", keys[0].lstrip("-"), *(["distance"] if search.centre is not None else [])]
    rows = list(entries.order_by(*way).values_list(*columns)[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    if direction == "before":
        rows.reverse()
    anchor = where[1] if where else 0  # how many rows stand before the cursor's row, which is not shown itself
    first = anchor + 1 if direction == "after" else max(1, anchor - len(rows) + 1)
    has_previous = bool(where) and (direction == "after" or more) and bool(rows)
    has_next = more if direction == "after" else True
    return SearchPage(
        rows=load([(row[0], row[2] if search.centre is not None else None) for row in rows]),
        first=first,
        previous=_write_cursor("before", first - 1, keys, rows[0]) if has_previous else "",
        next=_write_cursor("after", first + len(rows) - 1, keys, rows[-1]) if has_next and rows else "",
    )


def load_offers(found: Sequence[Found]) -> list[Offer]:
    offers = Offer.objects.for_place_rows().in_bulk([pk for pk, _distance in found])
    rows = []
    for pk, distance in found:
        offer = offers.get(pk)
        if offer is not None:
            offer.distance = distance  # type: ignore[attr-defined]  # what the annotation of search_offers gives
            rows.append(offer)
    return rows


def _turned(key: str) -> str:
    return key[1:] if key.startswith("-") else f"-{key}"


def _beyond(keys: tuple[str, ...], value: Any, pk: int) -> Q:
    """Rows after (value, pk) in this order. The first part alone lets an index find the beginning."""
    first, second = (f"{key.lstrip('-')}__{'lt' if key.startswith('-') else 'gt'}" for key in keys)
    return Q(**{f"{first}e": value}) & (Q(**{first: value}) | Q(**{keys[0].lstrip("-"): value, second: pk}))


def _write_cursor(direction: Direction, position: int, keys: tuple[str, str], row: Sequence[Any]) -> str:
    value = row[1].isoformat() if isinstance(row[1], date) else row[1]
    return signing.dumps([direction, position, keys[0], value, row[0]], salt=SALT)


def _read_cursor(cursor: str, keys: tuple[str, str]) -> tuple[Direction, int, Any, int] | None:
    if not cursor:
        return None
    try:
        direction, position, key, value, pk = signing.loads(cursor, salt=SALT)
    except (signing.BadSignature, ValueError):
        return None
    if key != keys[0]:
        return None
    kinds = {"-published_at": datetime.fromisoformat, "closes_on": date.fromisoformat}
    return direction, position, kinds.get(key, float)(value), pk
