"""What an organisation's pages show of an offer or an applicant, as plain rows for the templates."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backend.applications.board import OfferCounts
from backend.applications.enums import ApplicationState
from backend.applications.models import Application
from backend.common import clock
from backend.offers.enums import OfferState
from backend.offers.models import Offer, OfferPeriod
from backend.reference.enums import PositionSource
from backend.reference.geo import distance_km
from backend.students.models import Student
from backend.web.templatetags.praktiknavet import about_km
from backend.web.weeks import format_day, format_weeks, local_date

STATE_COLORS = {
    OfferState.DRAFT: "neutral",
    OfferState.SUBMITTED: "warning",
    OfferState.PUBLISHED: "success",
    OfferState.PAUSED: "neutral",
    OfferState.CLOSED: "neutral",
}
SKILLS_SHOWN = 3


def initials(name: str) -> str:
    """One or two letters for the round mark beside a name."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


def days_until(moment: datetime) -> int:
    """Calendar days in Sweden; negative when it has passed."""
    return (local_date(moment) - clock.today()).days


def due_text(moment: datetime) -> str:
    """How much of the answer time is left."""
    days = days_until(moment)
    if days < 0:
        return ngettext("%(days)d day late", "%(days)d days late", -days) % {"days": -days}
    if days == 0:
        return _("Answer today")
    return ngettext("%(days)d day left to answer", "%(days)d days left to answer", days) % {"days": days}


def period_weeks(periods: Sequence[OfferPeriod]) -> str:
    """The weeks of the first period, and how many more there are."""
    if not periods:
        return ""
    text = format_weeks(periods[0].start, periods[0].end)
    return text if len(periods) == 1 else _("%(weeks)s and %(more)d more") % {"weeks": text, "more": len(periods) - 1}


def next_step(offer: Offer, counts: OfferCounts | None) -> str:
    """What the organisation does next, in one line."""
    if offer.state == OfferState.DRAFT:
        return _("Sent back: read why and change it") if offer.sent_back_reason else _("Read through and send it in")
    if offer.state == OfferState.SUBMITTED:
        return _("The coordinator is reading it")
    if counts and counts.waiting:
        return ngettext("%(number)d waits for your answer", "%(number)d wait for your answer", counts.waiting) % {
            "number": counts.waiting
        }
    if offer.state == OfferState.PUBLISHED:
        return _("Waiting for applications") if not (counts and counts.total) else _("Everyone has an answer")
    if offer.state == OfferState.PAUSED:
        return _("Paused: open it when you want applications")
    return _("Closed: post it again when you like")


def offer_row(offer: Offer, counts: OfferCounts | None) -> dict[str, Any]:
    """A row for the `places` component. The offer comes from `for_lists`."""
    periods = list(offer.periods.all())
    sent_back = offer.state == OfferState.DRAFT and offer.sent_back_reason
    state = _("Sent back") if sent_back else str(OfferState(offer.state).label)
    applied = counts.total if counts else 0
    meta = [ngettext("%(number)d applicant", "%(number)d applicants", applied) % {"number": applied}] if applied else []
    if offer.apply_by and offer.state != OfferState.CLOSED:
        meta.append(_("Apply by %(day)s") % {"day": format_day(offer.apply_by)})
    return {
        "url": reverse("employer_offer", args=[offer.pk]),
        "title": offer.title,
        "organisation_name": offer.workplace.name,
        "municipality_name": offer.workplace.municipality.name if offer.workplace.municipality else "",
        "form_label": offer.form.name,
        "meta": meta,
        "reasons": [],
        "weeks_label": period_weeks(periods),
        "seats_free": sum(period.free for period in periods),
        "seats_total": sum(period.capacity for period in periods) if periods else None,
        "seats_kept": sum(period.kept for period in periods),
        "tags": [{"text": state, "color": "danger" if sent_back else STATE_COLORS[OfferState(offer.state)]}],
        "note": next_step(offer, counts),
    }


@dataclass(frozen=True)
class ApplicantRow:
    """One applicant as the employer may see them: no birth date, no address, and only the alias when protected."""

    pk: int
    name: str
    initials: str
    line: str
    meta: Sequence[str]
    quote: str
    state: str
    color: str
    can_offer: bool
    can_waitlist: bool
    can_decline: bool
    can_undo: bool
    offer_title: str
    url: str


def applicant_row(application: Application) -> ApplicantRow:
    """The application comes with student, programme and workplace loaded."""
    student, state = application.student, ApplicationState(application.state)
    text, color = _state(application)
    return ApplicantRow(
        pk=application.pk,
        name=student.display_name,
        initials=initials(student.display_name),
        line=student_line(student),
        meta=_meta(application),
        quote=application.motivation,
        state=text,
        color=color,
        can_offer=state in {ApplicationState.SUBMITTED, ApplicationState.WAITLISTED} and application.period.free > 0,
        can_waitlist=state == ApplicationState.SUBMITTED,
        can_decline=state in {ApplicationState.SUBMITTED, ApplicationState.WAITLISTED},
        can_undo=application.undo_until is not None and application.undo_until > clock.now(),
        offer_title=application.period.offer.title,
        url=reverse("employer_application", args=[application.pk]),
    )


def applicant_rows(applications: Iterable[Application]) -> list[ApplicantRow]:
    return [applicant_row(application) for application in applications]


def student_line(student: Student) -> str:
    """Programme, class and school. The school and class of a protected student would tell where they live."""
    programme = student.programme.name if student.programme else ""
    parts = [programme] if student.is_protected else [programme, student.class_name, student.school]
    return ", ".join(filter(None, parts))


def _meta(application: Application) -> list[str]:
    student, workplace = application.student, application.period.offer.workplace
    texts = [format_weeks(application.period.start, application.period.end)]
    points = (student.lat, student.lon, workplace.lat, workplace.lon)
    if not student.is_protected and None not in points:
        is_rough = PositionSource.MUNICIPALITY in {student.position_source, workplace.position_source}
        texts.append(about_km(distance_km(*(float(point) for point in points if point is not None)), is_rough=is_rough))
    return [*texts, *student.skills[:SKILLS_SHOWN]]


def _state(application: Application) -> tuple[str, str]:
    state = ApplicationState(application.state)
    if application.ended_placement:
        return application.state_label, "neutral"
    if state == ApplicationState.SUBMITTED:
        days = days_until(application.answer_due_at)
        return due_text(application.answer_due_at), "danger" if days < 0 else "warning" if days <= 1 else "neutral"
    if state == ApplicationState.WAITLISTED:
        return _("Waiting list, number %(rank)d") % {"rank": application.waiting_rank or 0}, "info"
    if state == ApplicationState.OFFERED and application.hold_expires_at:
        return _("Offered, answers by %(day)s") % {"day": format_day(application.hold_expires_at)}, "info"
    if state == ApplicationState.ACCEPTED:
        return _("Said yes, the coordinator decides"), "success"
    if state == ApplicationState.APPROVED:
        return _("Has the place"), "success"
    return str(state.label), "neutral"
