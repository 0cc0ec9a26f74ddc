"""What a student says yes to: dates, form, workplace and risks, as plain values that can be kept and compared.

Kept with what was approved (Offer.approved), with what was asked for (Application.asked_for) and with what was agreed
(Match.agreed). Codes and ids, ISO dates; no names. `{}` = nobody has kept any, so nothing can differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from backend.common.weeks import format_dates
from backend.offers.models import Offer, OfferPeriod
from backend.organisations.models import Workplace
from backend.reference.models import HazardFlag, PlacementForm

Facts = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """One thing that differs, in words of the active language."""

    label: str
    old: str
    new: str


def place_facts(offer: Offer) -> Facts:
    """Of the place itself. One query for the risks, none where they are prefetched."""
    return {
        "form": offer.form_id,
        "workplace": offer.workplace_id,
        "hazards": sorted(hazard.pk for hazard in offer.hazards.all()),
        "is_remote": offer.is_remote,
    }


def facts_of(period: OfferPeriod) -> Facts:
    """Of one period of a place."""
    return {**place_facts(period.offer), "start": period.start.isoformat(), "end": period.end.isoformat()}


def approved_facts(offer: Offer) -> Facts:
    """Of the place with all its periods and seats, as a coordinator lets it out."""
    periods = OfferPeriod.objects.filter(offer=offer)
    rows = [[period.start.isoformat(), period.end.isoformat(), period.capacity] for period in periods]
    return {**place_facts(offer), "periods": rows}


def is_worth_asking(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether somebody who said yes to `before` must be asked about `after`. Fewer risks are no reason to ask."""
    for name, value in after.items():
        if name not in before or before[name] == value:
            continue
        if name != "hazards" or set(value) - set(before[name]):
            return True
    return False


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What differs, in words. At most one query for each kind of thing that differs."""
    found: list[Change] = []
    differs = {name for name in after if name in before and before[name] != after[name]}
    if differs & {"start", "end"}:
        found.append(Change(_("Dates"), _dates(before["start"], before["end"]), _dates(after["start"], after["end"])))
    if "periods" in differs:
        found.append(Change(_("Weeks and seats"), _periods(before["periods"]), _periods(after["periods"])))
    if "form" in differs:
        forms = {form.pk: form.name for form in PlacementForm.objects.filter(pk__in=[before["form"], after["form"]])}
        found.append(Change(_("Form"), forms.get(before["form"], "–"), forms.get(after["form"], "–")))
    if "workplace" in differs:
        sites = Workplace.objects.select_related("municipality").in_bulk([before["workplace"], after["workplace"]])
        found.append(
            Change(_("Workplace"), _site(sites.get(before["workplace"])), _site(sites.get(after["workplace"])))
        )
    if "hazards" in differs:
        names = {risk.pk: risk.name for risk in HazardFlag.objects.filter(pk__in=before["hazards"] + after["hazards"])}
        found.append(Change(_("Risks"), _risks(before["hazards"], names), _risks(after["hazards"], names)))
    if "is_remote" in differs:
        yes, no = _("Can be done from home"), _("At the workplace")
        found.append(Change(_("Where"), yes if before["is_remote"] else no, yes if after["is_remote"] else no))
    return found


def _dates(start: str, end: str) -> str:
    return format_dates(date.fromisoformat(start), date.fromisoformat(end))


def _periods(rows: list[list[Any]]) -> str:
    return "; ".join(
        _("%(dates)s: %(seats)d seats") % {"dates": _dates(start, end), "seats": seats} for start, end, seats in rows
    )


def _site(workplace: Workplace | None) -> str:
    if workplace is None:
        return "–"
    return ", ".join(filter(None, [workplace.name, workplace.municipality.name if workplace.municipality else ""]))


def _risks(codes: list[str], names: Mapping[str, str]) -> str:
    return ", ".join(names.get(code, code) for code in codes) or _("No risks")
