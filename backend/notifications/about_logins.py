"""Kinds about who may come in to an account. Their mails go to every address the person has confirmed, at any hour: if it was
somebody else, one of them is read by the right person."""

from datetime import timedelta
from typing import Any

from django.core import signing
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backend.accounts.models import SecondFactorReset
from backend.common.weeks import format_day
from backend.notifications.enums import Category
from backend.notifications.messages import TEMPLATES, Words, context_from
from backend.notifications.models import Notification
from backend.notifications.registry import Kind, register
from backend.notifications.subjects import Subject, from_rows, while_there

STOP_SALT = "second_factor.stop"
SECURITY_PAGE = "/konto/andra-steget/"

CHANGES: dict[str, "tuple[str | Promise, str | Promise]"] = {
    "second_factor.enrolled": (
        gettext_lazy("Your login has a second step"),
        gettext_lazy("An authenticator app or a passkey was added to your account. It is asked for at each login."),
    ),
    "second_factor.removed": (
        gettext_lazy("A second step was removed from your login"),
        gettext_lazy("An authenticator app or a passkey was removed from your account."),
    ),
    "second_factor.codes_renewed": (
        gettext_lazy("You have new recovery codes"),
        gettext_lazy("New recovery codes were made for your account. The old ones no longer work."),
    ),
    "second_factor.code_used": (
        gettext_lazy("A recovery code was used"),
        gettext_lazy("Somebody logged in to your account, or confirmed a change, with one of your recovery codes."),
    ),
    "second_factor.reset_stopped": (
        gettext_lazy("Your second step stays as it is"),
        gettext_lazy("The reset of your second step was stopped. Nothing has changed."),
    ),
    "second_factor.reset_done": (
        gettext_lazy("Your second step was reset"),
        gettext_lazy("You are logged out everywhere. Log in with a code by mail and set up a new second step."),
    ),
    "address.added": (
        gettext_lazy("An e-mail address was added to your account"),
        gettext_lazy("From now on a code sent to it opens your account."),
    ),
    "address.changed": (
        gettext_lazy("Your account has another e-mail address"),
        gettext_lazy("From now on codes and notifications go to another one of your addresses."),
    ),
    "address.removed": (
        gettext_lazy("An e-mail address was removed from your account"),
        gettext_lazy("Codes are no longer sent to it."),
    ),
    "identity.connected": (
        gettext_lazy("Another login opens your account"),
        gettext_lazy("A login of a school or a company was connected to your account."),
    ),
    "identity.disconnected": (
        gettext_lazy("A login was disconnected from your account"),
        gettext_lazy("A login of a school or a company no longer opens your account."),
    ),
    "token.created": (
        gettext_lazy("An API token was made with your account"),
        gettext_lazy("Another system can now read and write here for you or your organisation."),
    ),
    "token.revoked": (
        gettext_lazy("An API token was revoked"),
        gettext_lazy("The system that used it is refused from now on."),
    ),
    "webhook.registered": (
        gettext_lazy("A webhook was added with your account"),
        gettext_lazy("Another system is now told what happens here."),
    ),
    "webhook.changed": (
        gettext_lazy("A webhook was changed with your account"),
        gettext_lazy("What happens here may now be told to another address."),
    ),
    "webhook.secret_renewed": (
        gettext_lazy("A webhook has a new secret"),
        gettext_lazy("The secret that signs its messages was made anew with your account."),
    ),
    "grant.given": (
        gettext_lazy("A grant for protected identities was given"),
        gettext_lazy("Your account received the grant, or gave it to somebody else."),
    ),
    "grant.revoked": (
        gettext_lazy("A grant for protected identities was taken back"),
        gettext_lazy("Your account lost the grant, or took it back from somebody else."),
    ),
}
"""What happened -> title and sentence. The event of the same name writes the notification."""


def _context(notification: Notification) -> dict[str, Any]:
    plain = context_from(
        lambda notification: Words(
            paragraphs=(
                str(CHANGES[notification.kind][1]),
                _("If it was not you: log in at once, end all other sessions, and call the network office."),
            ),
            button=_("See how you log in"),
        )
    )
    return {**plain(notification), "link": SECURITY_PAGE}


for _name in CHANGES:
    register(
        Kind(
            name=_name,
            category=Category.ACCOUNT,
            title=lambda notification: CHANGES[notification.kind][0],
            context=_context,
            templates=TEMPLATES,
            opt_out=False,
            resend_when_uncertain=True,
            to_every_address=True,
            at_any_hour=True,
            page=lambda notification: SECURITY_PAGE,
        )
    )


_reset: Subject[SecondFactorReset] = from_rows(lambda: SecondFactorReset.objects.select_related("asked_by", "user"))


def stop_token(reset_id: int) -> str:
    """What the mail's link carries: it opens the page where the reset can be stopped, and nothing else."""
    return signing.dumps(reset_id, salt=STOP_SALT)


def reset_of_token(token: str) -> SecondFactorReset | None:
    """The reset of a link; None for a link that is damaged or not ours."""
    try:
        number = signing.loads(token, salt=STOP_SALT)
    except signing.BadSignature:
        return None
    return SecondFactorReset.objects.select_related("user").filter(pk=number).first()


def _stop_page(notification: Notification) -> str:
    return f"{SECURITY_PAGE}stoppa/{stop_token(notification.subject_id)}/"


def _asked_context(notification: Notification) -> dict[str, Any]:
    def words(notification: Notification) -> Words:
        row = _reset(notification)
        moment = localtime(row.due_at)
        return Words(
            paragraphs=(
                _("The network office was asked to reset the second step of your login, because it was lost."),
                _("If you did not ask for it, stop it: open the page and press the button. No login is needed."),
            ),
            facts=((_("It happens on"), f"{format_day(moment.date(), with_year=True)} {moment:%H:%M}"),),
            button=_("Stop it"),
        )

    return {**context_from(words)(notification), "link": _stop_page(notification)}


def _no_longer_open(notification: Notification) -> str:
    return "" if _reset(notification).ended_at is None else "already_done"


ASKED = register(
    Kind(
        name="second_factor.reset_asked",
        category=Category.ACCOUNT,
        title=lambda notification: _("Your second step will be reset"),
        context=_asked_context,
        templates=TEMPLATES,
        subject=_reset,
        opt_out=False,
        resend_when_uncertain=True,
        to_every_address=True,
        at_any_hour=True,
        expires_after=timedelta(days=1),
        still_relevant=while_there(_no_longer_open, "already_done"),
        page=_stop_page,
    )
)
