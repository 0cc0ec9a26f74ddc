"""What each kind of message brings about, for the network office: figures without persons."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from backend.exchange.exports.network import chosen_days
from backend.exchange.network_figures import FEWEST_SHOWN, suppressed
from backend.exchange.words import in_words
from backend.notifications.enums import Category
from backend.notifications.measuring import PERIODS, KindEffect, effects
from backend.web.access import network


@network
@require_safe
def effect(request: HttpRequest) -> HttpResponse:
    """Each kind with how many were told, and how many of them read it and acted within two days."""
    days = chosen_days(request.GET.dict())
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
