"""Match notifications: a place that fits, with the reasons."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from backend.common import clock
from backend.notifications.enums import Category, Urgency
from backend.notifications.messages import TEMPLATES, Words, context_from, page_of
from backend.notifications.models import Notification
from backend.notifications.registry import Kind, register
from backend.notifications.subjects import Subject, from_rows
from backend.offers.models import Offer
from backend.students.models import Student
from backend.suggestions.models import Suggestion
from backend.suggestions.reasons import occupation_names, period_label, sentence

_offer: Subject[Offer] = from_rows(
    lambda: Offer.objects.select_related("organisation", "workplace__municipality").prefetch_related("periods")
)


def _context(notification: Notification) -> dict[str, Any]:
    """The place as a row of the mail, with the reasons that were stored when it was found."""
    offer = _offer(notification)
    suggestion = Suggestion.objects.filter(student__user=notification.recipient_id, offer=offer).first()
    reasons = suggestion.reasons if suggestion else []
    names = occupation_names(reasons)
    periods = [period for period in offer.periods.all() if period.end >= clock.today()]
    place = offer.workplace.municipality
    link = page_of(notification)
    return {
        "link": link,
        "row": {
            "url": "",
            "title": offer.title,
            "organisation_name": offer.organisation.name,
            "municipality_name": place.name if place else _("several municipalities"),
            "weeks_label": ", ".join(period_label(period.start, period.end) for period in periods[:3]),
            "seats_total": None,
            "seats_free": None,
            "note": "",
            "reasons": [sentence(reason, names) for reason in reasons[:4]],
        },
    }


def _weights(notifications: list[Notification]) -> dict[int, float]:
    """How well each place fits its reader. One query."""
    scores = {
        (user, offer): score
        for user, offer, score in Suggestion.objects.filter(
            student__user__in={row.recipient_id for row in notifications},
            offer__in={row.subject_id for row in notifications},
        ).values_list("student__user_id", "offer_id", "score")
    }
    return {row.pk: scores.get((row.recipient_id, row.subject_id), 0.0) for row in notifications}


def _applied_at() -> Subquery:
    """When the reader applied for the place after hearing of it."""
    applied = Student.objects.filter(
        user=OuterRef("recipient"),
        applications__period__offer=OuterRef("subject_id"),
        applications__submitted_at__gte=OuterRef("created_at"),
    )
    return Subquery(applied.order_by("applications__submitted_at").values("applications__submitted_at")[:1])


def _no_longer_open(notification: Notification) -> str:
    offer = _offer(notification)
    if not offer.is_open:
        return "offer_closed"
    if offer.periods.filter(applications__student__user=notification.recipient_id).exists():
        return "already_applied"
    return ""


def _register(name: str, title: Callable[[Offer], str]) -> None:
    register(
        Kind(
            name=name,
            category=Category.SUGGESTIONS,
            title=lambda notification: title(_offer(notification)),
            context=_context,
            subject=_offer,
            urgency=Urgency.DIGESTIBLE,
            expires_after=timedelta(days=7),
            still_relevant=_no_longer_open,
            over=lambda notification: "" if _offer(notification).is_open else "offer_closed",
            weigh=_weights,
            acted=_applied_at,
        )
    )


_register("match.suggested", lambda offer: _("A place that fits you: %(title)s") % {"title": offer.title})
_register("alert.matched", lambda offer: _("New place for your alert: %(title)s") % {"title": offer.title})
register(
    Kind(
        name="match.suggestion_corrected",
        category=Category.SUGGESTIONS,
        title=lambda notification: _("Not open after all: %(title)s") % {"title": _offer(notification).title},
        context=context_from(
            lambda notification: Words(
                paragraphs=(
                    _("We told you about this place too early. It is being reviewed and cannot be applied for yet."),
                    _("If it is published again you find it among your suggestions."),
                ),
                facts=((_("Place"), _offer(notification).title),),
                button=_("See other places"),
            )
        ),
        templates=TEMPLATES,
        subject=_offer,
        urgency=Urgency.DIGESTIBLE,
        expires_after=timedelta(days=7),
        still_relevant=lambda notification: "already_decided" if _offer(notification).is_open else "",
    )
)
