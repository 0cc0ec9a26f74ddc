"""What a coordinator fills in about runs: the method, moving one student, why a run is published all the same."""

from typing import Any, Self

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backend.rounds.enums import Method
from backend.rounds.models import Round
from backend.web.forms.reasons import LONGEST

NONE = "none"


class MethodForm(forms.Form):
    """How the seats are given in a run; the round's own method when none is sent."""

    method = forms.ChoiceField(
        label=_("Method"),
        choices=Method.choices,
        required=False,
        error_messages={"invalid_choice": _("Choose from the list.")},
    )

    @classmethod
    def of_round(cls, request: HttpRequest, data: Any, auto_id: str, round_id: int) -> Self:
        found = Round.objects.filter(pk=round_id).values_list("method", flat=True).first()
        return cls(data, auto_id=auto_id, initial={"method": found})


class PublishForm(forms.Form):
    """Needed only where places get fewer students than they need; the command knows."""

    reason = forms.CharField(
        label=_("Why although some places have too few students?"),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class MoveForm(forms.Form):
    """Where a student is moved, what is overridden by it, and why."""

    seat = forms.ChoiceField(
        label=_("To"),
        widget=forms.HiddenInput,
        error_messages={"required": _("Choose a place."), "invalid_choice": _("Choose a place.")},
    )
    overridden = forms.MultipleChoiceField(
        label=_("Mind this. Tick what you override:"), required=False, widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(
        label=_("Why?"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write why.")},
    )
    lock = forms.BooleanField(label=_("Keep this in later runs"), required=False)

    def __init__(self, data: Any, *, seats: list[str], warnings: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["seat"].choices = [(value, value) for value in [NONE, *seats]]  # type: ignore[attr-defined]
        self.fields["overridden"].choices = warnings  # type: ignore[attr-defined]
