"""What every resource's input and output is built on."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from operator import attrgetter
from types import MethodType
from typing import Any, ClassVar

from django.db.models.manager import BaseManager
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from backend.reference.places import choose_municipality

DEFAULT_LIMIT, MAX_LIMIT = 25, 100
LONGEST_CURSOR = 2_000
LONGEST_PLACE = 80


class StrictSerializer(serializers.Serializer[Any]):
    """Input in which every name must be known: a misspelt field is an error, not a silent nothing."""

    def run_validation(self, data: Any = empty) -> Any:
        unknown = sorted(set(data) - set(self.fields)) if hasattr(data, "keys") else []
        strangers = {
            str(name)[:60]: [serializers.ErrorDetail(_("There is no such field."), code="unknown_field")]
            for name in unknown
        }
        try:
            value = super().run_validation(data)
        except serializers.ValidationError as error:
            known = error.detail if isinstance(error.detail, dict) else {"non_field_errors": error.detail}
            raise serializers.ValidationError({**known, **strangers}) from error
        if strangers:
            raise serializers.ValidationError(strangers)
        return value


class ChangeSerializer(StrictSerializer):
    """Input of a PATCH. What is left out stays, and what was read can be sent back as it is.

    `answer` is what reading gives. Its fields that are not written here are passed over; of a row of a reference table, or
    of another resource, the code or the id counts; null and the empty text both mean: nothing.
    """

    answer: "ClassVar[type[Answer]]"

    def get_fields(self) -> Any:
        fields = super().get_fields()
        for field in fields.values():
            if isinstance(field, serializers.CharField) and field.allow_blank:
                field.allow_null = True
        return fields

    def run_validation(self, data: Any = empty) -> Any:
        if hasattr(data, "keys"):
            read_only = set(self.answer().fields) - set(self.fields)
            data = {name: _key_of(given) for name, given in data.items() if name not in read_only}
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        for name, field in self.fields.items():
            if name in value and value[name] is None and isinstance(field, serializers.CharField):
                value[name] = ""
        return value


def _key_of(given: Any) -> Any:
    """The code or the id of a row as `CodeName` and `Brief` write it, one by one in a list; anything else as it is."""
    if isinstance(given, list):
        return [_key_of(each) for each in given]
    if isinstance(given, Mapping) and "name" in given:
        return given.get("code", given.get("id", given))
    return given


class MunicipalityCode(serializers.CharField):
    """The code of a municipality, or any of its names: "0562", "Finspång", "Finspångs kommun". Cleans to the code.

    A number of four digits that no municipality has is left to the command, which refuses it.
    """

    def __init__(self, **options: Any) -> None:
        options.setdefault("max_length", LONGEST_PLACE)
        options.setdefault("help_text", "Code or name of the municipality.")
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not text or (text.isascii() and text.isdigit()):
            return text
        code = choose_municipality(text)[0]
        if not code:
            raise serializers.ValidationError(_("No single municipality has this name: send its code of four digits."))
        return code


class NoBody(StrictSerializer):
    """For actions that need no words: nothing, or an empty object."""


class PageQuery(StrictSerializer):
    cursor = serializers.CharField(
        required=False, max_length=LONGEST_CURSOR, help_text="From `next` of the page before; opaque."
    )
    limit = serializers.IntegerField(
        required=False, default=DEFAULT_LIMIT, min_value=1, max_value=MAX_LIMIT, help_text="Rows on a page."
    )


class Answer(serializers.Serializer[Any]):
    """Output: rows as they are read, never written."""

    @classmethod
    def of(cls, rows: Iterable[Any]) -> list[Any]:
        """Many rows as plain values: what `cls(rows, many=True).data` gives.

        The framework copies the fields for each answer and asks each of them anew, row by row, where its value stands;
        here that is looked up once for each kind of answer.
        """
        read = _reader(cls)
        return [read(row) for row in rows]


@cache
def _reader(kind: type[Answer]) -> Callable[[Any], Any]:
    """A function that makes a row to the values that `kind` names."""
    serializer = kind()
    steps = [(name, *_step(field)) for name, field in serializer.fields.items()]

    def read(row: Any) -> Any:
        if row is None:
            return None
        if isinstance(row, Mapping):
            return serializer.to_representation(row)
        found = {}
        for name, get, convert in steps:
            value = get(row)
            if type(value) is MethodType:
                value = value()
            found[name] = None if value is None else convert(value)
        return found

    return read


def _step(field: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Where the value of a field stands in a row, and what is made of it when it is not empty."""
    get = _itself if field.source == "*" else attrgetter(field.source)
    if isinstance(field, serializers.ListSerializer) and isinstance(field.child, Answer):
        return get, partial(_read_all, _reader(type(field.child)))
    if isinstance(field, Answer):
        return get, _reader(type(field))
    return get, field.to_representation


def _itself(row: Any) -> Any:
    return row


def _read_all(read: Callable[[Any], Any], rows: Any) -> list[Any]:
    return [read(row) for row in (rows.all() if isinstance(rows, BaseManager) else rows)]


@extend_schema_field({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$", "example": "21:00"})
class ClockTime(serializers.TimeField):
    """Hours and minutes of the wall clock. The format `time` of JSON Schema wants seconds and an offset as well."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%H:%M", input_formats=["%H:%M"], **options)


class OptionalUrl(serializers.CharField):
    """An address, or nothing: the format `uri` of JSON Schema does not know the empty text."""

    def __init__(self, **options: Any) -> None:
        words = "An address such as https://example.se, or empty."
        super().__init__(required=False, default="", allow_blank=True, max_length=200, help_text=words, **options)

    def to_internal_value(self, data: Any) -> str:
        text: str = super().to_internal_value(data)
        if text:
            serializers.URLField(max_length=200).run_validation(text)
        return text


class CodeName(Answer):
    """A row of a reference table: its code, and its name in the language asked for."""

    code = serializers.CharField(source="pk")
    name = serializers.CharField()


class ProblemField(Answer):
    field = serializers.CharField(help_text="Such as `title` or `periods.0.start`; empty for the whole.")
    code = serializers.CharField()
    detail = serializers.CharField()


class Problem(Answer):
    """Problem details, RFC 9457, with a stable code."""

    type = serializers.CharField(help_text="`urn:praktiknavet:problem:<code>`")
    title = serializers.CharField(help_text="The phrase of the HTTP status.")
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable and dotted, for programs: `offer.deadline_passed`.")
    detail = serializers.CharField(help_text="One sentence for a person, in the language asked for.")
    errors = ProblemField(many=True, help_text="The inputs that are wrong.")  # type: ignore[assignment]
    data = serializers.DictField(help_text="Ids and numbers of the refusal.")  # type: ignore[assignment]
