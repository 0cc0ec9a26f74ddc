"""Who is told what about offers."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backend.accounts.models import User
from backend.accounts.policies import municipalities_coordinated_by
from backend.accounts.selectors import list_responsible_for
from backend.common.models import DomainEvent
from backend.common.transitions import Audience, audiences
from backend.notifications import ledger
from backend.notifications.effect import own_step
from backend.notifications.enums import Category
from backend.notifications.messages import TEMPLATES, Words, context_from
from backend.notifications.models import Notification
from backend.notifications.registry import Kind, register
from backend.notifications.services import notify
from backend.notifications.subjects import Subject, from_rows
from backend.offers.enums import OFFER_TRANSITIONS, OfferState
from backend.offers.models import Offer
from backend.offers.policies import can_review_offer
from backend.organisations.selectors import list_member_users

_offer: Subject[Offer] = from_rows(lambda: Offer.objects.select_related("organisation", "workplace__municipality"))


def _organisation(offer: Offer) -> list[User]:
    return list_member_users(offer.organisation_id)


def _reviewers(offer: Offer) -> list[User]:
    return list_responsible_for(offer.municipality_code)


# What the words in the table of transitions mean.
ROLES: dict[str, Audience] = {"organisation": _organisation, "coordinators of the workplace": _reviewers}
TOLD = audiences(OFFER_TRANSITIONS, ROLES)


def _with_ledger(reader: User, offer_id: int) -> Offer | None:
    """A place in the municipality the reader coordinates."""
    codes = municipalities_coordinated_by(reader)
    offers = Offer.objects.select_related("organisation", "workplace")
    offer = offers.filter(pk=offer_id, workplace__municipality__in=codes).first()
    return offer if offer is not None and can_review_offer(reader, offer) else None


ledger.register_case(ledger.Case("offer", find=_with_ledger, organisation=lambda offer: offer.organisation_id))


def tell(event: DomainEvent, offer: Offer) -> None:
    """Writes the notifications of a transition, in its transaction. Whoever did it knows already."""
    if event.kind in TOLD:
        notify(event=event, recipients=TOLD[event.kind](offer), kind=event.kind, subject=offer)


def tell_of_change(event: DomainEvent, offer: Offer) -> None:
    """A coordinator has changed the organisation's own text; its people should not find that out by chance."""
    notify(event=event, recipients=_organisation(offer), kind="offer.updated", subject=offer)


def _review_title(notification: Notification) -> str:
    return _("A place to review: %(title)s") % {"title": _offer(notification).title}


def _review_words(notification: Notification) -> Words:
    offer = _offer(notification)
    return Words(
        paragraphs=(_("%(organisation)s wants to publish a place.") % {"organisation": offer.organisation.name},),
        facts=((_("Place"), offer.title), (_("Workplace"), offer.workplace.name)),
        button=_("Review the place"),
    )


def _no_longer_waiting(notification: Notification) -> str:
    return "" if _offer(notification).state == OfferState.SUBMITTED else "already_reviewed"


def _only_while(state: OfferState) -> Callable[[Notification], str]:
    return lambda notification: "" if _offer(notification).state == state else "already_done"


def _sent_back_words(notification: Notification) -> Words:
    offer = _offer(notification)
    return Words(
        paragraphs=(
            _("The coordinator would like something changed before the place is published."),
            offer.sent_back_reason,
        ),
        facts=((_("Place"), offer.title),),
        button=_("Change the place"),
    )


def _published_words(notification: Notification) -> Words:
    offer = _offer(notification)
    return Words(
        paragraphs=(_("Students can find it and apply now. We tell you when someone does."),),
        facts=((_("Place"), offer.title),),
        button=_("See the place"),
    )


def _register(
    name: str, title: Callable[[Notification], str], words: Callable[[Notification], Words], **options: Any
) -> None:
    register(
        Kind(
            name=name,
            category=Category.OFFERS,
            title=title,
            context=context_from(words),
            templates=TEMPLATES,
            subject=_offer,
            **options,
        )
    )


for _name in ("offer.submitted", "offer.resubmitted"):
    _register(
        _name,
        _review_title,
        _review_words,
        still_relevant=_no_longer_waiting,
        acted=own_step("offer.published", "offer.sent_back"),
        gathers=True,
        several=lambda number: (
            ngettext("%(number)d place to review", "%(number)d places to review", number) % {"number": number}
        ),
    )
_register(
    "offer.sent_back",
    lambda notification: _("Please change: %(title)s") % {"title": _offer(notification).title},
    _sent_back_words,
    opt_out=False,
    still_relevant=_only_while(OfferState.DRAFT),
    acted=own_step("offer.resubmitted"),
    several=lambda number: (
        ngettext("Please change %(number)d place", "Please change %(number)d places", number) % {"number": number}
    ),
)
_register(
    "offer.published",
    lambda notification: _("Published: %(title)s") % {"title": _offer(notification).title},
    _published_words,
    still_relevant=_only_while(OfferState.PUBLISHED),
    gathers=True,
    several=lambda number: (
        ngettext("%(number)d place is published", "%(number)d places are published", number) % {"number": number}
    ),
)
_register(
    "offer.updated",
    lambda notification: _("The coordinator has changed: %(title)s") % {"title": _offer(notification).title},
    lambda notification: Words(
        paragraphs=(_("Look through the place. You can change it back, or ask the coordinator why."),),
        facts=((_("Place"), _offer(notification).title),),
        button=_("See the place"),
    ),
    opt_out=False,
)
for _name in ("offer.publication_undone", "offer.send_back_undone"):
    _register(
        _name,
        lambda notification: _("Correction: reviewed once more: %(title)s") % {"title": _offer(notification).title},
        lambda notification: Words(
            paragraphs=(
                _("The coordinator has taken the last decision about the place back and looks at it once more."),
                _("You do not need to do anything. We tell you when it is decided."),
            ),
            facts=((_("Place"), _offer(notification).title),),
            button=_("See the place"),
        ),
        opt_out=False,
        still_relevant=_no_longer_waiting,
    )
