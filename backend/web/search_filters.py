"""The words around a search: filters with counters, chips, orders, and the addresses they lead to."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from backend.offers.search import GROUPS, Search, usable_order
from backend.offers.search_facets import Facets, FacetValue
from backend.reference.models import Municipality, OccupationField, PlacementForm, Programme

MULTIPLE = ("form", "field", "programme", "month", "municipality")
# The one order in which an address names its parts, so that the same search always has the same address.
PARTS = ("q", "where", "near", "km", *MULTIPLE, "free", "order", "from")
NAME_OF_GROUP = dict(zip(GROUPS, (*MULTIPLE, "free"), strict=True))
MOST_VALUES = 8


def address(query: QueryDict, *, drop: Iterable[str] = (), without: tuple[str, str] = ("", ""), **changed: str) -> str:
    """The search page's address with parts dropped or changed, in canonical order. Every change begins at the start."""
    gone = {*drop, *changed, "from"}
    pairs = [
        (name, value)
        for name in PARTS
        for value in ([changed[name]] if name in changed else [] if name in gone else _values(query, name))
        if value and (name, value) != without
    ]
    return f"{reverse('search')}?{urlencode(pairs)}" if pairs else reverse("search")


def _values(query: QueryDict, name: str) -> list[str]:
    values = [value.replace("\0", "") for value in query.getlist(name)]
    return sorted(set(values)) if name in MULTIPLE else values[-1:]


def page_address(query: QueryDict, cursor: str) -> str:
    """The same search from a cursor on; "" for none."""
    here = address(query)
    return f"{here}{'&' if '?' in here else '?'}{urlencode({'from': cursor})}" if cursor else ""


def facet_lists(search: Search, facets: Facets) -> list[dict[str, Any]]:
    """The groups of filters: the values that would find something, and those that are chosen already."""
    months = [FacetValue(f"{first:%Y-%m}", date_format(first, "F Y"), count) for first, count in facets.months]
    chosen_months = tuple(f"{first:%Y-%m}" for first in search.months)
    groups = [
        ("form", _("Kind of place"), facets.forms, search.forms),
        ("field", _("Field of work"), facets.fields, search.fields),
        ("programme", _("Your programme"), facets.programmes, search.programmes),
        ("month", _("When"), months, chosen_months),
        ("municipality", _("Municipality"), facets.municipalities, search.municipalities),
    ]
    lists = [
        {"name": name, "legend": legend, "options": _options(values, chosen, all_of_them=name in {"form", "month"})}
        for name, legend, values, chosen in groups
    ]
    free = {
        "value": "1",
        "label": _("Only with free seats"),
        "count": facets.free,
        "checked": search.only_free,
    }
    lists.append({"name": "free", "legend": pgettext("places to take", "Seats"), "options": [free]})
    return [group for group in lists if group["options"]]


def _options(values: list[FacetValue], chosen: tuple[str, ...], *, all_of_them: bool) -> list[dict[str, Any]]:
    """The values with most places and the chosen ones, in the order of the list."""
    most = sorted(values, key=lambda value: -value.count)[: None if all_of_them else MOST_VALUES]
    kept = {value.value for value in most if value.count} | set(chosen)
    return [
        {"value": value.value, "label": value.label, "count": value.count, "checked": value.value in chosen}
        for value in values
        if value.value in kept
    ]


def chosen_filters(query: QueryDict, lists: list[dict[str, Any]]) -> list[dict[str, str]]:
    """A chip for each chosen filter, whose address is this page without it. Values nobody knows show their code.

    One more query for each kind of filter with a value that finds nothing and so is in none of the lists.
    """
    labels = {(group["name"], option["value"]): option["label"] for group in lists for option in group["options"]}
    chips = []
    for name in MULTIPLE:
        values = [value for value in dict.fromkeys(query.getlist(name)) if value]
        names = _names_of(name, [value for value in values if (name, value) not in labels])
        for value in values:
            label = labels.get((name, value)) or names.get(value, value)
            chips.append({"label": label, "url": address(query, without=(name, value))})
    if query.get("free") == "1":
        chips.append({"label": _("Only with free seats"), "url": address(query, drop=["free"])})
    return chips


NAMED: dict[str, type[PlacementForm | OccupationField | Programme | Municipality]] = {
    "form": PlacementForm,
    "field": OccupationField,
    "programme": Programme,
    "municipality": Municipality,
}


def _names_of(name: str, codes: list[str]) -> dict[str, str]:
    known = [code for code in codes if "\0" not in code]
    if not known or name not in NAMED:
        return {}
    return {row.pk: row.name for row in NAMED[name].objects.filter(pk__in=known)}


def title_of(total: int, search: Search) -> str:
    """How many places there are, and where."""
    if search.point is not None:
        return ngettext("%(total)d place near you", "%(total)d places near you", total) % {"total": total}
    if search.place is None:
        return ngettext("%(total)d place", "%(total)d places", total) % {"total": total}
    words = {"total": total, "place": search.place.name}
    if search.radius_km:
        return ngettext("%(total)d place near %(place)s", "%(total)d places near %(place)s", total) % words
    return ngettext("%(total)d place in %(place)s", "%(total)d places in %(place)s", total) % words


def place_text(search: Search) -> str:
    """Where, and how far around it, as a button says it."""
    if search.point is not None:
        return _("Near you, %(km)d km") % {"km": search.radius_km or 0}
    if search.place is None:
        return _("Where?")
    return f"{search.place.name}, {search.radius_km} km" if search.radius_km else search.place.name


def order_links(query: QueryDict, search: Search) -> list[dict[str, Any]]:
    """The orders that make sense for this search, as links."""
    fit = _("Fits you best") if search.scores else _("Best match")
    names = {"fit": fit, "newest": _("Newest"), "closing": _("Closing first"), "distance": _("Nearest")}
    now = usable_order(search)
    usable = {
        "fit": bool(search.scores or search.reading.query),
        "newest": True,
        "closing": True,
        "distance": search.centre is not None,
    }
    return [
        {"label": names[order], "url": address(query, order=order), "current": order == now}
        for order, is_usable in usable.items()
        if is_usable
    ]


def alert_address(search: Search) -> str:
    """The form for an alert, filled with this search."""
    parts = {
        "q": search.text,
        "form": search.forms[0] if search.forms else "",
        "where": search.place.query if search.place else "",
        "municipality": search.municipalities[0] if len(search.municipalities) == 1 else "",
        "km": str(search.radius_km or ""),
    }
    return f"{reverse('alert_new')}?{urlencode({name: value for name, value in parts.items() if value})}"


def ways_on(
    query: QueryDict, facets: Facets, chips: list[dict[str, str]], wider: tuple[int, int] | None
) -> list[dict[str, str]]:
    """Where to go when nothing was found: without one group of filters, or farther around. Only ways that find something.

    wider: the next radius in km that finds something, and how many places.
    """
    ways = []
    labels = {chip["url"]: chip["label"] for chip in chips}
    for group, count in facets.dropped.items():
        if not count:
            continue
        name = NAME_OF_GROUP[group]
        addresses = [address(query, without=(name, value)) for value in query.getlist(name)]
        dropped = ", ".join(labels[url] for url in addresses if url in labels)
        ways.append({"text": without_text(count, dropped), "url": address(query, drop=[name])})
    if wider:
        km, count = wider
        text = ngettext("%(count)d place within %(km)d km", "%(count)d places within %(km)d km", count)
        ways.append({"text": text % {"count": count, "km": km}, "url": address(query, km=str(km))})
    return ways


def without_text(count: int, dropped: str) -> str:
    text = ngettext("%(count)d place without “%(filter)s”", "%(count)d places without “%(filter)s”", count)
    return text % {"count": count, "filter": dropped}
