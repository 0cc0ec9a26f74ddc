"""The picture of skills that a municipality, or the network, can show an investor: a page for everyone, to read or to print."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from backend.common import clock
from backend.exchange.feeds.skills import SkillsPicture, seats_by_municipality, skills_picture
from backend.offers.search import Search, matching_entries
from backend.reference.models import Municipality
from backend.reference.selectors import get_municipality
from backend.web.access import public
from backend.web.municipality_map import MapMember, build_map


@public
@require_safe
def network(request: HttpRequest) -> HttpResponse:
    """Of the whole network. `?kommun=CODE`, sent by the list of municipalities, leads to the page of that one."""
    if code := request.GET.get("kommun"):
        return redirect("skills_of", code=get_municipality(code).pk)
    return _page(request, None)


@public
@require_safe
def municipality(request: HttpRequest, code: str) -> HttpResponse:
    """Of one municipality. 404 for an unknown code."""
    return _page(request, get_municipality(code))


def _page(request: HttpRequest, place: Municipality | None) -> HttpResponse:
    today = clock.today()
    picture = skills_picture(place)
    members = list(Municipality.objects.network_members(today))
    seats = seats_by_municipality()
    shown = [place] if place else members
    listed = Municipality.objects.filter(pk__in={*seats, *(each.pk for each in [*members, *shown])})
    context = {
        "place": place,
        "code": place.pk if place else "",
        "is_member": place in members,
        "today": today,
        "picture": picture,
        "figures": _figures(picture, matching_entries(Search(municipalities=(place.pk,) if place else ())).count()),
        "most_students": max((row.students for row in picture.programmes), default=0),
        "most_seats": max((max(row.work + row.training, row.vacancies) for row in picture.fields), default=0),
        "options": [("", _("The whole network")), *listed.order_by("sort_key").values_list("pk", "name")],
        "drawing": build_map(MapMember(each.pk, each.name, seats.get(each.pk, 0)) for each in shown),
        "members": [{"code": each.pk, "name": each.name, "seats": seats.get(each.pk, 0)} for each in members],
    }
    return render(request, "pages/public/skills.html", context)


def _figures(picture: SkillsPicture, open_ads: int) -> list[dict[str, Any]]:
    """The sums, largest idea first; what there is nothing of is left out."""
    rows = [
        (picture.students, _("students in training, at least")),
        (open_ads, _("open ads")),
        (picture.training, _("seats in education")),
        (picture.work, _("seats at work")),
        (picture.organisations, _("organisations that take students")),
        (picture.vacancies, pgettext("advertised", "vacancies")),
    ]
    return [{"value": value, "label": label, "kind": "", "mark": False} for value, label in rows if value]
