"""What each kind of message brings about, for the network office: figures without persons."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from backend.exchange.tables import Column
from backend.notifications.enums import Category
from backend.notifications.measuring import KindEffect, effects
from backend.web.access import network
from backend.web.coordinator_words import in_words
from backend.web.exports import TableExport, at_least_five
from backend.web.network import FEWEST_SHOWN, suppressed

PERIODS = (30, 90, 365)


def _days(request: HttpRequest) -> int:
    """The chosen period in days, the shortest when it is none of them."""
    text = request.GET.get("days", "")
    return next((days for days in PERIODS if text == str(days)), PERIODS[0])


@network
@require_safe
def effect(request: HttpRequest) -> HttpResponse:
    """Each kind with how many were told, and how many of them read it and acted within two days."""
    days = _days(request)
    return render(
        request,
        "pages/network/effect.html",
        {
            "rows": [_row(each) for each in effects(days)],
            "days": days,
            "periods": [
                {
                    "days": number,
                    "label": ngettext("%(number)d day", "%(number)d days", number) % {"number": number},
                    "is_chosen": number == days,
                }
                for number in PERIODS
            ],
        },
    )


def _row(each: KindEffect) -> dict[str, Any]:
    return {
        "kind": in_words(each.kind.name),
        "category": Category(each.kind.category).label,
        "told": suppressed(each.told),
        "whole": each.told,
        "parts": [
            {"label": _("Sent"), **_part(each.sent, each.told)},
            {"label": _("Read"), **_part(each.read, each.told)},
            {"label": _("Acted"), **_part(each.acted, each.told)},
        ],
    }


def _part(number: int | None, told: int) -> dict[str, Any]:
    """The number with its share of those told. No share, and no bar, of what is too few to be shown."""
    if number is None:
        return {"number": None}
    is_shown = number >= FEWEST_SHOWN
    return {
        "number": number if is_shown else None,
        "text": suppressed(number),
        "share": number / told if is_shown else 0,
    }


def _shown(number: int | None) -> object:
    return None if number is None else at_least_five(number)


def _rows(request: HttpRequest) -> Iterable[KindEffect]:
    return effects(_days(request))


EFFECT: TableExport[KindEffect] = TableExport(
    "effect",
    [
        Column(gettext_lazy("Message"), lambda row: in_words(row.kind.name)),
        Column(gettext_lazy("Category"), lambda row: Category(row.kind.category).label),
        Column(gettext_lazy("Told"), lambda row: _shown(row.told)),
        Column(gettext_lazy("Sent"), lambda row: _shown(row.sent)),
        Column(gettext_lazy("Read within 48 hours"), lambda row: _shown(row.read)),
        Column(gettext_lazy("Acted within 48 hours"), lambda row: _shown(row.acted)),
    ],
    _rows,
    is_personal=False,
)
