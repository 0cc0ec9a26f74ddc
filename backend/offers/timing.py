"""Until when something can still come of a period: asked at every step, from the application to the approval."""

from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from backend.common import clock
from backend.common.errors import Conflict
from backend.common.workdays import end_of_day
from backend.offers.models import OfferPeriod
from backend.reference.models import PlacementFormVersion

LAST_ISO_WEEK = 53


def last_moment(start: date, end: date, rules: PlacementFormVersion) -> datetime:
    """The last minute in which somebody may ask, answer or approve: of the last day, or of the day before the first one
    where the form has everything settled by then. No answer is due later and no seat is held longer.
    """
    return end_of_day(start - timedelta(days=1) if rules.is_settled_before_start else end)


def is_in_weeks(rules: PlacementFormVersion, start: date, end: date) -> bool:
    """Whether the days lie in the ISO weeks of one year in which the form takes place; always where it names none."""
    first, last = start.isocalendar(), end.isocalendar()
    if rules.first_iso_week is None and rules.last_iso_week is None:
        return True
    return (
        first.year == last.year
        and first.week >= (rules.first_iso_week or 1)
        and last.week <= (rules.last_iso_week or LAST_ISO_WEEK)
    )


def weeks_text(rules: PlacementFormVersion) -> str:
    """In which weeks the form takes place, as a sentence."""
    return _("This form takes place in weeks %(first)d to %(last)d of one year.") % {
        "first": rules.first_iso_week or 1,
        "last": rules.last_iso_week or LAST_ISO_WEEK,
    }


def require_in_time(period: OfferPeriod, rules: PlacementFormVersion) -> datetime:
    """The period's last moment. Raises Conflict `period.ended` or `period.begun` when it has passed, and
    `period.outside_weeks` for one that lies outside the weeks of its form."""
    if period.end < clock.today():
        raise Conflict("period.ended", _("This period has already ended."))
    if not is_in_weeks(rules, period.start, period.end):
        raise Conflict("period.outside_weeks", weeks_text(rules))
    until = last_moment(period.start, period.end, rules)
    if clock.now() > until:
        raise Conflict("period.begun", _("This period has begun, and its seats had to be settled before that."))
    return until
