"""A municipality as people write it: by its name."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from backend.reference.models import Municipality
from backend.reference.places import Place, choose_municipality

MOST_NAMED = 4


def unclear_municipality(found: list[Place]) -> Any:
    """What to do about a text that means no municipality for sure. found: what it may mean."""
    if not found:
        return _("No municipality in Sweden has this name. Write it as on the sign: Finspång, or Finspångs kommun.")
    names = "; ".join(dict.fromkeys(each.label for each in found[:MOST_NAMED]))
    if found[0].is_guess:
        return _("No place is called that. Did you mean: %(names)s? Write its name.") % {"names": names}
    return _("There are several: %(names)s. Write the municipality.") % {"names": names}


class MunicipalityField(forms.CharField):
    """Cleans to the code of the municipality that the text means ("Finspångs kommun", "ostersund"); "" for none."""

    widget = forms.TextInput(attrs={"list": "municipalities", "autocomplete": "address-level2"})

    def clean(self, value: str) -> str:
        text = str(super().clean(value) or "").strip()
        if not text:
            return ""
        code, found = choose_municipality(text)
        if not code:
            raise forms.ValidationError(unclear_municipality(found))
        return code


class MunicipalityChoice(forms.ChoiceField):
    """The same chosen from a list. What is sent may be the name all the same."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        return choose_municipality(text)[0] or text if text else ""


def municipality_names() -> list[str]:
    return list(Municipality.objects.values_list("name", flat=True))
