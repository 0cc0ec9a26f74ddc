"""What an organisation fills in about itself: registration, workplaces, and the answer no."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from backend.applications.enums import DeclineReason
from backend.common.errors import Invalid
from backend.organisations.enums import OrganisationKind
from backend.organisations.models import Organisation, Workplace
from backend.organisations.numbers import clean_registration_number
from backend.organisations.services import IN_SWEDEN, WorkplaceDetails
from backend.reference.selectors import list_municipalities
from backend.web.employer_pin import degrees
from backend.web.forms.places import MunicipalityChoice


def municipality_choices() -> list[tuple[str, Any]]:
    """All municipalities in Swedish order, after an empty choice."""
    return [("", _("Choose")), *((place.pk, place.name) for place in list_municipalities())]


class MunicipalityField(MunicipalityChoice):
    """One of the 290."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", _("Municipality"))
        options.setdefault("error_messages", {"invalid_choice": _("Choose a municipality from the list.")})
        super().__init__(choices=municipality_choices, **options)


class DegreesField(forms.FloatField):
    """Degrees of latitude or longitude in Sweden, with a point or a comma. Empty is None."""

    def __init__(self, **options: Any) -> None:
        wrong = _("Write degrees such as %(example)s, in Sweden.") % {"example": "58.70577"}
        super().__init__(
            required=False,
            widget=forms.TextInput,
            error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), wrong),
            **options,
        )

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)


class OrganisationForm(forms.Form):
    """Registers the organisation someone works for."""

    name = forms.CharField(label=_("Name of the organisation"), max_length=160)
    registration_number = forms.CharField(
        label=_("Organisation number"), max_length=20, help_text=_("Ten digits, such as 556036-0793.")
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[(each.value, each.label) for each in OrganisationKind if each != OrganisationKind.MUNICIPAL_UNIT],
        initial=OrganisationKind.COMPANY.value,
        widget=forms.RadioSelect,
    )
    municipality = MunicipalityField(help_text=_("Where the organisation has its main workplace."))
    about = forms.CharField(
        label=_("About you"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Two or three sentences that students read beside your places."),
    )
    website = forms.URLField(label=_("Website"), required=False, assume_scheme="https")

    def clean_registration_number(self) -> str:
        """Said here too: whoever is not logged in yet should not hear of it after the code."""
        try:
            return clean_registration_number(self.cleaned_data["registration_number"])
        except Invalid as error:
            raise forms.ValidationError(str(error.message)) from error


class WorkplaceForm(forms.Form):
    """A site of the organisation."""

    organisation = forms.ChoiceField(label=_("Organisation"))
    name = forms.CharField(label=_("Name of the workplace"), max_length=160, help_text=_("For example: The workshop"))
    address = forms.CharField(label=_("Street address"), max_length=200, required=False)
    postcode = forms.RegexField(
        r"^\s*\d{3}\s?\d{2}\s*$",
        label=_("Postcode"),
        required=False,
        error_messages={"invalid": _("A postcode has five digits.")},
    )
    city = forms.CharField(label=_("Town"), max_length=80, required=False)
    municipality = MunicipalityField()
    lat = DegreesField(label=_("Latitude"), min_value=IN_SWEDEN[0][0], max_value=IN_SWEDEN[0][1])
    lon = DegreesField(label=_("Longitude"), min_value=IN_SWEDEN[1][0], max_value=IN_SWEDEN[1][1])

    def __init__(self, *args: Any, organisations: list[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["organisation"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(each.pk), each.name) for each in organisations]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for one, other in (("lat", "lon"), ("lon", "lat")):
            if cleaned.get(one) is None and cleaned.get(other) is not None and one not in self.errors:
                self.add_error(one, _("Write both numbers, or neither."))
        return cleaned

    def details(self) -> WorkplaceDetails:
        """What was filled in. Call it on a valid form."""
        cleaned = self.cleaned_data
        return WorkplaceDetails(
            name=cleaned["name"],
            municipality_code=cleaned["municipality"],
            address=cleaned["address"],
            postcode=cleaned["postcode"],
            city=cleaned["city"],
            lat=cleaned["lat"],
            lon=cleaned["lon"],
        )


def new_workplace_initial(organisation: Organisation, *, is_first: bool) -> dict[str, Any]:
    """Most have one site, which bears the organisation's name and lies where it is registered."""
    return {
        "organisation": str(organisation.pk),
        "name": organisation.name if is_first else "",
        "municipality": organisation.municipality_id or "",
    }


def workplace_initial(workplace: Workplace) -> dict[str, Any]:
    """What the form shows of a saved workplace."""
    return {
        "organisation": str(workplace.organisation_id),
        "name": workplace.name,
        "address": workplace.address,
        "postcode": workplace.postcode,
        "city": workplace.city,
        "municipality": workplace.municipality_id or "",
        "lat": degrees(workplace.lat),
        "lon": degrees(workplace.lon),
    }


class DeclineForm(forms.Form):
    """No, with a reason that becomes a polite text."""

    reason = forms.ChoiceField(
        label=_("Why?"),
        choices=DeclineReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a reason.")},
    )
    message = forms.CharField(
        label=_("A line of your own"), max_length=1500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
