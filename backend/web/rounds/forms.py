"""What coordinators fill in about a round."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backend.common import clock
from backend.reference.models import Municipality, PlacementForm
from backend.reference.places import choose_municipality
from backend.rounds.enums import Method, Sex, UnplacedPolicy
from backend.rounds.models import Round
from backend.rounds.models.rounds import MOST_WISHES
from backend.rounds.services.setup import RoundDetails
from backend.web.forms.reasons import ReasonForm

MOMENT = "%Y-%m-%dT%H:%M"


def _day(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Enter a date such as 2027-01-25.")},
        **options,
    )


def _moment(label: Any, **options: Any) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT),
        input_formats=[MOMENT, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        error_messages={"invalid": _("Enter a date and a time such as 2027-01-25 12:00.")},
        **options,
    )


class CapsField(forms.CharField):
    """Lines of "municipality number". Cleans to codes with numbers."""

    widget = forms.Textarea

    def clean(self, value: Any) -> dict[str, int]:
        text = super().clean(value)
        caps = {}
        for line in filter(None, (each.strip() for each in text.splitlines())):
            name, _space, number = line.rpartition(" ")
            code = choose_municipality(name.strip(" :,"))[0]
            if not code or not (number.isascii() and number.isdigit() and len(number) < 6):
                raise forms.ValidationError(
                    _("“%(line)s” is not understood. Write one municipality and one number per line: Finspång 10"),
                    params={"line": line[:60]},
                )
            caps[code] = int(number)
        return caps


class RoundForm(forms.Form):
    """A round: for whom, which weeks, when what happens, and how seats are given out."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("For example: Prao for year 8, spring 2027"))
    lead_code = forms.ChoiceField(label=_("Municipality that leads"))
    municipality_codes = forms.MultipleChoiceField(
        label=_("Other municipalities taking part"), required=False, widget=forms.CheckboxSelectMultiple
    )
    form = forms.ChoiceField(label=_("Form"), error_messages={"invalid_choice": _("Choose a form.")})
    start = _day(_("First day"))
    end = _day(_("Last day"))
    opens_at = _moment(_("Students wish from"))
    closes_at = _moment(_("Students wish until"))
    employers_answer_by = _moment(
        _("Organisations rank until"),
        required=False,
        help_text=_("Leave it empty when the organisations do not rank: then priority and lottery decide."),
    )
    publish_on = _day(_("Published on"))
    accept_by = _moment(_("Students answer until"))
    method = forms.ChoiceField(label=_("Method"), choices=Method.choices, widget=forms.RadioSelect)
    max_wishes = forms.IntegerField(label=_("Wishes at most"), min_value=1, max_value=MOST_WISHES)
    max_distance_km = forms.IntegerField(label=_("Longest journey, km"), min_value=1, max_value=2000, required=False)
    region_caps = CapsField(
        label=_("Limit on students in a municipality"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One per line: Finspång 10"),
    )
    unplaced_policy = forms.ChoiceField(
        label=_("Those without a place"), choices=UnplacedPolicy.choices, widget=forms.RadioSelect
    )
    is_joinable = forms.BooleanField(label=_("Students of the municipalities may join by themselves"), required=False)

    def __init__(self, *args: Any, leads: Sequence[Municipality], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = Municipality.objects.network_members(clock.today())
        self._choose("lead_code", [(place.pk, place.name) for place in leads])
        self._choose("municipality_codes", [(place.pk, place.name) for place in members])
        self._choose("form", [("", _("Choose")), *((each.pk, each.name) for each in PlacementForm.objects.all())])

    def _choose(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def details(self) -> RoundDetails:
        """Call it on a valid form."""
        return RoundDetails(**self.cleaned_data)


def round_initial(the_round: Round) -> dict[str, Any]:
    """What the form shows of a saved round."""
    values = {name: getattr(the_round, name) for name in RoundForm.base_fields if hasattr(the_round, name)}
    for name in ("opens_at", "closes_at", "employers_answer_by", "accept_by"):
        if values[name] is not None:
            values[name] = timezone.localtime(values[name])
    caps = the_round.region_caps.select_related("municipality")
    return values | {
        "lead_code": the_round.lead_id,
        "form": the_round.form_id,
        "municipality_codes": list(the_round.municipalities.exclude(pk=the_round.lead_id).values_list("pk", flat=True)),
        "region_caps": "\n".join(f"{row.municipality.name} {row.cap}" for row in caps),
    }


def _in_three_days() -> datetime:
    return timezone.localtime(clock.now()) + timedelta(days=3)


class ReopenForm(ReasonForm):
    """Until when students may wish again, and why."""

    closes_at = _moment(_("Students wish until"), initial=_in_three_days)
    field_order = ["closes_at", "reason"]


class ParticipantForm(forms.Form):
    """What reserved seats, figures and priority go by."""

    group = forms.CharField(
        label=_("Group"), max_length=40, required=False, help_text=_("What reserved seats name, such as: new in Sweden")
    )
    sex = forms.ChoiceField(
        label=_("For the fairness figures"), choices=[("", _("Not stated")), *Sex.choices], required=False
    )
    priority = forms.IntegerField(
        label=_("Priority"), min_value=0, max_value=100, help_text=_("0 for everyone; a lower number goes first.")
    )
    reason = forms.CharField(label=_("Why?"), max_length=500, required=False)
