"""How allauth behaves here: login by a code, no passwords, mails in the person's language, secrets sealed at rest."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from backend.common.keys import sealer

SEAL = "second_factor"


class AccountAdapter(DefaultAccountAdapter):
    # What the login says when it refuses, with what to do about it.
    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_code": _("That is not the right code. Check the newest mail."),
        "too_many_login_attempts": _(
            "Too many codes have been requested. Wait a minute and try again; after ten codes within an hour, wait an hour."
        ),
        "rate_limited": _("That was too many attempts in a short time. Wait a minute, then try again."),
    }

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        user = super().save_user(request, user, form, commit=False)
        user.set_unusable_password()
        user.language = translation.get_language() or "sv"
        if commit:
            user.save()
        return user

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """There are no user names."""


class SecondFactorAdapter(DefaultMFAAdapter):
    """What apps and recovery codes are computed from lies sealed in the database: a copy of it alone opens nothing."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _(
            "That is not the right code. Type the one that is shown now, or one of your recovery codes."
        ),
    }

    def _get_site_name(self) -> str:
        return "Praktiknavet"

    def encrypt(self, text: str) -> str:
        return sealer(SEAL).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return sealer(SEAL).decrypt(encrypted_text.encode()).decode()
