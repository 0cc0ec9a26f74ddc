"""What an offer is made of, as typed input, and the rules that input must meet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from backend.common import clock
from backend.common.errors import Invalid
from backend.offers.timing import is_in_weeks, weeks_text
from backend.reference.selectors import form_on
from backend.reference.work_rules import allowed_age_classes

MAX_SEATS = 10_000
LONGEST = {"title": 120, "tasks": 4_000, "requirements": 2_000, "supervisor_name": 120, "supervisor_email": 254}
LONGEST_LANGUAGE = 5


@dataclass(frozen=True)
class PeriodDetails:
    """start, end: both days included. seats: at least 1. pk: of the period that is changed, None for a new one."""

    start: date
    end: date
    seats: int
    pk: int | None = None


@dataclass(frozen=True)
class OfferDetails:
    """Everything an organisation says about an offer. Codes are those of the reference tables."""

    workplace_id: int
    form: str
    title: str
    tasks: str
    occupation: str = ""
    programmes: Sequence[str] = ()
    hazards: Sequence[str] = ()
    requirements: str = ""
    skills: Sequence[str] = ()
    languages: Sequence[str] = ()
    apply_by: date | None = None
    supervisor_name: str = ""
    supervisor_email: str = ""
    supervisor_phone: str = ""
    risk_assessed_on: date | None = None
    is_remote: bool = False


def clean_words(words: Sequence[str]) -> list[str]:
    """Lower case, without blanks and repeats, in order; at most 20 of at most 40 characters."""
    return list(dict.fromkeys(word.strip().lower()[:40] for word in words if word.strip()))[:20]


def check_periods(periods: Sequence[PeriodDetails], form: str) -> None:
    """Raises Invalid for no period, reversed dates, seats below 1, a period in the past, or a length the form forbids."""
    if not periods:
        raise Invalid("offer.no_period", _("Add at least one period with dates and seats."), field="periods")
    for number, period in enumerate(periods):
        where = f"periods-{number}"
        if period.end < period.start:
            raise Invalid("period.reversed", _("The last day is before the first."), field=f"{where}-end")
        if period.seats < 1:
            raise Invalid("period.no_seats", _("At least one seat is needed."), field=f"{where}-seats")
        if period.seats > MAX_SEATS:
            raise Invalid("period.too_many_seats", _("Check the number of seats."), field=f"{where}-seats")
        if period.end < clock.today() and period.pk is None:
            raise Invalid("period.past", _("The period has already ended."), field=f"{where}-end")
        _check_length(period, form, where)
    dates = [(period.start, period.end) for period in periods]
    known = [period.pk for period in periods if period.pk is not None]
    if len(set(dates)) < len(dates) or len(set(known)) < len(known):
        raise Invalid("period.twice", _("Two periods have the same dates."), field="periods")


def _check_length(period: PeriodDetails, form: str, where: str) -> None:
    rules = form_on(form, period.start)
    weeks = ((period.end - period.start).days + 1 + 2) // 7  # Monday to Friday counts as a week
    if rules.max_weeks is not None and weeks > rules.max_weeks:
        raise Invalid(
            "period.too_long",
            ngettext(
                "This form lasts %(weeks)d week at most.", "This form lasts %(weeks)d weeks at most.", rules.max_weeks
            )
            % {"weeks": rules.max_weeks},
            field=f"{where}-end",
        )
    if not is_in_weeks(rules, period.start, period.end):
        raise Invalid("period.outside_weeks", weeks_text(rules), field=f"{where}-start")


def check_details(details: OfferDetails, periods: Sequence[PeriodDetails]) -> None:
    """Raises Invalid for missing texts, a deadline that helps nobody, or work that nobody of the form may do."""
    if not details.title.strip():
        raise Invalid("offer.no_title", _("Enter a title."), field="title")
    if not details.tasks.strip():
        raise Invalid("offer.no_tasks", _("Describe what the student does at this place."), field="tasks")
    for field, longest in LONGEST.items():
        if len(getattr(details, field).strip()) > longest:
            raise Invalid("offer.too_long", _("The text is too long."), field=field, data={"longest": longest})
    if any(not code or len(code) > LONGEST_LANGUAGE for code in details.languages):
        raise Invalid("offer.unknown_code", _("Choose from the list."), field="languages")
    if details.apply_by is not None:
        if details.apply_by < clock.today():
            raise Invalid("offer.deadline_passed", _("The last day to apply has already passed."), field="apply_by")
        if periods and details.apply_by > max(period.end for period in periods):
            raise Invalid("offer.deadline_late", _("The last day to apply is after the last period."), field="apply_by")
    if details.risk_assessed_on is not None and details.risk_assessed_on > clock.today():
        raise Invalid(
            "offer.assessed_later",
            _("This day has not come yet. Enter the day on which the risks were assessed."),
            field="risk_assessed_on",
        )
    if details.hazards and not allowed_age_classes(details.hazards, details.form, clock.today()):
        raise Invalid(
            "offer.forbidden_work", _("Work with these risks is not allowed for anyone in this form."), field="hazards"
        )
