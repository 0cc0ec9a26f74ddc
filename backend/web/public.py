"""Pages for everyone: start, a place, a municipality, and what the service is."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from backend.accounts.models import User
from backend.applications.answer_figures import answered_share
from backend.applications.enums import LIVE_STATES
from backend.applications.models import Application
from backend.applications.selectors import under_way
from backend.common import clock
from backend.common.errors import NotFound
from backend.exchange.feeds.job_postings import is_paid
from backend.exchange.feeds.places import address_of, list_training
from backend.offers.models import Offer, OfferPeriod
from backend.offers.search_seats import has_free_seats
from backend.offers.selectors import (
    Search,
    answer_days_for,
    count_open_by_municipality,
    find_page,
    get_offer_to_read,
    list_similar_offers,
    matching_entries,
    open_figures,
)
from backend.offers.work import WorkVerdict
from backend.reference.languages import names_of_languages
from backend.reference.models import Municipality, PlacementForm
from backend.reference.selectors import get_municipality
from backend.rounds.selectors import mark_kept
from backend.students.models import Student
from backend.suggestions.selectors import get_suggestion, reasons_text
from backend.web.access import public
from backend.web.offer_rows import offer_row, periods_ahead, place_name, programmes_text, tags_of, weeks_text
from backend.web.ruler import Period, Ruler, build_ruler
from backend.web.search import personal_facts
from backend.web.structured_data import structured_data
from backend.web.weeks import NBSP, format_day, format_weeks
from backend.web.work import forbidden_text, judge_periods, list_allowed_instead, verdict_text

NEWEST_SHOWN = 6
FORMS_SHOWN = 6
SIMILAR_SHOWN = 3
SIMILAR_LOOKED_AT = 24
MOST_TRAINING = 40


def member_counts() -> list[dict[str, Any]]:
    """The confirmed members of the network with their open places, in Swedish order."""
    counts = count_open_by_municipality()
    return [
        {"code": member.pk, "name": member.name, "count": counts.get(member.pk, 0)}
        for member in Municipality.objects.network_members(clock.today())
    ]


@public
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    figures = open_figures()
    newest = find_page(Search(only_free=True), size=NEWEST_SHOWN).rows
    context = {
        "figures": {
            "open_count": figures.open_count,
            "new_count": figures.new_count,
            "answered_share": answered_share(),
        },
        "members": member_counts(),
        "newest": [offer_row(offer) for offer in newest],
        "forms": [{"code": form.pk, "label": form.name} for form in _commonest_forms()],
    }
    return render(request, "pages/public/start.html", context)


def _commonest_forms() -> list[PlacementForm]:
    """The forms with most open places, in the order of the table: as many as fit on two lines of a phone."""
    entries = matching_entries(Search()).order_by().values("form").annotate(open_now=Count("pk"))
    open_now = dict(entries.values_list("form", "open_now"))
    found = PlacementForm.objects.filter(pk__in=open_now).order_by("position", "code")
    most = sorted(found, key=lambda form: -open_now[form.pk])[:FORMS_SHOWN]
    return [form for form in found if form in most]


def student_of(request: HttpRequest) -> Student | None:
    user = request.user
    return user.student if isinstance(user, User) and hasattr(user, "student") else None


def offer_for_reader(request: HttpRequest, offer_id: int) -> Offer:
    """The offer when the reader may know of it. Who applied may go on reading it after it closed. 404 otherwise."""
    user = request.user if isinstance(request.user, User) else None
    offer = get_offer_to_read(user, offer_id)
    student = student_of(request)
    if offer is None and student is not None:
        applied = Offer.objects.filter(pk=offer_id, periods__applications__student=student)
        offer = applied.for_lists().prefetch_related("hazards").first()
    if offer is None:
        raise Http404
    return offer


@public
@require_safe
def offer(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Everything about a place, and the way to apply."""
    place = offer_for_reader(request, offer_id)
    student = student_of(request)
    periods = periods_ahead(place)
    mark_kept([place])
    applications = _own_applications(student, place)
    verdicts = judge_periods(student, place, periods)
    why_not = forbidden_text(place, verdicts)
    choices = period_choices(periods, verdicts=verdicts)
    context = {
        "offer": place,
        "place_name": place_name(place),
        "search_back": _search_left(request),
        "tags": tags_of(place, applied=bool(applications)),
        "reasons": reasons_for(student, place, verdict_of(choices, verdicts)) if student else [],
        "why_not": why_not,
        "instead": allowed_rows(request, place) if why_not else [],
        "facts": facts_of(place),
        "choices": choices,
        "ruler": weeks_of(periods),
        "apply_facts": _apply_facts(place),
        "can_apply": is_open_to_apply(place) and not why_not,
        "is_student": student is not None,
        "applications": applications,
        "similar": similar_rows(request, place, SIMILAR_SHOWN),
        "weeks": weeks_text(periods),
        "seats": {
            "free": sum(period.free for period in periods),
            "total": sum(period.capacity for period in periods),
            "kept": sum(period.kept for period in periods),
        },
        "structured_data": structured_data(place) if place.is_open else "",
        "address": address_of(place),
        "summary": Truncator(place.tasks).chars(160),
        "form_feed": reverse("feed_form", args=[place.form_id]),
    }
    return render(request, "pages/public/offer.html", context)


def _search_left(request: HttpRequest) -> str:
    """The address of the search that led to this page, with its filters; "" when it was reached otherwise."""
    came_from = urlsplit(request.headers.get("Referer", ""))
    is_search = came_from.netloc == request.get_host() and came_from.path == reverse("search")
    return f"{came_from.path}?{came_from.query}" if is_search and came_from.query else ""


def similar_rows(request: HttpRequest, place: Offer, shown: int) -> list[Any]:
    """Other places to apply for. A student sees first those that fit, and none that they have applied for."""
    student = student_of(request)
    besides = (
        set(Application.objects.filter(student=student).values_list("period__offer", flat=True)) if student else ()
    )
    found = list_similar_offers(place, SIMILAR_LOOKED_AT if student else shown, besides=besides)
    _applied, reasons = personal_facts(request, found)
    found = sorted(found, key=lambda row: row.pk not in reasons)[:shown]
    mark_kept(found)
    return [offer_row(row, reasons=reasons) for row in found]


def _own_applications(student: Student | None, place: Offer) -> list[dict[str, Any]]:
    if student is None:
        return []
    rows = under_way(Application.objects.filter(student=student, period__offer=place))
    return [
        {"id": row.pk, "weeks": format_weeks(row.period.start, row.period.end), "state": row.get_state_display()}
        for row in rows.select_related("period").order_by("period__start", "pk")
    ]


def is_open_to_apply(place: Offer) -> bool:
    today = clock.today()
    return (
        place.is_open
        and (place.apply_by is None or place.apply_by >= today)
        and any(period.end >= today for period in place.periods.all())
    )


def reasons_for(student: Student, place: Offer, verdict: WorkVerdict | None) -> list[dict[str, str]]:
    """Why the place fits the student, and what to mind about the work at their age. [] where it is not allowed: what is
    forbidden fits nobody. verdict: of the period that is chosen.
    """
    if verdict is not None and verdict.is_forbidden:
        return []
    suggestion = get_suggestion(student, place)
    found = [{"text": text, "kind": "ok"} for text in (reasons_text(suggestion) if suggestion else [])]
    if text := verdict_text(place, verdict):
        found.append({"text": text, "kind": "mind"})
    return found


def verdict_of(choices: list[dict[str, Any]], verdicts: Mapping[int, WorkVerdict]) -> WorkVerdict | None:
    """Of the period that is marked, else of the first."""
    marked = next((choice["value"] for choice in choices if choice["checked"]), "")
    return next((found for pk, found in verdicts.items() if str(pk) == marked), next(iter(verdicts.values()), None))


def allowed_rows(request: HttpRequest, place: Offer) -> list[Any]:
    """Three places that the student may take instead."""
    student = student_of(request)
    if student is None:
        return []
    found = list_allowed_instead(student, list_similar_offers(place, SIMILAR_LOOKED_AT), besides=place.pk)
    mark_kept(found)
    return [offer_row(row) for row in found]


def facts_of(place: Offer) -> list[tuple[str, str]]:
    """Good to know: only what is known."""
    site = place.workplace
    address = ", ".join(part for part in (site.address, f"{site.postcode} {site.city}".strip()) if part)
    rows = [
        (_("Occupation"), place.occupation.name if place.occupation else ""),
        (_("For"), programmes_text(place) or _("everyone, whatever the programme")),
        (_("Pay"), _("You are paid for the work") if is_paid(place) else ""),
        (_("Languages needed"), names_of_languages(place.languages)),
        (_("Supervisor"), place.supervisor_name),
        (_("Risks"), ", ".join(hazard.name for hazard in place.hazards.all())),
        (_("Risk assessment"), format_day(place.risk_assessed_on, with_year=True) if place.risk_assessed_on else ""),
        (_("Good to have"), ", ".join(place.skills)),
        (_("From home"), _("Can be done from home") if place.is_remote else ""),
        (_("Workplace"), site.name),
        (_("Address"), address),
    ]
    return [(name, value) for name, value in rows if value]


def dates_text(period: OfferPeriod) -> str:
    return f"{date_format(period.start, 'j F')}–{date_format(period.end, 'j F')}"


def period_choices(
    periods: list[OfferPeriod], chosen: str = "", verdicts: Mapping[int, WorkVerdict] | None = None
) -> list[dict[str, Any]]:
    """The periods as radio buttons; the chosen one, else the first with a free seat, else the first. One that is not allowed
    at the student's age on its first day cannot be chosen.
    """
    forbidden = {pk for pk, verdict in (verdicts or {}).items() if verdict.is_forbidden}
    open_to = [period for period in periods if period.pk not in forbidden]
    free = next((period for period in open_to if period.free), open_to[0] if open_to else None)
    allowed = chosen if chosen in {str(period.pk) for period in open_to} else ""
    marked = allowed or (str(free.pk) if free else "")
    return [
        {
            "value": str(period.pk),
            "title": format_weeks(period.start, period.end, with_year=True),
            "dates": dates_text(period),
            "free": period.free,
            "total": period.capacity,
            "kept": period.kept,
            "checked": str(period.pk) == marked,
            "forbidden": period.pk in forbidden,
        }
        for period in periods
    ]


def weeks_of(periods: list[OfferPeriod]) -> Ruler | None:
    """The periods on a ruler from today; none when there is nothing ahead or they lie too far away to be read."""
    today = clock.today()
    ahead = [period for period in periods if period.end >= today]
    if not ahead or max(period.end for period in ahead) > today + timedelta(weeks=60):
        return None
    last = max(period.end for period in ahead) + timedelta(weeks=2)
    drawn = [Period(period.start, period.end, "main" if period.free else "hold") for period in ahead]
    return build_ruler(today, last, drawn, today=today)


def answer_days_of(place: Offer) -> int | None:
    """Working days for an answer; None for a form that is not in use any more."""
    try:
        return answer_days_for(place)
    except NotFound:
        return None


def _apply_facts(place: Offer) -> list[tuple[str, str]]:
    applicants = Application.objects.filter(period__offer=place, state__in=LIVE_STATES).count()
    rows = [
        *(
            [(_("Answer"), _("within %(days)d working days") % {"days": days})]
            if (days := answer_days_of(place))
            else []
        ),
        (_("Apply by"), format_day(place.apply_by) if place.apply_by else _("as long as there are seats")),
        (
            _("So far"),
            _("%(count)d have applied") % {"count": applicants} if applicants else _("nobody has applied yet"),
        ),
    ]
    return [(name, value.replace(" km", f"{NBSP}km")) for name, value in rows]


@public
@require_safe
def municipality(request: HttpRequest, code: str) -> HttpResponse:
    """What a municipality has to offer right now. 404 for an unknown code."""
    place = get_municipality(code)
    search = Search(municipalities=(code,), only_free=True)
    offers = find_page(search, size=12).rows
    applied, reasons = personal_facts(request, offers)
    context = {
        "place": place,
        "is_member": Municipality.objects.network_members(clock.today()).filter(pk=code).exists(),
        "rows": [offer_row(row, applied=applied, reasons=reasons) for row in offers],
        **matching_entries(Search(municipalities=(code,))).aggregate(
            all=Count("pk"), total=Count("pk", filter=has_free_seats())
        ),
        "education": education_in(place),
    }
    return render(request, "pages/public/municipality.html", context)


def education_in(place: Municipality) -> list[dict[str, Any]]:
    """The training places of a municipality, by provider: [{name, seats, courses: [{url, title, form, weeks, seats}]}]."""
    providers: dict[int, dict[str, Any]] = {}
    found = list_training().filter(workplace__municipality=place).order_by("organisation__name", "title", "pk")
    for training in found[:MOST_TRAINING]:
        periods = periods_ahead(training)
        course = {
            "url": reverse("offer", args=[training.pk]),
            "title": training.title,
            "form": training.form.name,
            "weeks": weeks_text(periods),
            "seats": sum(period.free for period in periods),
        }
        provider = providers.setdefault(
            training.organisation_id, {"name": training.organisation.name, "seats": 0, "courses": []}
        )
        provider["courses"].append(course)
        provider["seats"] += course["seats"]
    return list(providers.values())


@public
@require_safe
def how_it_works(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/public/how_it_works.html")


@public
@require_safe
def for_employers(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/public/for_employers.html")


@public
@require_safe
def for_municipalities(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/public/for_municipalities.html")


@public
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/public/privacy.html")


@public
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/public/accessibility.html")
