"""A municipality as people write it: by its name."""

from django import forms
from django.utils.translation import gettext_lazy as _

from backend.reference.models import Municipality
from backend.reference.models.mixins import fold
from backend.reference.selectors import search_municipality


class MunicipalityField(forms.CharField):
    """Cleans to the code of the municipality with the name ("ostersund" finds Östersund) or the code; "" for none."""

    widget = forms.TextInput(attrs={"list": "municipalities", "autocomplete": "address-level2"})

    def clean(self, value: str) -> str:
        text = str(super().clean(value) or "").strip()
        if not text:
            return ""
        found = search_municipality(text)
        exact = [row for row in found if row.search_key == fold(text) or row.pk == text]
        if len(exact or found) != 1:
            raise forms.ValidationError(_("Choose a municipality from the list."))
        return str((exact or found)[0].pk)


def municipality_names() -> list[str]:
    return list(Municipality.objects.values_list("name", flat=True))
