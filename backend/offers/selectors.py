"""Questions about offers: the public search with its counters, and the figures of the start page."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import Case, Count, Exists, F, FloatField, Min, OuterRef, Q, Value, When
from django.db.models.functions import ACos, Coalesce, Cos, Greatest, Least, Radians, Sin

from backend.accounts.models import User
from backend.common import clock
from backend.offers.models import Offer, OfferPeriod, OfferQuerySet
from backend.reference.models import Municipality
from backend.reference.models.mixins import TranslatedName, fold
from backend.reference.selectors import equivalent_codes

EARTH_RADIUS_KM = 6371.0
MONTHS_AHEAD = 12
MOST_WORDS = 8
# Words that the Swedish text search leaves out; demanding them would find nothing.
STOP_WORDS = {
    "och",
    "i",
    "på",
    "för",
    "som",
    "en",
    "ett",
    "med",
    "till",
    "av",
    "att",
    "den",
    "det",
    "eller",
    "hos",
    "vid",
}
ORDERS = ("newest", "closing", "distance")


@dataclass(frozen=True)
class Search:
    """What someone looks for. Empty parts do not restrict.

    text: words that must all occur. place: the municipality to search in, or around with radius_km (kilometres).
    months: first days of months in which a period must have days. Codes are those of the reference tables.
    """

    text: str = ""
    place: Municipality | None = None
    radius_km: int | None = None
    forms: tuple[str, ...] = ()
    municipalities: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()
    months: tuple[date, ...] = ()
    only_free: bool = False
    order: str = "newest"


@dataclass(frozen=True)
class FacetValue:
    """A filter value, its name in the active language, and how many places it would leave."""

    value: str
    label: str
    count: int


@dataclass(frozen=True)
class Facets:
    forms: list[FacetValue]
    municipalities: list[FacetValue]
    fields: list[FacetValue]
    programmes: list[FacetValue]
    programmes_for_everyone: int
    months: list[tuple[date, int]]
    free: int


def words_of(text: str) -> list[str]:
    """The words of a search text that are looked for, folded to lower case, at most eight."""
    found = re.findall(r"\w+", text.lower())
    return [word for word in found if word not in STOP_WORDS][:MOST_WORDS]


def open_offers(today: date | None = None) -> OfferQuerySet:
    """Published offers that still have a period ahead and whose last day to apply has not passed."""
    day = today or clock.today()
    ahead = OfferPeriod.objects.filter(offer=OuterRef("pk"), end__gte=day)
    return Offer.objects.published().filter(Exists(ahead)).exclude(apply_by__lt=day)


def search_offers(search: Search) -> OfferQuerySet:
    """The open offers that answer the search, in its order. With a place each row has `distance` in km (may be None)."""
    found = _filtered(search)
    if search.order == "closing":
        return found.order_by(F("apply_by").asc(nulls_last=True), "-published_at", "-pk")
    if search.order == "distance" and search.place is not None:
        return found.order_by(F("distance").asc(nulls_last=True), "-published_at", "-pk")
    return found.order_by("-published_at", "-pk")


def _filtered(search: Search) -> OfferQuerySet:
    found = open_offers()
    for word in words_of(search.text):
        found = found.filter(_has_word(word))
    if search.place is not None:
        found = found.annotate(distance=_distance_from(search.place.lat, search.place.lon))
        if search.radius_km is None:
            found = found.filter(workplace__municipality=search.place)
        else:
            found = found.filter(distance__lte=search.radius_km)
    if search.forms:
        found = found.filter(form__in=search.forms)
    if search.municipalities:
        found = found.filter(workplace__municipality__in=search.municipalities)
    if search.fields:
        found = found.filter(occupation__field__in=search.fields)
    if search.programmes:
        found = found.filter(_open_to(search.programmes))
    if search.months:
        found = found.filter(Exists(_periods_ahead().filter(_in_any_month(search.months))))
    if search.only_free:
        found = found.filter(Exists(_periods_ahead().filter(taken__lt=F("capacity"))))
    return found


def _periods_ahead() -> Any:
    return OfferPeriod.objects.filter(offer=OuterRef("pk"), end__gte=clock.today())


def _has_word(word: str) -> Q:
    """The word begins a word of the text (stemmed), or stands in the company's, place's or occupation's name."""
    folded = fold(word)
    return (
        Q(search=SearchQuery(f"{word}:*", search_type="raw", config="swedish"))
        | Q(title__icontains=word)
        | Q(organisation__name__icontains=word)
        | Q(workplace__municipality__search_key__contains=folded)
        | Q(workplace__city__icontains=word)
        | Q(occupation__search_key__contains=folded)
    )


def _open_to(programmes: Sequence[str]) -> Q:
    codes = {same for code in programmes for same in equivalent_codes(code)}
    through = Offer.programmes.through.objects.filter(offer=OuterRef("pk"))
    return Exists(through.filter(programme__in=codes)) | ~Exists(through)


def _in_any_month(months: Sequence[date]) -> Q:
    found = Q(pk__in=[])
    for first in months:
        found |= Q(start__lt=next_month(first), end__gte=first)
    return found


def next_month(first: date) -> date:
    """The first day of the month after."""
    return (first.replace(day=1) + timedelta(days=32)).replace(day=1)


def months_ahead() -> list[date]:
    """The first days of this month and the eleven after it."""
    months = [clock.today().replace(day=1)]
    while len(months) < MONTHS_AHEAD:
        months.append(next_month(months[-1]))
    return months


def _distance_from(lat: float, lon: float) -> Any:
    """Great-circle distance in km from a point in degrees; the municipality's centre where the site has no point."""
    there_lat = Radians(Coalesce("workplace__lat", "workplace__municipality__lat"))
    there_lon = Radians(Coalesce("workplace__lon", "workplace__municipality__lon"))
    here_lat, here_lon = Radians(Value(lat)), Radians(Value(lon))
    cosine = Sin(here_lat) * Sin(there_lat) + Cos(here_lat) * Cos(there_lat) * Cos(there_lon - here_lon)
    # Rounding may lift the cosine of the same point a hair above one, where ACOS is not defined.
    kept = Least(Value(1.0), Greatest(Value(-1.0), cosine, output_field=FloatField()), output_field=FloatField())
    known = ~Q(workplace__lat__isnull=True, workplace__municipality__isnull=True)
    return Case(When(known, then=Value(EARTH_RADIUS_KM) * ACos(kept)), default=None, output_field=FloatField())


def count_facets(search: Search) -> Facets:
    """For each filter value how many places it would leave with the other filters as they are. Seven queries."""
    programmes, for_everyone = _count_programmes(replace(search, programmes=()))
    return Facets(
        forms=_count(replace(search, forms=()), "form", "form__name_sv", "form__name_en", order="form__position"),
        municipalities=_count(
            replace(search, municipalities=()),
            "workplace__municipality",
            "workplace__municipality__name",
            "workplace__municipality__name",
            order="workplace__municipality__sort_key",
        ),
        fields=_count(
            replace(search, fields=()),
            "occupation__field",
            "occupation__field__name_sv",
            "occupation__field__name_en",
            order="occupation__field__sort_key",
        ),
        programmes=programmes,
        programmes_for_everyone=for_everyone,
        months=_count_months(replace(search, months=())),
        free=_filtered(replace(search, only_free=True)).count(),
    )


def _count(search: Search, key: str, swedish: str, english: str, *, order: str) -> list[FacetValue]:
    rows = (
        _filtered(search)
        .filter(**{f"{key}__isnull": False})
        .order_by()
        .values_list(key, swedish, english, order)
        .annotate(number=Count("pk"))
        .order_by(order)
    )
    return [
        FacetValue(code, TranslatedName.in_active_language(sv, en), number) for code, sv, en, _order, number in rows
    ]


def _count_programmes(search: Search) -> tuple[list[FacetValue], int]:
    """One value per programme name, whatever the series; places for everyone count for each of them."""
    found = _filtered(search)
    everyone = found.filter(programmes__isnull=True).count()
    rows = (
        found.filter(programmes__isnull=False)
        .order_by()
        .values_list("programmes__name_sv")
        .annotate(code=Min("programmes__code"), english=Min("programmes__name_en"), number=Count("pk", distinct=True))
        .order_by("programmes__name_sv")
    )
    values = [
        FacetValue(code, TranslatedName.in_active_language(sv, en), number + everyone) for sv, code, en, number in rows
    ]
    return values, everyone


def _count_months(search: Search) -> list[tuple[date, int]]:
    today = clock.today()
    months = months_ahead()
    counts = (
        _filtered(search)
        .order_by()
        .aggregate(
            **{
                f"m{first:%Y%m}": Count(
                    "pk",
                    distinct=True,
                    filter=Q(periods__end__gte=max(first, today), periods__start__lt=next_month(first)),
                )
                for first in months
            }
        )
    )
    return [(first, counts[f"m{first:%Y%m}"]) for first in months]


def get_offer_to_read(user: User | None, offer_id: int) -> Offer | None:
    """The offer with what its page shows, when the user may know of it."""
    return Offer.objects.visible_to(user).for_lists().prefetch_related("hazards").filter(pk=offer_id).first()


def list_similar_offers(offer: Offer, limit: int = 3) -> list[Offer]:
    """Other open places in the same occupation, else in the same form; those of the same municipality first."""
    others = open_offers().exclude(pk=offer.pk).for_lists()
    alike = Q(form=offer.form_id)
    if offer.occupation is not None:
        alike &= Q(occupation=offer.occupation_id) | Q(occupation__field=offer.occupation.field_id)
    near = Case(When(workplace__municipality=offer.municipality_code, then=Value(0)), default=Value(1))
    return list(others.filter(alike).annotate(near=near).order_by("near", "-published_at", "-pk")[:limit])


@dataclass(frozen=True)
class OpenFigures:
    open_count: int
    new_count: int


def open_figures() -> OpenFigures:
    """How many places are open, and how many of them were published since yesterday at the same time."""
    counts = open_offers().aggregate(
        all=Count("pk"), new=Count("pk", filter=Q(published_at__gte=clock.now() - timedelta(days=1)))
    )
    return OpenFigures(counts["all"], counts["new"])


def count_open_by_municipality() -> dict[str, int]:
    """Open places per municipality code; those in several municipalities are in none."""
    rows = (
        open_offers()
        .filter(workplace__municipality__isnull=False)
        .order_by()
        .values_list("workplace__municipality")
        .annotate(number=Count("pk"))
    )
    return {code: number for code, number in rows if code}
