"""The search for places: words, a place or the own position with a radius, filters with counters, pages, and a way on
when nothing is found.
"""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.cache import caches
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from backend.accounts.models import User
from backend.applications.models import Application
from backend.applications.selectors import under_way
from backend.offers.models import Offer
from backend.offers.search import Search, find_page, matching_entries
from backend.offers.search_address import RADII, Asked, read_query
from backend.offers.search_facets import Facets, count_facets
from backend.offers.search_near import list_near_occupations
from backend.reference.places import PlaceKind
from backend.rounds.selectors import mark_kept
from backend.suggestions.models import Suggestion
from backend.suggestions.selectors import reasons_texts, scores_for
from backend.web.access import public
from backend.web.municipality_map import MapMember, build_map
from backend.web.offer_rows import offer_row
from backend.web.search_filters import (
    MULTIPLE,
    address,
    alert_address,
    chosen_filters,
    facet_lists,
    order_links,
    page_address,
    place_text,
    title_of,
    ways_on,
    without_text,
)
from backend.web.work import mark_forbidden

PAGE = 20
MOST_WORDS_TRIED = 4
FIELDS_OFFERED = 4
# Above this many hits the one that fits best says little and costs much: the newest come first.
MOST_RANKED = 2_000
# Counting this many places takes a while, and nobody sees whether the number is half a minute old.
MANY = 2_000
COUNTERS_KEPT = 30  # seconds


@public
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    asked = read_query(dict(request.GET.lists()))
    search = replace(asked.search, scores=suggestion_scores(request)) if asked.search.order == "fit" else asked.search
    facets = counted(search)
    if search.order == "fit" and not search.scores and facets.total > MOST_RANKED:
        search = search.in_order("newest")
    page = find_page(search, asked.cursor, size=PAGE)
    applied, reasons = personal_facts(request, page.rows)
    mark_kept(page.rows)
    lists = facet_lists(search, facets)
    chips = chosen_filters(request.GET, lists)
    context = {
        "title": title_of(facets.total, search),
        "q": search.text,
        "where": _where(asked),
        "near": f"{search.point[0]},{search.point[1]}" if search.point else "",
        "unknown_place": asked.unknown_place,
        "guessed_place": asked.where if asked.guessed_place else "",
        "place": search.place,
        "other_places": [
            {"label": each.label, "url": address(request.GET, where=each.query)} for each in asked.other_places
        ],
        "replaced": search.reading.replaced,
        "unknown": search.reading.unknown,
        "asks_nothing": search.text if search.reading.asks_nothing else "",
        "near_occupations": [],
        "km": str(search.radius_km or ""),
        "radius_options": [
            *([("", _("Only in the municipality"))] if _has_borders(search) else []),
            *((str(km), _("Within %(km)d km") % {"km": km}) for km in RADII),
        ],
        "more_text": place_text(search),
        "facets": lists,
        "chips": chips,
        "clear_url": address(request.GET, drop=[*MULTIPLE, "free"]),
        "keep_filters": [
            (name, value) for name in (*MULTIPLE, "free", "order") for value in request.GET.getlist(name) if value
        ],
        "keep_words": [
            (name, request.GET.get(name, "")) for name in ("q", "where", "near", "km", "order") if request.GET.get(name)
        ],
        "orders": order_links(request.GET, search),
        "submit": ngettext("Show %(total)d place", "Show %(total)d places", facets.total) % {"total": facets.total},
        "rows": [offer_row(offer, applied=applied, reasons=reasons) for offer in page.rows],
        "total": facets.total,
        "page_text": _page_text(page.first, len(page.rows), facets.total),
        "previous_url": page_address(request.GET, page.previous),
        "next_url": page_address(request.GET, page.next),
        "alert_url": alert_address(search),
        "canonical": settings.SITE_URL + address(request.GET),
        "feed_query": address(request.GET).partition("?")[2],
        "map": _map(facets) if request.GET.get("map") == "1" else None,
        "map_url": address(request.GET) + ("&" if "?" in address(request.GET) else "?") + "map=1",
        "ways": [],
        "without_words": None,
    }
    if not facets.total:
        context["ways"] = ways_on(request.GET, facets, chips, _wider(search))
        context["near_occupations"] = [
            {"text": group.name, "url": f"{reverse('search')}?{urlencode({'q': group.name})}"}
            for group in list_near_occupations(search.reading.unknown)
        ]
        others = counted(replace(search, text="", scores=())) if search.text else None
        context["without_words"] = _without_words(request.GET, search, others)
        if len(search.text.split()) > 1 or not (context["ways"] or context["without_words"]):
            context["ways"] += _with_less(search)
        if not context["ways"]:
            context["ways"] = _by_field(request.GET, others)
    response = render(request, "pages/public/search.html", context)
    if request.headers.get("HX-Request") == "true":
        response["HX-Push-Url"] = address(request.GET)
    return response


def _has_borders(search: Search) -> bool:
    """A town and a postcode have none that we know: there the distance always counts."""
    return search.place is None or search.place.kind is PlaceKind.MUNICIPALITY


def _where(asked: Asked) -> str:
    """What the field for the place shows: what was understood, as it finds the same again."""
    place = asked.search.place
    return place.query if place is not None and not place.is_approximate else place.name if place else asked.where


def counted(search: Search) -> Facets:
    """The counters; of very many places at most half a minute old."""
    kept = caches["counters"]
    key = sha256(repr((get_language(), replace(search, order="", scores=()))).encode()).hexdigest()
    facets: Facets | None = kept.get(key)
    if facets is None:
        facets = count_facets(search)
        if facets.base >= MANY:
            kept.set(key, facets, COUNTERS_KEPT)
    return facets


def _map(facets: Facets) -> Any:
    return build_map(MapMember(value.value, value.label, value.count) for value in facets.municipalities[:40])


def _wider(search: Search) -> tuple[int, int] | None:
    """The next radius (km) that finds something, and how many places. One query, none without a centre."""
    radii = [km for km in RADII if km > (search.radius_km or 0)]
    if search.centre is None or not radii:
        return None
    found = matching_entries(replace(search, radius_km=max(radii)))
    counts = found.aggregate(**{f"km{km}": Count("pk", filter=Q(distance__lte=km)) for km in radii})
    return next(((km, counts[f"km{km}"]) for km in radii if counts[f"km{km}"]), None)


def _without_words(query: QueryDict, search: Search, others: Facets | None) -> dict[str, str] | None:
    """The same search without its words, when that finds something. others: its counters; None where it has no words."""
    if others is None or not others.total:
        return None
    return {"text": without_text(others.total, search.text), "url": address(query, drop=["q"])}


def _by_field(query: QueryDict, others: Facets | None) -> list[dict[str, str]]:
    """Where words found nothing: the fields of work with most places in the rest of the search, to look around in."""
    fields = others.fields if others else []
    most = sorted((each for each in fields if each.count), key=lambda each: -each.count)[:FIELDS_OFFERED]
    return [
        {
            "text": ngettext("%(count)d place in %(field)s", "%(count)d places in %(field)s", each.count)
            % {"count": each.count, "field": each.label},
            "url": address(query, drop=["q"], field=each.value),
        }
        for each in most
    ]


def _with_less(search: Search) -> list[dict[str, str]]:
    """Ways on where no single step finds anything: the words alone, each of them alone, the place alone."""
    words = search.text.split()
    ways = []
    for text in dict.fromkeys([search.text, *words[:MOST_WORDS_TRIED]]):
        alone = Search(text=text)
        if not alone.reading.query or alone.reading.replaced or alone == search:
            continue
        if count := matching_entries(alone).count():
            told = ngettext(
                "%(count)d place with “%(words)s” anywhere", "%(count)d places with “%(words)s” anywhere", count
            )
            way = {
                "text": told % {"count": count, "words": text},
                "url": f"{reverse('search')}?{urlencode({'q': text})}",
            }
            ways.append(way)
    here = Search(place=search.place, point=search.point, radius_km=search.radius_km)
    if search.centre is not None and (count := matching_entries(here).count()):
        where = (
            {"near": "{},{}".format(*search.point)}
            if search.point
            else {"where": search.place.query if search.place else ""}
        )
        parts = {**where, "km": str(search.radius_km or "")}
        query = urlencode({name: value for name, value in parts.items() if value})
        ways.append({"text": title_of(count, here), "url": f"{reverse('search')}?{query}"})
    return ways


def suggestion_scores(request: HttpRequest) -> tuple[tuple[int, float], ...]:
    """The places that fit the student who asks best, with their scores; none for others. One query."""
    user = request.user
    if not isinstance(user, User) or not hasattr(user, "student"):
        return ()
    return scores_for(user.student.pk)


def personal_facts(request: HttpRequest, offers: Sequence[Offer]) -> tuple[set[int], dict[int, list[str]]]:
    """For a student: which of the offers they applied for, and why the others fit. Those not allowed at their age are
    marked. Six queries, none for others.
    """
    user = request.user
    if not isinstance(user, User) or not hasattr(user, "student"):
        return set(), {}
    mark_forbidden(user.student, offers)
    ids = [offer.pk for offer in offers]
    live = under_way(Application.objects.filter(student=user.student, period__offer__in=ids))
    suggestions = list(Suggestion.objects.filter(student=user.student, offer__in=ids, dismissed_at__isnull=True))
    texts = reasons_texts(suggestions)
    return set(live.values_list("period__offer", flat=True)), {row.offer_id: texts[row.pk] for row in suggestions}


def _page_text(first: int, shown: int, total: int) -> str:
    return _("%(first)d–%(last)d of %(total)d") % {"first": first, "last": first + shown - 1, "total": total}
