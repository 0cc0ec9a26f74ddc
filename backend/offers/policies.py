"""Who may do what with an offer."""

from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.policies import acts_for, is_coordinator_of
from backend.common.errors import NotAllowed, NotFound
from backend.offers.enums import OfferState
from backend.offers.models import Offer
from backend.organisations.models import Workplace
from backend.organisations.policies import is_member
from backend.organisations.selectors import may_publish_unreviewed


def is_own_offer(user: User, offer: Offer) -> bool:
    """Whether the user works for the organisation that posts it."""
    return is_member(user, offer.organisation_id)


def can_post_for(user: User, workplace: Workplace) -> bool:
    """Whether the user may post a place there on the organisation's behalf: the coordinator of its municipality."""
    return is_coordinator_of(user, workplace.municipality_id)


def can_edit_offer(user: User, offer: Offer) -> bool:
    """The organisation, and the coordinator of the workplace's municipality."""
    return is_own_offer(user, offer) or (
        is_coordinator_of(user, offer.municipality_code) and can_review_offer(user, offer)
    )


def can_review_offer(user: User, offer: Offer) -> bool:
    """The coordinator of the workplace's municipality; the network office where there is none of either.

    A draft that was never submitted is the organisation's own business.
    """
    if offer.state == OfferState.DRAFT and offer.submitted_at is None and not is_own_offer(user, offer):
        return False
    return acts_for(user, offer.municipality_code)


def can_publish_offer(user: User, offer: Offer) -> bool:
    if can_review_offer(user, offer):
        return True
    return is_own_offer(user, offer) and may_publish_unreviewed(offer.organisation_id, offer.municipality_code)


def can_close_offer(user: User, offer: Offer) -> bool:
    return can_edit_offer(user, offer) or can_review_offer(user, offer)


def require(allowed: bool, user: User, offer: Offer) -> None:
    """NotFound for an offer the user must not know of, NotAllowed for one they may only read."""
    if allowed:
        return
    if not Offer.objects.visible_to(user).filter(pk=offer.pk).exists():
        raise NotFound("offer.unknown", _("There is no such place."))
    raise NotAllowed("offer.not_allowed", _("You may read this place but not change it."))
