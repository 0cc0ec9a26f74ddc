"""Offers as the rows of public lists: words, weeks, seats, distance, tags and reasons."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from backend.common import clock
from backend.offers.models import Offer, OfferPeriod
from backend.reference.enums import PositionSource
from backend.web.templatetags.praktiknavet import about_km
from backend.web.weeks import format_day, format_weeks

NEW_FOR = timedelta(days=7)
CLOSING_WITHIN = timedelta(days=5)
PROGRAMMES_SHOWN = 2


def periods_ahead(offer: Offer) -> list[OfferPeriod]:
    """The periods that have not ended; all of them when every one has."""
    periods = list(offer.periods.all())
    return [period for period in periods if period.end >= clock.today()] or periods


def tags_of(offer: Offer, *, applied: bool = False) -> list[dict[str, str]]:
    """At most two, the most telling first."""
    tags = []
    if getattr(offer, "is_forbidden", False):
        tags.append({"text": _("Not allowed at your age"), "color": "warning"})
    if applied:
        tags.append({"text": _("You applied"), "color": "success"})
    if is_closing_soon(offer):
        tags.append({"text": _("Closing soon"), "color": "warning"})
    if offer.published_at is not None and clock.now() - offer.published_at <= NEW_FOR:
        tags.append({"text": _("New"), "color": "info"})
    return tags[:2]


def is_closing_soon(offer: Offer) -> bool:
    return offer.apply_by is not None and clock.today() <= offer.apply_by <= clock.today() + CLOSING_WITHIN


def programmes_text(offer: Offer) -> str:
    """The first programmes it is for, by name; "" when it is for everyone."""
    names = list(dict.fromkeys(programme.name for programme in offer.programmes.all()))
    if len(names) <= PROGRAMMES_SHOWN:
        return ", ".join(names)
    shown = ", ".join(names[:PROGRAMMES_SHOWN])
    return _("%(names)s and %(more)d more") % {"names": shown, "more": len(names) - PROGRAMMES_SHOWN}


def place_name(offer: Offer) -> str:
    place = offer.workplace.municipality
    return place.name if place else _("Several municipalities")


def weeks_text(periods: Sequence[OfferPeriod]) -> str:
    """The weeks of the first period, and how many more there are."""
    if not periods:
        return ""
    text = format_weeks(periods[0].start, periods[0].end)
    more = len(periods) - 1
    return _("%(weeks)s and %(more)d more") % {"weeks": text, "more": more} if more else text


def offer_row(offer: Offer, *, applied: Collection[int] = (), reasons: Mapping[int, list[str]] | None = None) -> Any:
    """An offer of `for_lists` as an object for the place row. applied: offer ids; reasons: sentences by offer id."""
    periods = periods_ahead(offer)
    distance = getattr(offer, "distance", None)
    is_rough = offer.workplace.position_source == PositionSource.MUNICIPALITY
    meta = [about_km(distance, is_rough=is_rough)] if distance is not None else []
    if programmes := programmes_text(offer):
        meta.append(programmes)
    return {
        "url": reverse("offer", args=[offer.pk]),
        "title": offer.title,
        "organisation_name": offer.organisation.name,
        "municipality_name": place_name(offer),
        "form_label": offer.form.name,
        "meta": meta,
        "reasons": [] if getattr(offer, "is_forbidden", False) else (reasons or {}).get(offer.pk, [])[:2],
        "weeks_label": weeks_text(periods),
        "seats_free": sum(period.free for period in periods),
        "seats_total": sum(period.capacity for period in periods),
        "seats_kept": sum(period.kept for period in periods),
        "tags": tags_of(offer, applied=offer.pk in applied),
        "note": _("Apply by %(day)s") % {"day": format_day(offer.apply_by)} if offer.apply_by else "",
    }
