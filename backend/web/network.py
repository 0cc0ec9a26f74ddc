"""The network office: members and municipalities in figures, and what needs it today."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from backend.accounts.models import User
from backend.accounts.policies import vacant_municipalities
from backend.applications.board import list_silent_applications, list_unclaimed_applications
from backend.exchange.network_figures import job_figures, municipality_figures
from backend.notifications.selectors import list_undelivered
from backend.offers.queues import list_offers_to_review
from backend.organisations.selectors import list_claims_to_decide
from backend.placements.selectors import list_matches_to_decide
from backend.web.access import network
from backend.web.employer import person


@network
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Members, and every municipality where something happens, in figures without personal data."""
    rows = municipality_figures()
    return render(
        request,
        "pages/network/home.html",
        {
            "rows": rows,
            "members": [
                {"code": row["code"], "name": row["name"], "count": row["offers"]}
                for row in rows
                if row["is_confirmed"]
            ],
            "figures": [
                {
                    "value": sum(row["is_confirmed"] for row in rows),
                    "label": _("confirmed members"),
                    "kind": "",
                    "mark": False,
                },
                {
                    "value": sum(row["offers"] for row in rows),
                    "label": _("open ads"),
                    "kind": "",
                    "mark": False,
                },
                {"value": sum(row["seats"] for row in rows), "label": _("free seats"), "kind": "", "mark": False},
            ],
            "tasks": _tasks(person(request)),
        },
    )


def _nobodys(path: str) -> Q:
    return Q(**{f"{path}__isnull": True}) | Q(**{f"{path}__in": vacant_municipalities()})


def _tasks(user: User) -> list[dict[str, Any]]:
    """What needs the network office today, the most urgent first; empty on a good day."""
    # Counted as the queues list them: a coordinator elsewhere who is also at the office has both in one list.
    review = list_offers_to_review(user).filter(_nobodys("workplace__municipality")).count()
    matches = list_matches_to_decide(user).filter(_nobodys("deciding_municipality")).count()
    unclaimed = list_unclaimed_applications(user).filter(_nobodys("period__offer__workplace__municipality")).count()
    unclaimed += list_claims_to_decide(user).count()
    silent = list_silent_applications(user).filter(_nobodys("student__municipality")).count()
    undelivered = list_undelivered().count()
    late = sum(row["is_late"] for row in job_figures())
    found = [
        (
            late,
            ngettext("%(number)d scheduled job is late", "%(number)d scheduled jobs are late", late),
            _("Reminders and deadlines wait until it runs again."),
            "network_jobs",
        ),
        (
            undelivered,
            ngettext(
                "%(number)d message could not be delivered", "%(number)d messages could not be delivered", undelivered
            ),
            _("Somebody has not been told. Send again, or reach them in another way."),
            "network_undelivered",
        ),
        (
            matches,
            ngettext("%(number)d match lacks a coordinator", "%(number)d matches lack a coordinator", matches),
            _("Student and organisation have said yes. Nobody else decides; the decision is yours."),
            "coordinator_matches",
        ),
        (
            review,
            ngettext("%(number)d place lacks a coordinator", "%(number)d places lack a coordinator", review),
            _("No coordinator sees them; the decision is yours."),
            "coordinator_offers",
        ),
        (
            unclaimed,
            ngettext(
                "%(number)d matter at organisations that nobody answers for",
                "%(number)d matters at organisations that nobody answers for",
                unclaimed,
            ),
            _("Call and answer for them, or invite somebody from there."),
            "coordinator_unclaimed",
        ),
        (
            silent,
            ngettext(
                "%(number)d application lacks an answer and a coordinator",
                "%(number)d applications lack an answer and a coordinator",
                silent,
            ),
            _("The answer time has passed. A call often helps."),
            "coordinator_silence",
        ),
    ]
    waiting = [each for each in found if each[0]]
    return [
        {
            "title": title % {"number": number},
            "text": text,
            "url": reverse(name),
            "action": _("Open"),
            "is_hot": index == 0,
        }
        for index, (number, title, text, name) in enumerate(waiting)
    ]
