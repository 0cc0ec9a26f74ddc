"""The coordinator's day: what needs someone today, the silence, and the organisations."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from backend.accounts.policies import is_coordinator, municipalities_coordinated_by
from backend.applications.board import (
    ClassRow,
    Standing,
    classes_of,
    counted_students_of,
    list_silent_applications,
    list_unclaimed_applications,
    with_story,
)
from backend.applications.board_query import NONE, only_urgent, urgent_days
from backend.applications.models import Application
from backend.common import clock
from backend.common.weeks import ago
from backend.exchange.exports.desks import organisations_of
from backend.notifications.models import Task
from backend.notifications.reminders import lines_of, list_open_tasks
from backend.offers.queues import list_offers_to_review
from backend.organisations.models import Organisation
from backend.organisations.municipality_settings import settings_of
from backend.organisations.selectors import contacts_of, list_claims_to_decide, whom_to_call
from backend.organisations.services import set_trust
from backend.placements.selectors import list_matches_to_decide, list_protected_matches
from backend.reference.models import Municipality
from backend.web.access import coordinator, coordinator_or_network
from backend.web.coordinator_rows import match_rows, oldest_text, student_row
from backend.web.cursors import page_of
from backend.web.employer import person

MATCHES_AT_HOME = 6
CLASSES_AT_HOME = 8
UNPLACED_AT_HOME = 5


def own_municipalities(request: HttpRequest) -> list[Municipality]:
    """Those the user coordinates, in Swedish order."""
    return list(Municipality.objects.filter(pk__in=municipalities_coordinated_by(person(request))))


@coordinator
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The sentence of the day, the tasks behind it, the matches, and whether everyone has a place."""
    user = person(request)
    offers, matches = list_offers_to_review(user), list_matches_to_decide(user)
    silent = list_silent_applications(user)
    classes = classes_of(user)
    unplaced = with_story(counted_students_of(user).filter(rank=0)).order_by("since", "pk")
    days = urgent_days(user)
    urgent = only_urgent(unplaced, days).count()
    shown = [student_row(student) for student in unplaced[:UNPLACED_AT_HOME]]
    totals = {
        "placed": sum(row.placed for row in classes),
        "partly": sum(row.partly for row in classes),
        "at_risk": sum(row.at_risk for row in classes),
        "unplaced": sum(row.unplaced for row in classes),
    }
    calls = list_open_tasks(user)
    hidden = list_protected_matches(user).count()
    waiting_matches, waiting_offers = list(matches[:MATCHES_AT_HOME]), list(offers[:1])
    counts = {
        "matches": matches.count(),
        "offers": offers.count(),
        "silent": silent.count(),
        "hidden": hidden,
        "calls": calls.count(),
        "unclaimed": list_unclaimed_applications(user).count() + list_claims_to_decide(user).count(),
    }
    tasks = _tasks(
        totals["unplaced"],
        [row.name for row in shown],
        counts,
        oldest_text(waiting_matches[0].proposed_at) if waiting_matches else "",
        oldest_text(waiting_offers[0].submitted_at) if waiting_offers else "",
        silent.first(),
        calls.first(),
    )
    if urgent:
        tasks = _urgent_first(tasks, urgent, days)
    return render(
        request,
        "pages/coordinator/home.html",
        {
            "today": _("%(day)s, week %(week)d")
            % {"day": date_format(clock.today(), "l j F"), "week": clock.today().isocalendar().week},
            "municipalities": own_municipalities(request),
            "tasks": tasks,
            "matches": match_rows(waiting_matches),
            "counts": counts,
            "classes": class_rows(sorted(classes, key=lambda row: -row.unplaced)[:CLASSES_AT_HOME]),
            "classes_left_out": max(len(classes) - CLASSES_AT_HOME, 0),
            "figures": figures(totals),
            "unplaced": shown,
        },
    )


def _tasks(
    unplaced: int,
    names: list[str],
    counts: dict[str, int],
    matches: str,
    offers: str,
    silent: Application | None,
    call: Task | None,
) -> list[dict[str, Any]]:
    """The most urgent first; only the first is hot."""
    tasks = []
    if counts["silent"] and silent is not None:
        organisation = silent.period.offer.organisation.name
        title = ngettext(
            "%(number)d application has not been answered in time",
            "%(number)d applications have not been answered in time",
            counts["silent"],
        )
        tasks.append(
            {
                "title": title % {"number": counts["silent"]},
                "text": _("%(organisation)s has not answered for %(time)s. A call often helps.")
                % {"organisation": organisation, "time": ago(silent.submitted_at)},
                "url": reverse("coordinator_silence"),
                "action": _("See who waits"),
            }
        )
    if counts["unclaimed"]:
        title = ngettext(
            "%(number)d matter at organisations that nobody answers for",
            "%(number)d matters at organisations that nobody answers for",
            counts["unclaimed"],
        )
        tasks.append(
            {
                "title": title % {"number": counts["unclaimed"]},
                "text": _("Call and answer for them, or invite somebody from there."),
                "url": reverse("coordinator_unclaimed"),
                "action": _("Open"),
            }
        )
    if call is not None:
        title = ngettext("%(number)d case needs a phone call", "%(number)d cases need a phone call", counts["calls"])
        tasks.append(
            {
                "title": title % {"number": counts["calls"]},
                "text": f"{lines_of([call])[call.pk].title}. {oldest_text(call.opened_at)}",
                "url": reverse("tasks"),
                "action": _("See who needs a phone call"),
            }
        )
    if counts["hidden"]:
        title = ngettext(
            "%(number)d match of a student with protected identity waits for you",
            "%(number)d matches of students with protected identity wait for you",
            counts["hidden"],
        )
        tasks.append(
            {
                "title": title % {"number": counts["hidden"]},
                "text": _("Only those with a grant see this."),
                "url": reverse("coordinator_protected"),
                "action": _("Open"),
            }
        )
    if counts["matches"]:
        title = ngettext(
            "%(number)d match waits for your decision", "%(number)d matches wait for your decision", counts["matches"]
        )
        tasks.append(
            {
                "title": title % {"number": counts["matches"]},
                "text": matches,
                "url": reverse("coordinator_matches"),
                "action": _("Decide"),
            }
        )
    if counts["offers"]:
        title = ngettext("%(number)d place to review", "%(number)d places to review", counts["offers"])
        tasks.append(
            {
                "title": title % {"number": counts["offers"]},
                "text": offers,
                "url": reverse("coordinator_offers"),
                "action": _("Review"),
            }
        )
    if unplaced:
        title = ngettext("%(number)d student is without a place", "%(number)d students are without a place", unplaced)
        tasks.append(
            {
                "title": title % {"number": unplaced},
                "text": ", ".join(names[:3]) + (_(" and more.") if unplaced > len(names[:3]) else "."),
                "url": f"{reverse('coordinator_students')}?standing={Standing.UNPLACED.value}",
                "action": _("Show them"),
            }
        )
    return [{**task, "is_hot": number == 0} for number, task in enumerate(tasks)]


def _urgent_first(tasks: list[dict[str, Any]], urgent: int, days: int) -> list[dict[str, Any]]:
    """Students who have been without a place for too long come before everything else."""
    text = ngettext(
        "%(number)d of them for more than %(days)d days.", "%(number)d of them for more than %(days)d days.", urgent
    )
    *others, unplaced = tasks
    first = {
        **unplaced,
        "text": f"{text % {'number': urgent, 'days': days}} {unplaced['text']}",
        "url": f"{unplaced['url']}&long=1&sort=since",
    }
    return [{**task, "is_hot": number == 0} for number, task in enumerate([first, *others])]


def _board_url(**filters: str) -> str:
    return f"{reverse('coordinator_students')}?{urlencode(filters)}"


def class_rows(classes: Iterable[ClassRow]) -> list[dict[str, Any]]:
    """Rows with the parts of the stacked bar; each number leads to the students it counts."""
    rows = []
    for row in classes:
        filters = {"school": row.school or NONE, "class": row.class_name or NONE}
        numbers = (
            ("a", row.placed, Standing.PLACED),
            ("d", row.partly, Standing.PARTLY),
            ("b", row.at_risk, Standing.AT_RISK),
            ("c", row.unplaced, Standing.UNPLACED),
        )
        rows.append(
            {
                "name": row.class_name,
                "school": row.school,
                "url": _board_url(**filters),
                "parts": [
                    {
                        "kind": kind,
                        "count": count,
                        "label": standing.label,
                        "url": _board_url(**filters, standing=standing.value),
                    }
                    for kind, count, standing in numbers
                ],
            }
        )
    return rows


def figures(totals: dict[str, int]) -> list[dict[str, Any]]:
    """Has everyone a place? Each number leads to the students it counts."""
    shown = (
        ("a", Standing.PLACED, _("have a place")),
        ("d", Standing.PARTLY, _("have a part of it")),
        ("b", Standing.AT_RISK, _("not settled")),
        ("c", Standing.UNPLACED, _("without a place")),
    )
    return [
        {
            "value": totals[standing.value],
            "label": label,
            "kind": kind,
            "mark": False,
            "url": _board_url(standing=standing.value),
        }
        for kind, standing, label in shown
    ]


@coordinator_or_network
@require_safe
def silence(request: HttpRequest) -> HttpResponse:
    """Applications that nobody answered in time, and whom to call."""
    user = person(request)
    page = page_of(list_silent_applications(user), ("answer_due_at", "pk"), request.GET.get("after", ""))
    looks_after = is_coordinator(user)
    contacts = contacts_of([each.period.offer.organisation_id for each in page.rows])
    rows = [
        {
            "student": each.student.user.name,
            # The network office fills in for the answer, it does not look after the student.
            "student_url": reverse("coordinator_student", args=[each.student_id]) if looks_after else "",
            "place": each.period.offer.title,
            "organisation": each.period.offer.organisation.name,
            "contact": whom_to_call(
                contacts.get(each.period.offer.organisation_id, []), each.period.offer.workplace_id
            ),
            "waited": ago(each.submitted_at),
            "ledger_url": reverse("coordinator_ledger", args=["application", each.pk]) if looks_after else "",
        }
        for each in page.rows
    ]
    context = {"rows": rows, "next_cursor": page.next_cursor, "looks_after": looks_after}
    return render(request, "pages/coordinator/silence.html", context)


@coordinator
@require_safe
def organisations(request: HttpRequest) -> HttpResponse:
    """Organisations with a workplace in the municipality, and whether their places are published without review."""
    places = own_municipalities(request)
    code, found = organisations_of(person(request), request.GET.get("municipality", ""), request.GET.get("q", ""))
    place = next(each for each in places if each.pk == code)
    page = page_of(found, ("name", "pk"), request.GET.get("after", ""))
    return render(
        request,
        "pages/coordinator/organisations.html",
        {
            "municipality": place,
            "municipalities": places,
            "page": page,
            "text": request.GET.get("q", "").strip()[:120],
            "trusted_may_publish": settings_of(place.pk).trusted_may_publish,
        },
    )


@coordinator
@require_POST
def trust(request: HttpRequest, municipality_code: str, organisation_id: int) -> HttpResponse:
    """The organisation's places need review, or do not, in one municipality."""
    organisation = get_object_or_404(Organisation, pk=organisation_id, workplaces__municipality=municipality_code)
    trusted = request.POST.get("trusted") == "1"
    set_trust(actor=person(request), municipality_code=municipality_code, organisation=organisation, trusted=trusted)
    text = _("%(name)s is trusted now.") if trusted else _("%(name)s is no longer trusted.")
    messages.success(request, text % {"name": organisation.name})
    return redirect(f"{reverse('coordinator_organisations')}?municipality={municipality_code}")
