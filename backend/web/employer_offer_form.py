"""The one-page form of a place: texts, who it is for, up to four periods, and the risks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from backend.accounts.phones import format_phone
from backend.common import clock
from backend.offers.details import OfferDetails, PeriodDetails
from backend.offers.models import Offer
from backend.organisations.models import Workplace
from backend.reference.languages import LANGUAGES
from backend.reference.models import HazardFlag, OccupationGroup, PlacementForm, Programme
from backend.web.forms.contacts import phone_field

ROWS = 4
MOST_ROWS = 12
MOST_SEATS = 500
YEARS_AHEAD = 5
EARLIEST = date(2020, 1, 1)


def programmes_by_name() -> dict[str, list[str]]:
    """Name -> its codes, the older series first. A company means the programme, not the year its curriculum is of."""
    found: dict[str, list[str]] = {}
    for each in Programme.objects.all():
        found.setdefault(str(each.name), []).append(each.pk)
    return {name: sorted(codes, key=lambda code: (len(code), code)) for name, codes in found.items()}


class ProgrammesField(forms.MultipleChoiceField):
    """One box a programme; each stands for all its codes, and any of the codes ticks it."""

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return value
        boxes = {code: codes[0] for codes in programmes_by_name().values() for code in codes} if value else {}
        return list(dict.fromkeys(boxes.get(each, each) for each in value))

    def clean(self, value: Any) -> list[str]:
        ticked = super().clean(self.prepare_value(value))
        by_box = {codes[0]: codes for codes in programmes_by_name().values()} if ticked else {}
        return [code for box in ticked for code in by_box[box]]


def date_field(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Enter a date such as 2027-01-25.")},
        **options,
    )


@dataclass(frozen=True)
class PeriodRow:
    """The fields of one period, for the template."""

    number: int
    start: BoundField
    end: BoundField
    seats: BoundField
    pk: BoundField

    @property
    def is_in_use(self) -> bool:
        """Something is in it, right or wrong."""
        return any(field.value() or field.errors for field in (self.start, self.end, self.seats))


def workplaces_of(user: Any) -> list[Workplace]:
    """Those of the user's organisations."""
    return list(
        Workplace.objects.filter(organisation__memberships__user=user)
        .select_related("organisation", "municipality")
        .order_by("organisation__name", "name", "pk")
    )


def occupation_choices() -> list[tuple[Any, Any]]:
    """Groups by field, after an empty choice."""
    grouped: dict[str, list[tuple[str, str]]] = {}
    for group in OccupationGroup.objects.select_related("field").order_by("field__name_sv", "sort_key"):
        grouped.setdefault(group.field.name, []).append((group.pk, group.name))
    return [("", _("Choose the nearest one")), *grouped.items()]


def hazard_choices() -> list[tuple[str, str]]:
    """The risks by their plain names; whom they shut out is said once, below them."""
    return [(hazard.pk, hazard.name) for hazard in HazardFlag.objects.all()]


class OfferForm(forms.Form):
    """Everything about a place on one page. `periods-N-start`, `-end`, `-seats`, `-id` are the rows of periods."""

    workplace = forms.ChoiceField(
        label=_("Workplace"), error_messages={"invalid_choice": _("Choose one of your own workplaces.")}
    )
    form = forms.ChoiceField(label=_("Form"), error_messages={"invalid_choice": _("Choose a form.")})
    title = forms.CharField(
        label=_("Title"), max_length=120, help_text=_("What students get good at. For example: Weld in stainless steel")
    )
    tasks = forms.CharField(
        label=_("What you do here"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Explain it as you would to a student on the first day."),
    )
    requirements = forms.CharField(
        label=_("Good to know or have"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    skills = forms.CharField(
        label=_("Skills you learn"), max_length=400, required=False, help_text=_("Single words with commas between.")
    )
    occupation = forms.ChoiceField(
        label=_("Occupation"),
        required=False,
        help_text=_("Helps the right students to find you."),
        error_messages={"invalid_choice": _("Choose an occupation from the list.")},
    )
    programmes = ProgrammesField(
        label=_("Programmes"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen means that everyone may apply."),
        error_messages={"invalid_choice": _("Choose from the list.")},
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages needed at work"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Choose only what the work cannot be done without. Students who have not said what they speak see it too."
        ),
        error_messages={"invalid_choice": _("Choose from the list.")},
    )
    hazards = forms.MultipleChoiceField(
        label=_("Risks at work"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Choose from the list.")},
        help_text=_(
            "Some risks are not allowed for young people. When you save, you see who cannot be shown the place."
        ),
    )
    risk_assessed_on = date_field(_("Risk assessment made on"), help_text=_("Minors need one from the last 12 months."))
    apply_by = date_field(_("Last day to apply"))
    supervisor_name = forms.CharField(label=_("Supervisor"), max_length=120, required=False)
    supervisor_email = forms.EmailField(
        label=_("The supervisor's e-mail address"),
        max_length=254,
        required=False,
        help_text=_("Shown only to those who have a placement with you, and to the coordinator."),
    )
    supervisor_phone = phone_field(_("The supervisor's telephone"))
    is_remote = forms.BooleanField(label=_("Can be done from home"), required=False)

    def __init__(self, *args: Any, workplaces: list[Workplace], rows: int = ROWS, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = min(max(rows, self._rows_sent()), MOST_ROWS)
        self.used_rows: list[int] = []
        self._choose("workplace", [(str(place.pk), _workplace_label(place)) for place in workplaces])
        self._choose("form", [("", _("Choose")), *((form.pk, form.name) for form in PlacementForm.objects.all())])
        self._choose("occupation", occupation_choices())
        # A program may have asked for others; whoever changes the place here does not lose them.
        kept = dict.fromkeys(self.initial.get("languages", ()))
        self._choose("languages", [*LANGUAGES.items(), *((code, code) for code in kept if code not in LANGUAGES)])
        self._choose("programmes", [(codes[0], name) for name, codes in programmes_by_name().items()])
        self._choose("hazards", hazard_choices())
        for number in range(self.rows):
            self.fields[f"periods-{number}-start"] = date_field(_("First day"))
            self.fields[f"periods-{number}-end"] = date_field(_("Last day"))
            self.fields[f"periods-{number}-seats"] = forms.IntegerField(
                label=_("Seats"),
                required=False,
                max_value=MOST_SEATS,
                widget=forms.NumberInput(attrs={"min": 1, "max": MOST_SEATS, "inputmode": "numeric"}),
            )
            self.fields[f"periods-{number}-id"] = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def _rows_sent(self) -> int:
        numbers = [name.split("-")[1] for name in self.data if name.startswith("periods-")]
        return max(
            (int(text) + 1 for text in numbers if text.isascii() and text.isdigit() and len(text) < 3), default=0
        )

    def _choose(self, name: str, choices: Iterable[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(choices)

    def period_rows(self) -> list[PeriodRow]:
        """The rows for the template."""
        return [
            PeriodRow(
                n + 1,
                self[f"periods-{n}-start"],
                self[f"periods-{n}-end"],
                self[f"periods-{n}-seats"],
                self[f"periods-{n}-id"],
            )
            for n in range(self.rows)
        ]

    def has_period_errors(self) -> bool:
        return any(name.startswith("periods-") for name in self.errors)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        latest = date(clock.today().year + YEARS_AHEAD, 12, 31)
        for name, value in list(cleaned.items()):
            if isinstance(value, date) and not EARLIEST <= value <= latest:
                self.add_error(name, str(_("Check the year.")))
        for number in range(self.rows):
            self._check_row(number)
        return cleaned

    def _check_row(self, number: int) -> None:
        """A row is used when anything is in it; then both dates are needed. Wrong values have their own message."""
        start, end, seats = (f"periods-{number}-{part}" for part in ("start", "end", "seats"))
        if not any(self.data.get(self.add_prefix(name), "").strip() for name in (start, end, seats)):
            return
        self.used_rows.append(number)
        for name, text in ((start, _("Enter the first day.")), (end, _("Enter the last day."))):
            if self.cleaned_data.get(name) is None and name not in self.errors:
                self.add_error(name, str(text))
        first, last = self.cleaned_data.get(start), self.cleaned_data.get(end)
        if first and last and last < first:
            # The command says so as well, but one thing at a time.
            self.add_error(end, str(_("The last day is before the first.")))

    def details(self) -> OfferDetails:
        """What was filled in, periods aside. Call it on a valid form."""
        cleaned = self.cleaned_data
        return OfferDetails(
            workplace_id=int(cleaned["workplace"]),
            form=cleaned["form"],
            title=cleaned["title"],
            tasks=cleaned["tasks"],
            occupation=cleaned["occupation"],
            programmes=cleaned["programmes"],
            hazards=cleaned["hazards"],
            requirements=cleaned["requirements"],
            skills=cleaned["skills"].split(","),
            languages=cleaned["languages"],
            apply_by=cleaned["apply_by"],
            supervisor_name=cleaned["supervisor_name"],
            supervisor_email=cleaned["supervisor_email"],
            supervisor_phone=cleaned["supervisor_phone"],
            risk_assessed_on=cleaned["risk_assessed_on"],
            is_remote=cleaned["is_remote"],
        )

    def periods(self) -> list[PeriodDetails]:
        """The used rows in order; seats left empty mean one."""
        rows = []
        for number in self.used_rows:
            start, end, seats, pk = (
                self.cleaned_data[f"periods-{number}-{part}"] for part in ("start", "end", "seats", "id")
            )
            rows.append(PeriodDetails(start, end, 1 if seats is None else seats, pk))
        return rows

    def field_of(self, name: str) -> str:
        """The command counts used periods, the page counts rows."""
        parts = name.split("-")
        if name == "periods":
            return f"periods-{self.used_rows[0] if self.used_rows else 0}-start"
        if parts[0] == "periods" and len(parts) == 3 and int(parts[1]) < len(self.used_rows):
            return f"periods-{self.used_rows[int(parts[1])]}-{parts[2]}"
        return name


def _workplace_label(place: Workplace) -> str:
    where = place.municipality.name if place.municipality else place.city
    names = dict.fromkeys([place.organisation.name, place.name, where])
    return ", ".join(filter(None, names))


def offer_initial(offer: Offer) -> dict[str, Any]:
    """What the form shows of a saved offer."""
    values: dict[str, Any] = {
        "workplace": str(offer.workplace_id),
        "form": offer.form_id,
        "title": offer.title,
        "tasks": offer.tasks,
        "requirements": offer.requirements,
        "skills": ", ".join(offer.skills),
        "occupation": offer.occupation_id or "",
        "programmes": [programme.pk for programme in offer.programmes.all()],
        "languages": offer.languages,
        "hazards": [hazard.pk for hazard in offer.hazards.all()],
        "risk_assessed_on": offer.risk_assessed_on,
        "apply_by": offer.apply_by,
        "supervisor_name": offer.supervisor_name,
        "supervisor_email": offer.supervisor_email,
        "supervisor_phone": format_phone(offer.supervisor_phone),
        "is_remote": offer.is_remote,
    }
    for number, period in enumerate(offer.periods.all()):
        values |= {
            f"periods-{number}-start": period.start,
            f"periods-{number}-end": period.end,
            f"periods-{number}-seats": period.capacity,
            f"periods-{number}-id": period.pk,
        }
    return values


def form_of_offer(offer_id: int, workplaces: list[Workplace]) -> Callable[..., OfferForm]:
    """Makes the form of a saved offer as it stands when it is called: (data) -> form."""

    def made(data: Any = None) -> OfferForm:
        now = Offer.objects.prefetch_related("periods", "programmes", "hazards").get(pk=offer_id)
        rows = len(now.periods.all()) + 1
        return OfferForm(data, workplaces=workplaces, rows=rows, initial=offer_initial(now))

    return made
