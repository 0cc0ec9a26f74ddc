"""Questions about demand: where which occupations are looked for, and the start of an offer from an advertisement."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from backend.common.errors import NotFound
from backend.offers.demand import AdPrefill, DemandSignal


@dataclass(frozen=True)
class Demand:
    """municipality_code, group: None where the advertisements name none. ads: how many; vacancies: how many in all."""

    municipality_code: str | None
    group: str | None
    ads: int
    vacancies: int


def demand_by_municipality_and_group(municipality_code: str | None = None) -> list[Demand]:
    """The open demand, most vacancies first; of one municipality when a code is given. One query."""
    rows = DemandSignal.objects.filter(removed_at__isnull=True)
    if municipality_code is not None:
        rows = rows.filter(municipality=municipality_code)
    counted = (
        rows.values("municipality_id", "group_id")
        .annotate(ads=Count("pk"), all_vacancies=Sum("vacancies"))
        .order_by("-all_vacancies", "municipality_id", "group_id")
    )
    return [Demand(row["municipality_id"], row["group_id"], row["ads"], row["all_vacancies"]) for row in counted]


def prefill_offer(source_ref: str, *, source: str = "jobsearch") -> dict[str, Any]:
    """What an offer form can start from: title, tasks, occupation, municipality_code, employer_name, source, source_ref.

    Raises NotFound when there is no such advertisement, or no more.
    """
    prefill = (
        AdPrefill.objects.select_related("signal")
        .filter(signal__source=source, signal__source_ref=source_ref, signal__removed_at__isnull=True)
        .first()
    )
    if prefill is None:
        raise NotFound("prefill.unknown", _("There is no such advertisement any more."))
    return {
        "title": prefill.headline[:120],
        "tasks": prefill.text,
        "occupation": prefill.signal.group_id or "",
        "municipality_code": prefill.signal.municipality_id or "",
        "employer_name": prefill.employer_name,
        "source": source,
        "source_ref": source_ref,
    }
