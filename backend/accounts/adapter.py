"""How allauth behaves here: login by a code, no passwords, mails in the person's language."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils import translation


class AccountAdapter(DefaultAccountAdapter):
    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        user = super().save_user(request, user, form, commit=False)
        user.set_unusable_password()
        user.language = translation.get_language() or "sv"
        if commit:
            user.save()
        return user

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """There are no user names."""
