"""The form for a code from a mail: six digits, and how many wrong ones come from one network is limited."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.core import context, ratelimit
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

LIMIT = "wrong_code"
TOO_MANY = "too_many"


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
    pass


class EmailCodeForm(SixDigits, allauth_forms.ConfirmEmailVerificationCodeForm):
    pass
