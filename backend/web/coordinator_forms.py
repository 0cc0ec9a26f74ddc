"""What a coordinator writes: a reason that others will read."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ReasonForm(forms.Form):
    """One text that explains a decision."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The student and the organisation will see exactly what you write."),
        error_messages={"required": _("Write why, so that everyone understands.")},
    )
