"""Kinds about an organisation's team. They stand here because organisations lie below notifications."""

from datetime import timedelta

from django.utils.translation import gettext as _

from backend.common import clock
from backend.notifications.effect import own_step
from backend.notifications.enums import Category
from backend.notifications.messages import TEMPLATES, Words, context_from
from backend.notifications.models import Notification
from backend.notifications.registry import Kind, register
from backend.notifications.subjects import Subject, from_rows, while_there
from backend.organisations.enums import ClaimState
from backend.organisations.models import Invitation, OrganisationClaim

_invitation: Subject[Invitation] = from_rows(
    lambda: Invitation.objects.select_related("organisation", "invitee", "invited_by")
)


def _sent_words(notification: Notification) -> Words:
    invitation = _invitation(notification)
    names = {
        "name": invitation.invited_by.name if invitation.invited_by else invitation.organisation.name,
        "organisation": invitation.organisation.name,
    }
    return Words(
        paragraphs=(
            _("%(name)s invites you to %(organisation)s on Praktiknavet.") % names,
            _("As a member you are told about new applications and may answer them."),
            _("Log in with this address to answer; you get a code, no password is needed."),
        ),
        button=_("Read and answer"),
    )


def _no_longer_open(notification: Notification) -> str:
    invitation = _invitation(notification)
    is_open = invitation.ended_at is None and invitation.expires_at > clock.now()
    return "" if is_open else "already_answered"


SENT = register(
    Kind(
        name="invitation.sent",
        category=Category.ORGANISATIONS,
        title=lambda notification: (
            _("You are invited to %(organisation)s") % {"organisation": _invitation(notification).organisation.name}
        ),
        context=context_from(_sent_words),
        templates=TEMPLATES,
        subject=_invitation,
        opt_out=False,
        resend_when_uncertain=True,
        expires_after=timedelta(days=14),
        still_relevant=while_there(_no_longer_open, "already_answered"),
        acted=own_step("invitation.accepted", "invitation.declined"),
    )
)
ACCEPTED = register(
    Kind(
        name="invitation.accepted",
        category=Category.ORGANISATIONS,
        title=lambda notification: _("%(name)s has joined") % {"name": _invitation(notification).invitee.name},
        context=context_from(
            lambda notification: Words(
                paragraphs=(
                    _("%(name)s now belongs to %(organisation)s, is told about new applications and may answer them.")
                    % {
                        "name": _invitation(notification).invitee.name,
                        "organisation": _invitation(notification).organisation.name,
                    },
                )
            )
        ),
        templates=TEMPLATES,
        subject=_invitation,
    )
)


_claim: Subject[OrganisationClaim] = from_rows(lambda: OrganisationClaim.objects.select_related("organisation", "user"))


def _claim_names(notification: Notification) -> dict[str, str]:
    claim = _claim(notification)
    return {"name": claim.user.name, "role": claim.role, "organisation": claim.organisation.name}


def _no_longer_asked(notification: Notification) -> str:
    return "" if _claim(notification).state == ClaimState.OPEN else "already_decided"


CLAIMED = register(
    Kind(
        name="claim.made",
        category=Category.ORGANISATIONS,
        title=lambda notification: _("%(name)s asks to answer for %(organisation)s") % _claim_names(notification),
        context=context_from(
            lambda notification: Words(
                paragraphs=(
                    _("Nobody answers for %(organisation)s here. %(name)s says that they work there: %(role)s.")
                    % _claim_names(notification),
                    _("Look at the address, call if you are unsure, and say yes or no."),
                ),
                button=_("Read and decide"),
            )
        ),
        templates=TEMPLATES,
        subject=_claim,
        opt_out=False,
        still_relevant=_no_longer_asked,
        acted=own_step("claim.approved", "claim.rejected"),
    )
)
register(
    Kind(
        name="claim.approved",
        category=Category.ORGANISATIONS,
        title=lambda notification: _("You answer for %(organisation)s now") % _claim_names(notification),
        context=context_from(
            lambda notification: Words(
                paragraphs=(
                    _("The places of %(organisation)s are yours to change, and you answer those who apply.")
                    % _claim_names(notification),
                ),
                button=_("To your places"),
            )
        ),
        templates=TEMPLATES,
        subject=_claim,
        opt_out=False,
    )
)
register(
    Kind(
        name="claim.rejected",
        category=Category.ORGANISATIONS,
        title=lambda notification: _("You do not answer for %(organisation)s") % _claim_names(notification),
        context=context_from(
            lambda notification: Words(
                paragraphs=(
                    _("Your request about %(organisation)s was not approved.") % _claim_names(notification),
                    _claim(notification).reason,
                ),
            )
        ),
        templates=TEMPLATES,
        subject=_claim,
        opt_out=False,
    )
)
