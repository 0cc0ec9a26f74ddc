"""Questions about the reference data that are asked from several apps."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext_lazy as _

from backend.common.errors import NotFound
from backend.reference.geo import distance_km
from backend.reference.models import (
    Municipality,
    OccupationGroup,
    PlacementForm,
    PlacementFormVersion,
    Programme,
    ProgrammeOccupation,
)
from backend.reference.models.places import MunicipalityQuerySet


def list_municipalities() -> MunicipalityQuerySet:
    """All municipalities in Swedish order, with their county."""
    return Municipality.objects.select_related("county")


def get_municipality(code: str) -> Municipality:
    """The municipality with the SCB code. Raises NotFound "reference.municipality_unknown"."""
    try:
        return Municipality.objects.select_related("county").get(pk=code)
    except Municipality.DoesNotExist:
        raise NotFound(
            "reference.municipality_unknown", _("There is no municipality with this code."), field="municipality"
        ) from None


def list_nearest_municipalities(lat: float, lon: float, *, limit: int = 10) -> list[tuple[Municipality, float]]:
    """The municipalities whose centroids are nearest to the point, with the distance in km, nearest first."""
    # 290 rows: computing all distances here is faster than any index would be.
    measured = [
        (municipality, distance_km(lat, lon, municipality.lat, municipality.lon))
        for municipality in list_municipalities()
    ]
    return sorted(measured, key=lambda pair: pair[1])[:limit]


def form_on(code: str, date: dt.date) -> PlacementFormVersion:
    """The parameters of the placement form on the date, with the form.

    Raises NotFound "reference.form_unknown" for an unknown form and "reference.form_not_valid" for a day without version.
    """
    version = PlacementFormVersion.objects.valid_on(date).select_related("form").filter(form=code).first()
    if version is not None:
        return version
    if PlacementForm.objects.filter(pk=code).exists():
        raise NotFound(
            "reference.form_not_valid",
            _("This placement form is not in use on that date."),
            field="form",
            data={"form": code, "date": date.isoformat()},
        )
    raise NotFound(
        "reference.form_unknown", _("There is no placement form with this code."), field="form", data={"form": code}
    )


def equivalent_codes(code: str) -> set[str]:
    """The programme codes that mean the same programme over the code series: "IN" -> {"IN", "IN25"}.

    Follows successors both ways, so HA, FS and FS25 are one. An unknown code is only itself.
    """
    neighbours: dict[str, set[str]] = {}
    for pk, successor in Programme.objects.filter(successor__isnull=False).values_list("pk", "successor_id"):
        if successor is not None:
            neighbours.setdefault(pk, set()).add(successor)
            neighbours.setdefault(successor, set()).add(pk)
    found = {code}
    unvisited = [code]
    while unvisited:
        new = neighbours.get(unvisited.pop(), set()) - found
        found |= new
        unvisited.extend(new)
    return found


def occupation_groups_for_programme(code: str) -> set[str]:
    """SSYK codes that the programme, under any of its codes, commonly leads to."""
    return set(
        ProgrammeOccupation.objects.filter(programme__in=equivalent_codes(code)).values_list("group_id", flat=True)
    )


def occupation_fields_for_programme(code: str) -> set[str]:
    """Codes of the occupation fields that the programme commonly leads to."""
    return set(
        OccupationGroup.objects.filter(pk__in=occupation_groups_for_programme(code)).values_list("field_id", flat=True)
    )
