"""Why a place fits, as data that is stored and as sentences that are shown."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from backend.reference.models import OccupationGroup
from backend.suggestions.columns import word_token

if TYPE_CHECKING:
    from backend.offers.models import Offer
    from backend.students.models import Student
    from backend.suggestions.engine import Candidate

Reason = dict[str, Any]
SAME_OCCUPATION, RELATED_OCCUPATION = 4, 2
NEAR_KM = 50


def reasons_of(candidate: "Candidate", student: "Student", offer: "Offer", *, same_programme: bool) -> list[Reason]:
    """What speaks for the pair, strongest first. Plain values only: they are stored and may be mailed."""
    found: list[tuple[float, Reason]] = []
    parts = candidate.parts
    if same_programme:
        found.append((1.0, {"code": "programme", "programme": student.programme_id}))
    matched = [word for word in offer.skills if word_token(word) in candidate.skills]
    if matched:
        found.append((parts["skills"], {"code": "skills", "skills": matched[:3]}))
    if candidate.shared_digits == SAME_OCCUPATION:
        found.append((parts["occupation"], {"code": "occupation", "group": offer.occupation_id}))
    elif candidate.shared_digits >= RELATED_OCCUPATION:
        found.append((parts["occupation"], {"code": "related_occupation", "group": offer.occupation_id}))
    elif parts["interests"] > 0:
        found.append((parts["interests"], {"code": "field", "group": offer.occupation_id}))
    if candidate.km is not None and candidate.km <= NEAR_KM:
        found.append((parts["distance"], {"code": "distance", "km": round(candidate.km, 1)}))
    if candidate.parts["period"] > 0:
        days = {"start": _iso(candidate.period_start), "end": _iso(candidate.period_end)}
        found.append((parts["period"], {"code": "period", **days}))
    return [reason for _weight, reason in sorted(found, key=lambda pair: -pair[0])]


def _iso(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def sentence(reason: Reason, names: Mapping[str, str]) -> str:
    """One reason in the active language. names: occupation group code to its name in that language."""
    match reason["code"]:
        case "programme":
            return _("Fits your programme")
        case "skills":
            return _("You know %(skills)s") % {"skills": get_text_list(reason["skills"], _("and"))}
        case "occupation":
            return _("The work you asked for: %(name)s") % {"name": names.get(reason["group"], "")}
        case "related_occupation":
            return _("Close to the work you asked for: %(name)s") % {"name": names.get(reason["group"], "")}
        case "field":
            return _("In a trade you are interested in: %(name)s") % {"name": names.get(reason["group"], "")}
        case "distance":
            km = reason["km"]
            if km < 1:
                return _("Less than 1 km away")
            return _("%(km)d km away") % {"km": round(km)}
        case "period":
            start, end = date.fromisoformat(reason["start"]), date.fromisoformat(reason["end"])
            return _("Fits your weeks: %(weeks)s") % {"weeks": period_label(start, end)}
    raise ValueError(f"unknown reason {reason['code']}")


def period_label(start: date, end: date) -> str:
    """ISO weeks with no-break space and word joiners, so that a range never ends a line at its dash."""
    first, last = start.isocalendar().week, end.isocalendar().week
    prefix = _("wk")
    return f"{prefix}\u00a0{first}" if first == last else f"{prefix}\u00a0{first}\u2060–\u2060{last}"


def occupation_names(reasons: Iterable[dict[str, object]]) -> dict[str, str]:
    """Names of the occupation groups that the reasons mention, in the active language."""
    codes = {str(reason["group"]) for reason in reasons if reason.get("group")}
    return {group.pk: group.name for group in OccupationGroup.objects.filter(pk__in=codes)} if codes else {}
