"""A student's applications as the pages show them: the track, the ruler, the time line."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from backend.applications.enums import ApplicationState, DeclineReason, ReleaseReason
from backend.applications.models import Application
from backend.common import clock
from backend.common.models import LogEntry
from backend.web.ruler import Period, Ruler, build_ruler
from backend.web.weeks import format_day, format_moment, format_weeks

S = ApplicationState
SHORTEST_RULER = timedelta(weeks=26)
LONGEST_RULER = timedelta(weeks=52)
HELD = {S.OFFERED, S.ACCEPTED, S.APPROVED}


def moment_text(moment: datetime) -> str:
    """ "fredag 27 nov. kl. 14.00" in Swedish time."""
    return format_moment(moment)


def short_day(moment: datetime) -> str:
    """ "23 nov.": the weekday would break the narrow columns of a track."""
    return format_day(moment).split(" ", 1)[1]


def track_of(row: Application) -> list[dict[str, str]]:
    """Up to five steps from applied to approved; an application that ended stops where it did."""
    done = [{"text": _("Applied %(day)s") % {"day": short_day(row.submitted_at)}, "state": "done"}]
    read = {"text": _("Read"), "state": "done"}
    offered = {"text": _("Offered"), "state": "done"}
    yes = {"text": _("You said yes"), "state": "done"}
    coming = [{"text": _("Your answer"), "state": "next"}, {"text": _("Approved"), "state": "next"}]
    answer = _("Answer by %(day)s") % {"day": short_day(row.answer_due_at)}
    if row.state == S.SUBMITTED and row.read_at is None:
        return [*done, {"text": _("Not read yet"), "state": "here"}, {"text": answer, "state": "next"}, *coming]
    if row.state == S.SUBMITTED:
        return [*done, read, {"text": answer, "state": "here"}, *coming]
    if row.state == S.WAITLISTED:
        place = _("No. %(rank)d on the waiting list") % {"rank": row.waiting_rank or 1}
        return [*done, read, {"text": place, "state": "here"}, *coming]
    if row.state == S.OFFERED:
        return [*done, read, offered, {"text": _("Your answer"), "state": "here"}, coming[1]]
    if row.state == S.ACCEPTED:
        return [*done, offered, yes, {"text": _("The coordinator decides"), "state": "here"}, coming[1]]
    if row.ended_placement:
        return [
            *done,
            offered,
            yes,
            {"text": _("Approved"), "state": "done"},
            {"text": row.state_label, "state": "here"},
        ]
    if row.state == S.APPROVED:
        return [*done, offered, yes, {"text": _("Approved"), "state": "done"}]
    return [*done, {"text": str(row.get_state_display()), "state": "here"}]


def application_row(row: Application) -> dict[str, Any]:
    offer = row.period.offer
    return {
        "id": row.pk,
        "url": reverse("student_application", args=[row.pk]),
        "title": offer.title,
        "organisation": offer.organisation.name,
        "weeks": format_weeks(row.period.start, row.period.end),
        "state": row.state_label,
        "steps": track_of(row),
    }


def weeks_ahead(rows: Sequence[Application]) -> Ruler | None:
    """The applications that live, on the weeks ahead: solid where a seat is held, dashed where it is asked for."""
    today = clock.today()
    periods = [
        Period(row.period.start, row.period.end, "main" if row.state in HELD else "hold", row.period.offer.title)
        for row in rows
        if row.period.end >= today and not row.ended_placement
    ]
    if not periods:
        return None
    end = max(max(period.end for period in periods) + timedelta(weeks=3), today + SHORTEST_RULER)
    return build_ruler(today, min(end, today + LONGEST_RULER), periods, today=today)


def why_it_ended(row: Application) -> str:
    """One sentence for an application that came to nothing; "" otherwise."""
    if row.ended_placement:
        return row.ended_placement.ended_reason
    if row.state == S.DECLINED:
        return str(DeclineReason(row.decline_reason).label)
    if row.state == S.REJECTED:
        return row.match.decision_reason if row.match else ""
    if row.state == S.TURNED_DOWN:
        return _("You said no to the seat.")
    if row.release_reason and row.state in {S.WITHDRAWN, S.LAPSED}:
        return str(ReleaseReason(row.release_reason).label)
    return ""


def story_of(row: Application) -> list[dict[str, str]]:
    """What happened, oldest first, from the log; nobody's name is in it."""
    words = {
        "application.submitted": _("You applied"),
        "application.waitlisted": _("You were put on the waiting list"),
        "application.offered": _("You were offered a seat"),
        "application.declined": _("The answer was no"),
        "application.accepted": _("You said yes"),
        "application.withdrawn": _("The application was withdrawn"),
        "application.turned_down": _("You said no to the seat"),
        "application.offer_undone": _("The organisation took the offer back: it was a mistake"),
        "application.offer_undone_to_list": _("The organisation took the offer back: it was a mistake"),
        "application.change_asked": _("The place was changed, and you were asked whether it still fits"),
        "application.change_accepted": _("You said that it still fits"),
        "application.change_refused": _("You said that it does not fit any more"),
        "application.changed_back": _("The place was changed back"),
        "application.lapsed": _("The application lapsed"),
        "application.approved": _("The coordinator approved your place"),
        "application.rejected": _("The coordinator did not approve the place"),
        "application.escalated": _("No answer in time: your coordinator was told"),
    }
    ended = {
        "placement.cancelled": _("The placement was cancelled"),
        "placement.interrupted": _("The placement ended early"),
    }
    about = Q(subject_type="application", subject_id=row.pk, action__in=words)
    if row.ended_placement:
        about |= Q(subject_type="placement", subject_id=row.ended_placement.pk, action__in=ended)
    words |= ended
    entries = LogEntry.objects.filter(about).order_by("id")
    found = [(entry.at, words[entry.action]) for entry in entries]
    if row.read_at is not None:
        found.append((row.read_at, _("The organisation read your application")))
    return [{"when": moment_text(at), "text": text} for at, text in sorted(found, key=lambda pair: pair[0])]
