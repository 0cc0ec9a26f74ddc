"""The search for places: words, a place with a radius, filters with counters, pages, and a way on when nothing is found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from backend.accounts.models import User
from backend.applications.enums import LIVE_STATES
from backend.applications.models import Application
from backend.offers.models import Offer
from backend.offers.selectors import ORDERS, Facets, FacetValue, Search, count_facets, search_offers
from backend.reference.selectors import search_municipality
from backend.suggestions.models import Suggestion
from backend.suggestions.selectors import reasons_texts
from backend.web.access import public
from backend.web.offer_rows import offer_row

PAGE = 20
RADII = (10, 20, 40, 80, 150)
MOST_VALUES = 8
LONGEST_TEXT = 80
MULTIPLE = ("form", "municipality", "field", "programme", "month")


@dataclass(frozen=True)
class Asked:
    """What the address asks for, cleaned. unknown_place: a place name that no municipality has."""

    search: Search
    where: str
    unknown_place: str
    page: int


def read_query(query: QueryDict) -> Asked:
    """Codes that do not exist simply find nothing or are left out; nothing in an address is an error."""
    where = query.get("where", "").strip()[:LONGEST_TEXT]
    found = search_municipality(where) if where else []
    place = found[0] if found else None
    km = query.get("km", "")
    radius = int(km) if km.isascii() and km.isdigit() and int(km) in RADII and place is not None else None
    order = query.get("order", "")
    search = Search(
        text=query.get("q", "").replace("\0", " ").strip()[:LONGEST_TEXT],
        place=place,
        radius_km=radius,
        forms=_codes(query, "form"),
        municipalities=_codes(query, "municipality"),
        fields=_codes(query, "field"),
        programmes=_codes(query, "programme"),
        months=tuple(_months(_codes(query, "month"))),
        only_free=query.get("free") == "1",
        order=order if order in ORDERS else ("distance" if radius else "newest"),
    )
    page = query.get("page", "")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1
    return Asked(search, where, where if where and place is None else "", max(number, 1))


def _codes(query: QueryDict, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code[:40] for code in query.getlist(name) if code and "\0" not in code))[:20]


def _months(texts: Iterable[str]) -> Iterable[date]:
    for text in texts:
        try:
            yield date.fromisoformat(f"{text}-01")
        except ValueError:
            continue


def month_label(first: date) -> str:
    return date_format(first, "F Y")


@public
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    asked = read_query(request.GET)
    search = asked.search
    facets = count_facets(search)
    found = search_offers(search)
    total = found.count()
    last_page = max(1, -(-total // PAGE))
    page = min(asked.page, last_page)
    offers = list(found.for_lists()[(page - 1) * PAGE : page * PAGE])
    applied, reasons = personal_facts(request, offers)
    lists = facet_lists(search, facets)
    chosen = chosen_filters(request.GET, lists)
    context = {
        "title": _title(total, search),
        "q": search.text,
        "where": search.place.name if search.place else asked.where,
        "unknown_place": asked.unknown_place,
        "km": str(search.radius_km or ""),
        "radius_options": [
            ("", _("Only in the municipality")),
            *((str(km), _("Within %(km)d km") % {"km": km}) for km in RADII),
        ],
        "more_text": _place_text(search),
        "facets": lists,
        "free_options": [
            {"value": "1", "label": _("Only with free seats"), "count": facets.free, "checked": search.only_free}
        ],
        "chips": chosen,
        "clear_url": address(request.GET, drop=[*MULTIPLE, "free", "page"]),
        "keep_filters": [(name, value) for name in (*MULTIPLE, "free", "order") for value in request.GET.getlist(name)],
        "keep_words": [
            (name, request.GET.get(name, "")) for name in ("q", "where", "km", "order") if request.GET.get(name)
        ],
        "orders": _orders(request.GET, search),
        "submit": ngettext("Show %(total)d place", "Show %(total)d places", total) % {"total": total},
        "rows": [offer_row(offer, applied=applied, reasons=reasons) for offer in offers],
        "total": total,
        "page_text": _page_text(page, total),
        "previous_url": address(request.GET, page=str(page - 1)) if page > 1 else "",
        "next_url": address(request.GET, page=str(page + 1)) if page < last_page else "",
        "alert_url": alert_address(search),
    }
    return render(request, "pages/public/search.html", context)


def personal_facts(request: HttpRequest, offers: Sequence[Offer]) -> tuple[set[int], dict[int, list[str]]]:
    """For a student: which of the offers they applied for, and why the others fit. Three queries, none for others."""
    user = request.user
    if not isinstance(user, User) or not hasattr(user, "student"):
        return set(), {}
    ids = [offer.pk for offer in offers]
    live = Application.objects.filter(student=user.student, period__offer__in=ids, state__in=[*LIVE_STATES, "approved"])
    suggestions = list(Suggestion.objects.filter(student=user.student, offer__in=ids, dismissed_at__isnull=True))
    texts = reasons_texts(suggestions)
    return set(live.values_list("period__offer", flat=True)), {row.offer_id: texts[row.pk] for row in suggestions}


def facet_lists(search: Search, facets: Facets) -> list[dict[str, Any]]:
    """The groups of filters: the values that would find something, and those that are chosen already."""
    months = [FacetValue(f"{first:%Y-%m}", month_label(first), count) for first, count in facets.months]
    chosen_months = tuple(f"{first:%Y-%m}" for first in search.months)
    groups = [
        ("form", _("Kind of place"), facets.forms, search.forms),
        ("field", _("Field of work"), _most(facets.fields), search.fields),
        ("programme", _("Your programme"), _most(facets.programmes), search.programmes),
        ("month", _("When"), months, chosen_months),
        ("municipality", _("Municipality"), _most(facets.municipalities), search.municipalities),
    ]
    return [
        {"name": name, "legend": legend, "options": _options(values, chosen, facets)}
        for name, legend, values, chosen in groups
    ]


def _most(values: list[FacetValue]) -> list[FacetValue]:
    """The values with most places; chosen ones that are left out come back in `_options`."""
    kept = {value.value for value in sorted(values, key=lambda value: -value.count)[:MOST_VALUES]}
    return [value for value in values if value.value in kept]


def _options(values: list[FacetValue], chosen: tuple[str, ...], facets: Facets) -> list[dict[str, Any]]:
    every = {
        v.value: v for group in (facets.forms, facets.fields, facets.programmes, facets.municipalities) for v in group
    }
    shown = [value for value in values if value.count or value.value in chosen]
    known = {value.value for value in shown}
    shown += [every[code] for code in chosen if code in every and code not in known]
    return [{"value": v.value, "label": v.label, "count": v.count, "checked": v.value in chosen} for v in shown]


def chosen_filters(query: QueryDict, lists: list[dict[str, Any]]) -> list[dict[str, str]]:
    """A chip for each chosen filter, whose address is this page without it. Values nobody knows show their code."""
    labels = {(group["name"], option["value"]): option["label"] for group in lists for option in group["options"]}
    chips = [
        {"label": labels.get((name, value), value), "url": address(query, without=(name, value))}
        for name in MULTIPLE
        for value in dict.fromkeys(query.getlist(name))
        if value
    ]
    if query.get("free") == "1":
        chips.append({"label": _("Only with free seats"), "url": address(query, drop=["free"])})
    return chips


def address(query: QueryDict, *, drop: Iterable[str] = (), without: tuple[str, str] = ("", ""), **changed: str) -> str:
    """The search page's address with parts dropped or changed. Every change begins at the first page."""
    gone = {*drop, *changed, "page"}
    pairs = [
        (name, value)
        for name, values in query.lists()
        for value in values
        if value and name not in gone and (name, value) != without
    ]
    pairs += list(changed.items())
    return f"{reverse('search')}?{urlencode(pairs)}" if pairs else reverse("search")


def _title(total: int, search: Search) -> str:
    if search.place is None:
        return ngettext("%(total)d place", "%(total)d places", total) % {"total": total}
    words = {"total": total, "place": search.place.name}
    if search.radius_km:
        return ngettext("%(total)d place near %(place)s", "%(total)d places near %(place)s", total) % words
    return ngettext("%(total)d place in %(place)s", "%(total)d places in %(place)s", total) % words


def _place_text(search: Search) -> str:
    if search.place is None:
        return _("Where?")
    return f"{search.place.name}, {search.radius_km} km" if search.radius_km else search.place.name


def _orders(query: QueryDict, search: Search) -> list[dict[str, Any]]:
    names = {"newest": _("Newest"), "closing": _("Closing first"), "distance": _("Nearest")}
    usable = [order for order in ORDERS if order != "distance" or search.place is not None]
    return [
        {"label": names[order], "url": address(query, order=order), "current": order == search.order}
        for order in usable
    ]


def _page_text(page: int, total: int) -> str:
    first = (page - 1) * PAGE + 1
    last = min(page * PAGE, total)
    return _("%(first)d–%(last)d of %(total)d") % {"first": first, "last": last, "total": total}


def alert_address(search: Search) -> str:
    """The form for an alert, filled with this search."""
    parts = {
        "q": search.text,
        "form": search.forms[0] if search.forms else "",
        "where": search.place.name if search.place else "",
        "municipality": search.municipalities[0] if len(search.municipalities) == 1 else "",
        "km": str(search.radius_km or ""),
    }
    return f"{reverse('alert_new')}?{urlencode({name: value for name, value in parts.items() if value})}"
