"""Lists to choose from say what Django's own say."""

import re

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.functional import lazystr
from django.utils.safestring import mark_safe

from backend.web.form_renderer import FormRenderer

CHOICES = [
    ("", "Välj"),
    ("0562", "Finspång & <Vingåker>"),
    ('"x"', lazystr("Söker på 'allt'")),
    (7, mark_safe("<b>fet</b>")),
    ("Län <E>", [("a", "Ett"), ("b", "Två")]),
]
WIDGETS = {
    "plain": forms.Select(choices=CHOICES),
    "attributes": forms.Select(attrs={"class": "ds-input", "required": True, "placeholder": False, "data-x": '"'}, choices=CHOICES),
    "several": forms.SelectMultiple(choices=CHOICES),
    "yes or no": forms.NullBooleanSelect(),
    "empty": forms.Select(),
}  # fmt: skip
VALUES = ["", "0562", '"x"', 7, "b", None, ["0562", "a"]]


def words(html: str) -> str:
    return re.sub(r"\s*\n\s*", "\n", html).strip()


CASES = [
    (name, value)
    for name, widget in WIDGETS.items()
    for value in VALUES
    if isinstance(value, list) == isinstance(widget, forms.SelectMultiple)
]


@pytest.mark.parametrize(("name", "value"), CASES)
def test_a_list_is_written_as_django_writes_it(name, value):
    ours = WIDGETS[name].render("place", value, {"id": "id_place"}, FormRenderer())
    theirs = WIDGETS[name].render("place", value, {"id": "id_place"}, DjangoTemplates())
    assert words(ours) == words(theirs)


def test_other_fields_are_django_s_own():
    widget = forms.TextInput()
    assert widget.render("a", "<", {}, FormRenderer()) == widget.render("a", "<", {}, DjangoTemplates())
