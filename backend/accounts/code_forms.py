"""The form for a code from a mail: six digits, and how many wrong ones come from one network is limited."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.internal.userkit import filter_users_by_email
from allauth.core import context, ratelimit
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm
from django import forms
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backend.accounts.login_by_code import ask_for_code
from backend.accounts.models import KnownNetwork
from backend.accounts.network import address_of
from backend.accounts.second_factor import LONGEST_NAME, use_code
from backend.accounts.sessions import network_named

LIMIT, FROM_ANYWHERE = "wrong_code", "code_from_unknown_network"
TOO_MANY = "too_many"


class CodeRequestForm(allauth_forms.RequestLoginCodeForm):
    """Counts how often an address asks from one network, and from all those together that its owner never came from: whoever
    asks in somebody else's name keeps them out of no place where they have logged in before."""

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        users = filter_users_by_email(email, is_active=True, prefer_verified=True, for_login=True)
        self._user = users[0] if users else None
        network = network_named(address_of(context.request))
        is_known = KnownNetwork.objects.filter(user=self._user, network=network).exists()
        key = email.lower()
        if not ratelimit.consume(context.request, action="request_login_code", key=f"{key}|{network}") or not (
            is_known or ratelimit.consume(context.request, action=FROM_ANYWHERE, key=key)
        ):
            raise get_account_adapter().validation_error("too_many_login_attempts")
        return email


class AddressForm(allauth_forms.LoginForm):
    """The login page's form, counted in the same way. An address that nobody has gets a code as well."""

    def _clean_without_password(self, email: str | None, phone: str | None) -> dict[str, Any]:
        form = CodeRequestForm({"email": email or ""})
        if form.is_valid():
            self.user = form._user  # noqa: SLF001 - as allauth's own form does
        else:
            self.add_error("login", form.errors.get("email", []))
        return self.cleaned_data

    def _login_by_code(
        self, request: HttpRequest, redirect_url: str | None, credentials: dict[str, Any]
    ) -> HttpResponse:
        ask_for_code(request, user=self.user, email=credentials["email"])
        query = {REDIRECT_FIELD_NAME: redirect_url} if redirect_url else None
        return HttpResponseRedirect(reverse("account_confirm_login_code", query=query))


class SixDigits(forms.Form):
    """A code with room for a phone to fill it in, and for the space that people put in the middle."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code"]
        field.label = gettext_lazy("Code")
        field.help_text = gettext_lazy("Six digits, from the mail we have just sent.")
        field.widget.attrs.pop("placeholder", None)
        field.widget.attrs.update({"autocomplete": "one-time-code", "inputmode": "numeric"})

    def clean_code(self) -> str:
        """Raises ValidationError for a wrong code, and for any once too many wrong ones came from the network."""
        if not ratelimit.consume(context.request, action=LIMIT, dry_run=True):
            raise ValidationError(
                _("Too many wrong codes have come from your network. Wait an hour, then try again."), code=TOO_MANY
            )
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except ValidationError:
            ratelimit.consume(context.request, action=LIMIT)
            raise
        return code


class LoginCodeForm(SixDigits, allauth_forms.ConfirmLoginCodeForm):
    remember = forms.BooleanField(
        label=gettext_lazy("Keep me logged in on this device for 30 days"),
        help_text=gettext_lazy(
            "Not on a computer that others use. Who works for a municipality is logged out in the evening."
        ),
        required=False,
    )


class EmailCodeForm(SixDigits, allauth_forms.ConfirmEmailVerificationCodeForm):
    pass


class SecondFactorForm(AuthenticateForm):
    """The code that the app shows, or a recovery code. Five wrong ones in five minutes are enough."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code"]
        field.label = gettext_lazy("Code")
        field.help_text = gettext_lazy("Six digits from your app, or one of your recovery codes.")
        field.widget.attrs.pop("placeholder", None)
        field.widget.attrs.update({"autocomplete": "one-time-code", "inputmode": "numeric"})

    def clean_code(self) -> str:
        clear = check_rate_limit(self.user)
        code: str = self.cleaned_data["code"]
        found = use_code(self.user, code)
        if found is None:
            raise get_adapter().validation_error("incorrect_code")
        found.user = self.user
        self.authenticator = found
        clear()
        return code


class CredentialField(forms.JSONField):
    """What a browser's passkey answers. What no browser writes is no answer, whatever is wrong with it."""

    def to_python(self, value: Any) -> Any:
        try:
            found = super().to_python(value)
        except (ValueError, RecursionError) as error:
            raise get_adapter().validation_error("incorrect_code") from error
        if found is not None and not isinstance(found, dict):
            raise get_adapter().validation_error("incorrect_code")
        return found

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except (ValueError, RecursionError):
            return None


class _Checked(forms.Form):
    """Turns what the library says of a damaged answer into an error of the form."""

    def full_clean(self) -> None:
        try:
            super().full_clean()
        except (ValueError, KeyError, TypeError, AttributeError):
            self.add_error(None, get_adapter().validation_error("incorrect_code"))


class PasskeyForm(_Checked, AuthenticateWebAuthnForm):
    """The answer of a passkey at a login."""

    credential = CredentialField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class NewPasskeyForm(_Checked, AddWebAuthnForm):
    """A new passkey: its name, and what the browser answered, which the script puts into the hidden field."""

    name = forms.CharField(label=gettext_lazy("What you call it"), max_length=LONGEST_NAME, required=False)
    credential = CredentialField(
        widget=forms.HiddenInput,
        error_messages={"required": gettext_lazy("The browser has made no passkey. Try again, or use an app.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"name": _("My passkey")}
        super().__init__(*args, **kwargs)
