"""What a coordinator fills in about the students of a round: class lists, wishes on someone's behalf, pairs."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from backend.rounds.models import Participant, RoundSeat
from backend.web.forms.reasons import LONGEST
from backend.web.weeks import format_weeks

Choices = Iterable[tuple[Any, Any]]


class ClassListsForm(forms.Form):
    """Whole class lists to take in."""

    groups = forms.TypedMultipleChoiceField(
        label=_("Class lists"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose at least one class list."),
            "invalid_choice": _("That class list is not there any more. Choose from the list."),
        },
    )

    def __init__(self, data: Any, auto_id: str, *, groups: Choices) -> None:
        super().__init__(data, auto_id=auto_id)
        self.fields["groups"].choices = list(groups)  # type: ignore[attr-defined]


class WishesForm(forms.Form):
    """The wishes, best first, one list a wish; `wishes-0` is the first. A list left alone in between is passed over."""

    def __init__(self, data: Any, auto_id: str, *, places: Iterable[RoundSeat], own: dict[int, int], most: int) -> None:
        super().__init__(data, auto_id=auto_id)
        self.most = most
        choices = [("", "–"), *((seat.pk, _place(seat)) for seat in places)]
        for number in range(most):
            self.fields[f"wishes-{number}"] = forms.TypedChoiceField(
                label=_("Wish %(number)d") % {"number": number + 1},
                coerce=int,
                empty_value=None,
                required=False,
                choices=choices,
                initial=own.get(number + 1, ""),
                error_messages={"invalid_choice": _("There is no such place in the round.")},
            )
        self.fields["reason"] = forms.CharField(
            label=_("Why do you wish on the student’s behalf?"),
            max_length=LONGEST,
            help_text=_("It is logged, and the student can see it."),
            error_messages={"required": _("Write why.")},
        )

    def slots(self) -> list[forms.BoundField]:
        """The lists, for the template."""
        return [self[f"wishes-{number}"] for number in range(self.most)]

    def _used(self) -> list[str]:
        names = (f"wishes-{number}" for number in range(self.most))
        return [name for name in names if self.cleaned_data.get(name) is not None]

    def seat_ids(self) -> list[int]:
        """Call it on a valid form."""
        return [self.cleaned_data[name] for name in self._used()]

    def field_of(self, name: str) -> str:
        """The command counts wishes, the page counts lists."""
        _word, _dash, number = name.partition("-")
        used = self._used()
        return used[int(number)] if number.isdigit() and int(number) < len(used) else name


def _place(seat: RoundSeat) -> str:
    offer, weeks = seat.period.offer, format_weeks(seat.period.start, seat.period.end)
    return f"{offer.organisation.name}: {offer.title}, {weeks}"


class PairForm(forms.Form):
    """The other one of a pair."""

    other = forms.TypedChoiceField(
        label=_("Wants to be in the same town as"),
        coerce=int,
        error_messages={"invalid_choice": _("Choose two students of the same round.")},
    )

    def __init__(self, data: Any, auto_id: str, *, others: Iterable[Participant]) -> None:
        super().__init__(data, auto_id=auto_id)
        self.fields["other"].choices = [(each.pk, each.display_name) for each in others]  # type: ignore[attr-defined]

    def field_of(self, name: str) -> str:
        return "other" if name == "second" else name
