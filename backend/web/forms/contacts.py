"""How somebody is reached, as form fields."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from backend.accounts.phones import LONGEST_WRITTEN


def phone_field(label: Any, *, required: bool = False) -> forms.CharField:
    """Takes the number as people write it; the command reads it and says what is wrong."""
    return forms.CharField(
        label=label,
        max_length=LONGEST_WRITTEN,
        required=required,
        help_text=_("For example 0122-850 00."),
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "off"}),
    )
