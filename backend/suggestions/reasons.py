"""Why a place fits, as data that is stored and as sentences that are shown."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from backend.reference.languages import names_of_languages
from backend.reference.models import OccupationGroup, Programme
from backend.suggestions.columns import programme_is_unknown, word_token

if TYPE_CHECKING:
    from backend.offers.models import Offer
    from backend.students.models import Student
    from backend.suggestions.engine import Candidate

Reason = dict[str, Any]
SAME_OCCUPATION, RELATED_OCCUPATION = 4, 2
NEAR_KM = 50


def reasons_of(
    candidate: "Candidate", student: "Student", offer: "Offer", *, same_programme: bool, wanted: Sequence[str] = ()
) -> list[Reason]:
    """What speaks for the pair, strongest first, then what the place asks for. Plain values only: they are stored and
    may be mailed. wanted: the codes of the programmes that the offer names."""
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
    return [reason for _weight, reason in sorted(found, key=lambda pair: -pair[0])] + hints_of(student, offer, wanted)


def hints_of(student: "Student", offer: "Offer", programmes: Sequence[str]) -> list[Reason]:
    """What the place asks for and the student has not said: no reason to leave it out, but worth knowing first.

    programmes: the codes that the offer names.
    """
    hints: list[Reason] = []
    if offer.languages and not student.languages:
        hints.append({"code": "languages", "languages": list(offer.languages)})
    if programmes and programme_is_unknown(student):
        hints.append({"code": "programmes", "programmes": sorted(programmes)[:3]})
    return hints


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
        case "languages":
            return _("The place asks for %(languages)s") % {"languages": names_of_languages(reason["languages"])}
        case "programmes":
            wanted = [names.get(code, code) for code in reason["programmes"]]
            return _("Meant for students of %(programmes)s") % {"programmes": get_text_list(wanted, _("or"))}
    raise ValueError(f"unknown reason {reason['code']}")


def period_label(start: date, end: date) -> str:
    """ISO weeks with no-break space and word joiners, so that a range never ends a line at its dash."""
    first, last = start.isocalendar().week, end.isocalendar().week
    prefix = _("wk")
    return f"{prefix}\u00a0{first}" if first == last else f"{prefix}\u00a0{first}\u2060–\u2060{last}"


def occupation_names(reasons: Iterable[dict[str, object]]) -> dict[str, str]:
    """Names of the occupation groups and programmes that the reasons mention, in the active language, by code."""
    known = list(reasons)
    codes = {str(reason["group"]) for reason in known if reason.get("group")}
    names = {group.pk: group.name for group in OccupationGroup.objects.filter(pk__in=codes)} if codes else {}
    asked = {code for reason in known for code in cast(list[str], reason.get("programmes", []))}
    if asked:
        names |= {programme.pk: programme.name for programme in Programme.objects.filter(pk__in=asked)}
    return names
