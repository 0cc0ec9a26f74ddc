"""Kinds about who acts for a municipality and the network office. They stand here because accounts lie below notifications."""

from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from backend.accounts.enums import RoleKind
from backend.accounts.models import RoleInvitation
from backend.accounts.selectors import has_coordinator, holds
from backend.common.weeks import format_day
from backend.notifications.effect import own_step
from backend.notifications.enums import Category
from backend.notifications.messages import TEMPLATES, Words, context_from
from backend.notifications.models import Notification
from backend.notifications.registry import Kind, always_relevant, register
from backend.notifications.subjects import Subject, from_rows, while_there
from backend.reference.models import Municipality

_invitation: Subject[RoleInvitation] = from_rows(
    lambda: RoleInvitation.objects.select_related("municipality", "invitee", "invited_by")
)


@lru_cache(maxsize=512)
def _place_name(code: str) -> str:
    """Kept for as long as the process lives: a list of such messages must not ask for each name anew."""
    return Municipality.objects.get(pk=code).name


def _role_name(kind: str, municipality: str) -> str:
    if kind == RoleKind.COORDINATOR:
        return _("coordinator of %(municipality)s") % {"municipality": municipality}
    return _("member of the network office")


def _of_invitation(notification: Notification) -> str:
    invitation = _invitation(notification)
    return _role_name(invitation.kind, invitation.municipality.name if invitation.municipality else "")


def _of_data(notification: Notification) -> str:
    code = notification.data["municipality"]
    return _role_name(notification.data["kind"], _place_name(code) if code else "")


def _invited_words(notification: Notification) -> Words:
    invitation = _invitation(notification)
    return Words(
        paragraphs=(
            _("%(name)s invites you to be %(role)s on Praktiknavet.")
            % {
                "name": invitation.invited_by.name if invitation.invited_by else _("The network office"),
                "role": _of_invitation(notification),
            },
            _("Log in with this address to answer; you get a code, no password is needed."),
        ),
        facts=(
            (_("The invitation is valid until"), format_day(localtime(invitation.expires_at).date(), with_year=True)),
        ),
        button=_("Read and answer"),
    )


def _no_longer_open(notification: Notification) -> str:
    return "" if holds(_invitation(notification)) else "already_answered"


INVITED = register(
    Kind(
        name="role.invited",
        category=Category.ACCOUNT,
        title=lambda notification: _("You are invited to be %(role)s") % {"role": _of_invitation(notification)},
        context=context_from(_invited_words),
        templates=TEMPLATES,
        subject=_invitation,
        opt_out=False,
        resend_when_uncertain=True,
        expires_after=timedelta(days=14),
        still_relevant=while_there(_no_longer_open, "already_answered"),
        acted=own_step("role.invitation_accepted", "role.invitation_declined"),
    )
)


def _answered(name: str, title: Callable[[], str], text: Callable[[], str]) -> Kind:
    def names(notification: Notification) -> dict[str, str]:
        return {"name": _invitation(notification).invitee.name, "role": _of_invitation(notification)}

    return register(
        Kind(
            name=name,
            category=Category.ACCOUNT,
            title=lambda notification: title() % names(notification),
            context=context_from(
                lambda notification: Words(
                    paragraphs=(text() % names(notification),), button=_("See coordinators and colleagues")
                )
            ),
            templates=TEMPLATES,
            subject=_invitation,
        )
    )


ACCEPTED = _answered(
    "role.invitation_accepted",
    lambda: _("%(name)s said yes"),
    lambda: _("%(name)s has accepted your invitation and is %(role)s from now on."),
)
DECLINED = _answered(
    "role.invitation_declined",
    lambda: _("%(name)s said no"),
    lambda: _("%(name)s does not want to be %(role)s. Invite somebody else."),
)


def _to(page: str, words: Callable[[Notification], Words]) -> Callable[[Notification], dict[str, Any]]:
    plain = context_from(words)
    return lambda notification: {**plain(notification), "link": page}


def _changed(name: str, title: Callable[[], str], text: Callable[[], str]) -> Kind:
    return register(
        Kind(
            name=name,
            category=Category.ACCOUNT,
            title=lambda notification: title() % {"role": _of_data(notification)},
            context=_to(
                "/hem/",
                lambda notification: Words(
                    paragraphs=(
                        text() % {"role": _of_data(notification)},
                        _("If you think this is a mistake, ask the network office."),
                    )
                ),
            ),
            templates=TEMPLATES,
            opt_out=False,
            page=lambda notification: "/hem/",
        )
    )


PAUSED = _changed(
    "role.paused",
    lambda: _("Paused: you are %(role)s"),
    lambda: _("Your work as %(role)s is paused. Until it is resumed you see nothing of it and get no mail about it."),
)
RESUMED = _changed(
    "role.resumed",
    lambda: _("You are %(role)s again"),
    lambda: _("Your work as %(role)s goes on. What is waiting for you is on your home page."),
)
ENDED = _changed(
    "role.ended",
    lambda: _("You are no longer %(role)s"),
    lambda: _("You are no longer %(role)s on Praktiknavet. Your account stays as it is."),
)

VACANT_PAGE = "/natverket/personer/"


def _vacant_place(notification: Notification) -> str:
    return _place_name(notification.data["municipality"])


def _filled_since(notification: Notification) -> str:
    return "already_done" if has_coordinator(notification.data["municipality"]) else ""


VACANT = register(
    Kind(
        name="municipality.without_coordinator",
        category=Category.ACCOUNT,
        title=lambda notification: (
            _("%(municipality)s has lost its last coordinator") % {"municipality": _vacant_place(notification)}
        ),
        context=_to(
            VACANT_PAGE,
            lambda notification: Words(
                paragraphs=(
                    _("The last coordinator of %(municipality)s has left or is away.")
                    % {"municipality": _vacant_place(notification)},
                    _("Its places, matches and tasks are yours until it has a coordinator again."),
                ),
                button=_("Invite a coordinator"),
            ),
        ),
        templates=TEMPLATES,
        opt_out=False,
        still_relevant=_filled_since,
        # The title tells what happened, whoever came since.
        over=always_relevant,
        page=lambda notification: VACANT_PAGE,
    )
)
