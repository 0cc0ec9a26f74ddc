"""Changes of somebody's e-mail addresses: logged and told. Allauth's pages make them, and its signals are all they say."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.signals import email_added, email_changed, email_removed
from django.db import transaction
from django.dispatch import receiver

from backend.accounts.models import User
from backend.accounts.notices import tell_of_change
from backend.common.transitions import log

WHAT = {email_added: "address.added", email_changed: "address.changed", email_removed: "address.removed"}


@receiver(list(WHAT), dispatch_uid="accounts.note_address")
def note_address(signal: Any, user: User, **kwargs: Any) -> None:
    """Whoever reads the mail of an address that was taken away hears of it too: it may have been the right person."""
    with transaction.atomic():
        log(WHAT[signal], user, actor=user)
        tell_of_change(WHAT[signal], user)
    if signal is email_removed:
        get_adapter().send_mail("account/email/address_removed", kwargs["email_address"].email, {})
