"""Addresses that other programs read: a person's calendar, feeds of places, open data. ETags spare what is unchanged."""

import hashlib
import json
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from backend.exchange.feeds import atom, calendar, emil, job_postings, open_data, places, skills
from backend.exchange.models import CalendarFeed
from backend.exchange.tables import CONTENT_TYPES, TableFormat, write_table
from backend.offers.selectors import open_offers
from backend.reference.models import Municipality, PlacementForm
from backend.web.access import logged_in, public
from backend.web.employer import person

CALENDAR_SECONDS = 900
OPEN_SECONDS = 3600


def tagged(
    request: HttpRequest, content: bytes, content_type: str, *, seconds: int, is_personal: bool = False
) -> HttpResponse:
    """The content with its ETag, or 304 for a reader who has it already."""
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    known = parse_etags(request.headers.get("If-None-Match", ""))
    same = known == ["*"] or etag in [each.removeprefix("W/") for each in known]
    response = HttpResponse(status=304) if same else HttpResponse(content, content_type=content_type)
    response["ETag"] = etag
    if is_personal:
        patch_cache_control(response, private=True, max_age=seconds)
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex"
    else:
        patch_cache_control(response, public=True, max_age=seconds)
        response["Access-Control-Allow-Origin"] = "*"
    return response


def tagged_json(request: HttpRequest, value: Any) -> HttpResponse:
    content = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_json_value).encode()
    return tagged(request, content, "application/json; charset=utf-8", seconds=OPEN_SECONDS)


def _json_value(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


# --- the calendar ---------------------------------------------------------------------------------------------------


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def calendar_page(request: HttpRequest) -> HttpResponse:
    """The person's own address. POST makes a new one; `revoke` ends it."""
    user = person(request)
    if request.method == "POST":
        if request.POST.get("revoke"):
            calendar.revoke(actor=user)
            messages.success(request, _("The address is ended. Calendars that read it get nothing more."))
        else:
            calendar.subscribe(actor=user)
            messages.success(request, _("Here is your address. Copy it into your calendar."))
        return redirect("calendar")
    feed = CalendarFeed.objects.filter(user=user, is_active=True).first()
    url = request.build_absolute_uri(reverse("calendar_file", args=[calendar.token_of(feed)])) if feed else ""
    context = {"feed": feed, "url": url, "webcal": "webcal://" + url.partition("://")[2] if url else ""}
    return render(request, "pages/exchange/calendar.html", context)


@public
@require_safe
def calendar_file(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar itself. The address is the key: calendars cannot log in."""
    feed = calendar.read_token(token)
    if feed is None:
        raise Http404
    with translation.override(feed.user.language):
        content = calendar.calendar_of(feed.user)
    calendar.note_read(feed)
    return tagged(request, content, "text/calendar; charset=utf-8", seconds=CALENDAR_SECONDS, is_personal=True)


# --- feeds of places --------------------------------------------------------------------------------------------------


@public
@require_safe
def training(request: HttpRequest) -> HttpResponse:
    """Training places as EMIL 3 documents."""
    return tagged_json(request, emil.emil_feed())


@public
@require_safe
def internships(request: HttpRequest) -> HttpResponse:
    """Internships as schema.org JobPosting."""
    return tagged_json(request, job_postings.job_postings())


@public
@require_safe
def municipality_atom(request: HttpRequest, code: str) -> HttpResponse:
    found = get_object_or_404(Municipality, pk=code)
    return _atom(request, municipality=found)


@public
@require_safe
def form_atom(request: HttpRequest, form: str) -> HttpResponse:
    found = get_object_or_404(PlacementForm, pk=form)
    return _atom(request, form=found)


def _atom(request: HttpRequest, **which: Any) -> HttpResponse:
    content = atom.atom_feed(path=request.path, **which)
    return tagged(request, content, "application/atom+xml; charset=utf-8", seconds=OPEN_SECONDS)


# --- open data --------------------------------------------------------------------------------------------------------


@public
@require_safe
def open_data_page(request: HttpRequest) -> HttpResponse:
    """What there is, where, and under which rules."""
    context = {
        "forms": PlacementForm.objects.order_by("position"),
        "municipalities": Municipality.objects.filter(workplaces__offers__in=open_offers()).distinct(),
    }
    return render(request, "pages/exchange/open_data.html", context)


@public
@require_safe
def open_places(request: HttpRequest, kind: str) -> HttpResponse:
    return _open_table(request, kind, open_data.PLACE_COLUMNS, open_data.list_open_places())


@public
@require_safe
def open_figures(request: HttpRequest, kind: str) -> HttpResponse:
    return _open_table(request, kind, open_data.FIGURE_COLUMNS, open_data.list_figures())


@public
@require_safe
def open_skills(request: HttpRequest, kind: str) -> HttpResponse:
    return _open_table(request, kind, skills.SKILLS_COLUMNS, skills.list_skills())


def _open_table(request: HttpRequest, kind: str, columns: list[Any], rows: Any) -> HttpResponse:
    if kind == "json":
        response = tagged_json(request, {"license": places.LICENCE, "items": open_data.items_of(columns, rows)})
    else:
        content = write_table(TableFormat.CSV, columns, rows)
        response = tagged(request, content, CONTENT_TYPES[TableFormat.CSV], seconds=OPEN_SECONDS)
    patch_vary_headers(response, ["Accept-Encoding"])
    return response
