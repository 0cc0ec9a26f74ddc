"""The network office: members and municipalities in figures, and what needs it today."""

from typing import Any

from django.db.models import Count, F, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from backend.accounts.enums import RoleKind
from backend.accounts.models import Role, User
from backend.applications.board import SETTLED
from backend.common import clock
from backend.notifications.selectors import list_undelivered
from backend.offers.enums import OfferState
from backend.offers.models import Offer, OfferPeriod
from backend.offers.queues import list_offers_to_review
from backend.placements.models import Placement
from backend.reference.enums import EvidenceGrade
from backend.reference.models import Municipality, NetworkMembership
from backend.students.models import Student
from backend.web.access import network
from backend.web.employer import person
from backend.web.network_work import job_rows

FEWEST_SHOWN = 5


def suppressed(number: int, *, of: int | None = None) -> str:
    """A count of people as text; below five somebody could be picked out of it.

    0 reads the same as 1 to 4: that nobody of a known group is placed says something about every one of them. Only
    where the group itself is empty is 0 about nobody, and then it stands there. of: the size of that group with
    everyone in it, protected ones too, so that nobody can be seen to leave it by being protected.
    """
    if of == 0:
        return "0"
    return str(number) if number >= FEWEST_SHOWN else _("under 5")


@network
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Members, and every municipality where something happens, in figures without personal data."""
    rows = municipality_rows()
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
                    "label": _("published places"),
                    "kind": "",
                    "mark": False,
                },
                {"value": sum(row["seats"] for row in rows), "label": _("free seats"), "kind": "", "mark": False},
            ],
            "tasks": _tasks(person(request)),
        },
    )


def municipality_rows() -> list[dict[str, Any]]:
    """Every municipality that is a member, has a coordinator or has published places, with its figures."""
    today = clock.today()
    memberships = {each.municipality_id: each for each in NetworkMembership.objects.active(today)}
    coordinators = _by_code(
        Role.objects.filter(kind=RoleKind.COORDINATOR), "municipality", Count("user", distinct=True)
    )
    offers = _by_code(Offer.objects.filter(state=OfferState.PUBLISHED), "workplace__municipality", Count("pk"))
    seats = _by_code(
        OfferPeriod.objects.filter(offer__state=OfferState.PUBLISHED, end__gte=today),
        "offer__workplace__municipality",
        Sum(F("capacity") - F("taken")),
    )
    everyone = _by_code(Student.objects.all(), "municipality", Count("pk"))
    students = _by_code(Student.objects.unprotected(), "municipality", Count("pk"))
    placed = _by_code(
        Placement.objects.filter(student__is_protected=False, state__in=SETTLED),
        "student__municipality",
        Count("student", distinct=True),
    )
    codes = set(memberships) | set(coordinators) | set(offers)
    return [
        {
            "name": place.name,
            "county": place.county.name,
            "membership": memberships[place.pk].get_evidence_display() if place.pk in memberships else "",
            "since": memberships[place.pk].valid_from if place.pk in memberships else None,
            "coordinators": coordinators.get(place.pk, 0),
            "offers": offers.get(place.pk, 0),
            "seats": seats.get(place.pk, 0),
            "students": suppressed(students.get(place.pk, 0), of=everyone.get(place.pk, 0)),
            "is_confirmed": place.pk in memberships and memberships[place.pk].evidence == EvidenceGrade.CONFIRMED,
            "code": place.pk,
            "placed": suppressed(placed.get(place.pk, 0), of=everyone.get(place.pk, 0)),
        }
        for place in Municipality.objects.filter(pk__in=codes).select_related("county")
    ]


def _tasks(user: User) -> list[dict[str, Any]]:
    """What needs the network office today, the most urgent first; empty on a good day."""
    review = list_offers_to_review(user).filter(workplace__municipality__isnull=True).count()
    undelivered = list_undelivered().count()
    late = sum(row["is_late"] for row in job_rows())
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
            review,
            ngettext(
                "%(number)d place without a municipality to review",
                "%(number)d places without a municipality to review",
                review,
            ),
            _("No coordinator sees them; the decision is yours."),
            "coordinator_offers",
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


def _by_code(queryset: Any, field: str, aggregate: Any) -> dict[str, int]:
    """Figures per municipality code, in one query."""
    rows = queryset.filter(~Q(**{field: None})).order_by().values_list(field).annotate(number=aggregate)
    return {code: number or 0 for code, number in rows}
