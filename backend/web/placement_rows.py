"""What pages say of a placement: its state, what comes next for the reader, where it is and whom to ask."""

from datetime import date
from urllib.parse import urlencode

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from backend.accounts.phones import format_phone
from backend.accounts.selectors import list_coordinators_of
from backend.organisations.models import Workplace
from backend.placements.enums import PlacementState
from backend.placements.models import Placement
from backend.web.weeks import format_day

STATE_COLORS = {
    PlacementState.UPCOMING: "info",
    PlacementState.ONGOING: "success",
    PlacementState.COMPLETED: "neutral",
    PlacementState.INTERRUPTED: "danger",
    PlacementState.CANCELLED: "danger",
}
# Drawn by volunteers and open to everyone; zoom 16 shows the streets around the workplace.
MAP = "https://www.openstreetmap.org/"
MAP_ZOOM = 16


def address_lines(workplace: Workplace) -> list[str]:
    """Name, street, postcode and town. A workplace without a town is named by its municipality."""
    town = " ".join(filter(None, [workplace.postcode, workplace.city]))
    if not town and workplace.municipality:
        town = workplace.municipality.name
    return [line for line in (workplace.name, workplace.address, town) if line]


def map_url(workplace: Workplace) -> str:
    """A map around the workplace; "" when only its municipality is known."""
    if workplace.lat is None or workplace.lon is None or not workplace.address:
        return ""
    point = urlencode({"mlat": f"{workplace.lat:.5f}", "mlon": f"{workplace.lon:.5f}"})
    return f"{MAP}?{point}#map={MAP_ZOOM}/{workplace.lat:.5f}/{workplace.lon:.5f}"


def contacts_for(found: Placement, role: str) -> list[dict[str, str]]:
    """Whom to meet and whom to ask, each with the ways to reach them that there are."""
    rows = []
    if found.supervisor_name:
        rows.append(
            {
                "label": _("Supervisor"),
                "name": found.supervisor_name,
                "phone": found.supervisor_phone,
                "shown": format_phone(found.supervisor_phone) if found.supervisor_phone else "",
                "email": found.supervisor_email,
            }
        )
    code = found.match.deciding_municipality_id
    if code:
        rows += [
            {"label": _("Coordinator"), "name": each.name, "phone": "", "email": each.email}
            for each in list_coordinators_of(code)
        ]
    return rows


def steps_of(found: Placement) -> list[dict[str, str]]:
    """From the approval to the last day; one that ended early stops there."""
    approved = {"text": _("Approved"), "state": "done"}
    first = _("First day %(day)s") % {"day": format_day(found.start)}
    last = _("Last day %(day)s") % {"day": format_day(found.end)}
    state = PlacementState(found.state)
    if state == PlacementState.CANCELLED:
        return [approved, {"text": str(state.label), "state": "here"}]
    if state == PlacementState.INTERRUPTED:
        return [approved, {"text": first, "state": "done"}, {"text": str(state.label), "state": "here"}]
    places = {PlacementState.UPCOMING: ("here", "next"), PlacementState.ONGOING: ("done", "here")}
    begins, ends = places.get(state, ("done", "done"))
    return [approved, {"text": first, "state": begins}, {"text": last, "state": ends}]


def _in_a_sentence(day: date) -> str:
    """ "måndag 25 januari": a short month ends in a full stop, and the sentence in another."""
    return date_format(day, "l j F")


def next_step(found: Placement, role: str, name: str) -> str:
    """What comes next, for this reader, in one or two sentences."""
    words = {"name": name, "first": _in_a_sentence(found.start), "last": _in_a_sentence(found.end)}
    state = PlacementState(found.state)
    if state == PlacementState.UPCOMING:
        return _before_the_first_day(found, role, words)
    if state == PlacementState.ONGOING:
        if role == "student":
            return _("Your last day is %(last)s. If you fall ill, tell the workplace and your school.") % words
        return _("The last day is %(last)s.") % words
    if state == PlacementState.CANCELLED:
        return _("The placement was cancelled before it began.")
    if state == PlacementState.INTERRUPTED:
        return _("The placement ended early.")
    return _("The placement ended on %(last)s.") % words


def _before_the_first_day(found: Placement, role: str, words: dict[str, str]) -> str:
    is_told = bool(found.first_day or found.bring)
    if role == "employer":
        if is_told:
            return _("%(name)s starts on %(first)s.") % words
        return _("%(name)s starts on %(first)s. Say when and where to come, and what to bring.") % words
    if role == "guardian":
        return _("%(name)s starts on %(first)s. There is nothing you need to do.") % words
    if is_told:
        return _("You start on %(first)s. What you need to know before then is on this page.") % words
    return _("You start on %(first)s. The workplace will tell you here when to come and what to bring.") % words
