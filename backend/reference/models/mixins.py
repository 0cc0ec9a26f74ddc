"""What the reference tables share: two languages, Swedish order, and dates of validity."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import get_language

from backend.common.text import clean_text

# The server runs without ICU: the code points of { | } follow z, so å ä ö end up last and in that order.
SWEDISH_LETTERS = "åäöéü"
SWEDISH_SORT = "{|}eu"
SWEDISH_FOLD = "aaoeu"


def translate_lower(field: str, replacement: str) -> models.Func:
    """SQL `translate(lower(field), 'åäöéü', replacement)`, immutable and therefore fit for a generated column."""
    return models.Func(
        Lower(field),
        models.Value(SWEDISH_LETTERS),
        models.Value(replacement),
        function="TRANSLATE",
        output_field=models.CharField(),
    )


def fold(text: str) -> str:
    """The same folding as the generated `search_key` columns, for a search text: "Östersund " -> "ostersund"."""
    return " ".join(clean_text(text).lower().translate(str.maketrans(SWEDISH_LETTERS, SWEDISH_FOLD)).split())


class TranslatedName(models.Model):
    """A row named in Swedish and English. `name` follows the active language, Swedish where English is missing."""

    name_sv = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.in_active_language(self.name_sv, self.name_en)

    @staticmethod
    def in_active_language(swedish: str, english: str) -> str:
        language = get_language() or ""
        return english if english and language.split("-")[0] == "en" else swedish


def validity_range(*, upper: str = "valid_to") -> models.Func:
    """SQL daterange from valid_from to valid_to, both days included; an open end has no upper bound."""
    return models.Func("valid_from", upper, models.Value("[]"), function="daterange", output_field=models.Field())


def valid_on(on: dt.date) -> models.Q:
    """Rows with valid_from <= on <= valid_to (no valid_to: for ever)."""
    return models.Q(valid_from__lte=on) & (models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=on))


def valid_to_not_before_valid_from(name: str, message: Any) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=name,
        condition=models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=models.F("valid_from")),
        violation_error_message=message,
    )
