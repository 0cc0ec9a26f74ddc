"""What has happened to a student on the guarantee board, in one sentence."""

from enum import StrEnum, auto

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backend.applications.board import BoardStudent, Standing
from backend.applications.guarantee import DAYS_A_WEEK
from backend.common.weeks import ago, format_day


class Event(StrEnum):
    """What has happened; decides the next step."""

    PLACED = auto()
    PARTLY = auto()
    NOTHING_SENT = auto()
    DECLINED = auto()
    ENDED = auto()
    ACCEPTED = auto()
    OFFERED = auto()
    SILENCE = auto()
    WAITING = auto()
    WAITLISTED = auto()
    PROPOSED = auto()


def story_of(student: BoardStudent) -> tuple[Event, str]:
    """The event whose next step unblocks the student soonest, and its sentence.

    The student comes from `with_story(students_of(user))`.
    """
    standing = Standing(student.standing)
    if standing == Standing.PLACED:
        return Event.PLACED, _("The placement is approved")
    if standing == Standing.PARTLY:
        return Event.PARTLY, amount_of(student)
    if standing == Standing.UNPLACED:
        if not student.sent:
            return Event.NOTHING_SENT, _("Has not applied for anything yet")
        if student.declined:
            text = ngettext("%(number)d no", "%(number)d times no", student.declined)
            return Event.DECLINED, text % {"number": student.declined}
        return Event.ENDED, _("All applications have ended")
    if student.deciding:
        return Event.ACCEPTED, _("Both sides said yes")
    if student.offered:
        text = _("Has been offered a seat, held until %(day)s")
        return Event.OFFERED, text % {"day": format_day(student.hold_until)}
    if student.escalated:
        return Event.SILENCE, _("No answer for %(time)s") % {"time": ago(student.waiting_since)}
    if student.waiting:
        text = ngettext(
            "%(number)d application waits for an answer", "%(number)d applications wait for an answer", student.waiting
        )
        return Event.WAITING, text % {"number": student.waiting}
    if student.waitlisted:
        return Event.WAITLISTED, _("On the waiting list")
    return Event.PROPOSED, _("A match waits for a decision")


def amount_of(student: BoardStudent) -> str:
    """How much of what the form requires in the school year there is, such as "6 of 10 days" or "4 of 15 weeks"."""
    if student.required_weeks:
        numbers = {"done": student.placed_days // DAYS_A_WEEK, "required": student.required_weeks}
        return _("%(done)d of %(required)d weeks") % numbers
    return _("%(done)d of %(required)d days") % {"done": student.placed_days, "required": student.required_days}
