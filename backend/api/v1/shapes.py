"""Shapes that several resources answer with: offers in brief, periods, and a student as the caller may see them."""

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from backend.accounts.models import User
from backend.api.serializers import Answer, CodeName
from backend.students.models import Student


class Brief(Answer):
    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()


class WorkplaceBrief(Brief):
    city = serializers.CharField()
    municipality = CodeName(allow_null=True, help_text="Null when the place is given in several municipalities.")


class PeriodAnswer(Answer):
    id = serializers.IntegerField(source="pk")
    start = serializers.DateField(help_text="The first day.")
    end = serializers.DateField(help_text="The last day, included.")
    seats = serializers.IntegerField(source="capacity")
    free = serializers.IntegerField(help_text="Seats that nobody holds.")


class OfferBrief(Answer):
    id = serializers.IntegerField(source="pk")
    title = serializers.CharField()
    organisation = Brief()
    workplace = WorkplaceBrief()
    form = CodeName()


class StudentBrief(Answer):
    """A protected identity has its alias and neither school nor class, which would tell where it lives."""

    name = serializers.CharField()
    programme = CodeName(allow_null=True)
    class_name = serializers.CharField()
    school = serializers.CharField()


def student_for(viewer: User, student: Student) -> dict[str, Any]:
    """A student as `viewer` may see them, for StudentBrief."""
    hidden = student.is_protected and student.user_id != viewer.pk
    return {
        "name": student.display_name if hidden else student.user.name,
        "programme": student.programme,
        "class_name": "" if hidden else student.class_name,
        "school": "" if hidden else student.school,
    }


def render(kind: type[Answer], rows: Iterable[Any]) -> list[Any]:
    """Many rows as plain values."""
    return kind.of(rows)
