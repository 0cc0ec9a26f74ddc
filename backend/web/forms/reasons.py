"""Small forms that stand under a button or beside a row: why something is done, and what came of it."""

from django import forms
from django.utils.translation import gettext_lazy as _

LONGEST = 500


class ReasonForm(forms.Form):
    """A decision that needs a reason; it stays in the log."""

    reason = forms.CharField(
        label=_("Why?"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write why.")},
    )


class NoteForm(forms.Form):
    """What came of a matter, for the colleagues."""

    note = forms.CharField(
        label=_("What came of it"), max_length=LONGEST, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
