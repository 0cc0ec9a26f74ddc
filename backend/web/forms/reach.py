"""How somebody can be reached besides mail."""

from django import forms
from django.utils.translation import gettext_lazy as _


class PhoneForm(forms.Form):
    phone = forms.CharField(
        label=_("Mobile number"),
        help_text=_("For example 070-123 45 67. Nobody else on Praktiknavet sees it."),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )
    wants_sms = forms.BooleanField(label=_("Text me when there is a decision about me"), required=False)
