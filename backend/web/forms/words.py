"""What every form says about the usual mistakes, in words that tell what to do. A field with better ones has its own."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

WORDS: dict[type[forms.Field], dict[str, Any]] = {
    forms.Field: {"required": _("Fill in this field.")},
    forms.CharField: {
        "max_length": _("The text is too long: it has %(show_value)d characters, and at most %(limit_value)d fit.")
    },
    forms.IntegerField: {
        "invalid": _("Enter a whole number."),
        "min_value": _("Enter %(limit_value)s or more."),
        "max_value": _("Enter %(limit_value)s or less."),
    },
    forms.DateField: {"invalid": _("Enter a date such as 2027-01-25.")},
    forms.URLField: {"invalid": _("Enter an address on the web, such as https://www.example.com.")},
    forms.ChoiceField: {"invalid_choice": _("Choose from the list.")},
    forms.MultipleChoiceField: {"invalid_choice": _("Choose from the list.")},
    forms.FileField: {
        "required": _("Choose a file."),
        "empty": _("The file is empty. Choose another one."),
        "max_length": _("The name of the file is too long. Give it a shorter one."),
    },
}


def use_our_words() -> None:
    """Called once, before the first form is made."""
    for kind, words in WORDS.items():
        kind.default_error_messages = {**vars(kind).get("default_error_messages", {}), **words}
