"""Until when something can still come of a period: asked at every step, from the application to the approval."""

from datetime import date, datetime, timedelta

from django.utils.translation import gettext_lazy as _

from backend.common import clock
from backend.common.errors import Conflict
from backend.common.workdays import end_of_day
from backend.offers.models import OfferPeriod
from backend.reference.models import PlacementFormVersion


def last_moment(start: date, end: date, rules: PlacementFormVersion) -> datetime:
    """The last minute in which somebody may ask, answer or approve: of the last day, or of the day before the first one
    where the form has everything settled by then. No answer is due later and no seat is held longer.
    """
    return end_of_day(start - timedelta(days=1) if rules.is_settled_before_start else end)


def require_in_time(period: OfferPeriod, rules: PlacementFormVersion) -> datetime:
    """The period's last moment. Raises Conflict `period.ended` or `period.begun` when it has passed."""
    if period.end < clock.today():
        raise Conflict("period.ended", _("This period has already ended."))
    until = last_moment(period.start, period.end, rules)
    if clock.now() > until:
        raise Conflict("period.begun", _("This period has begun, and its seats had to be settled before that."))
    return until
