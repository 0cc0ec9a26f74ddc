"""What everyone may look up: municipalities, occupations, programmes, placement forms."""

from typing import Any

from django.db.models import Q
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.api.schema import operation
from backend.api.serializers import Answer, CodeName, PageQuery
from backend.api.views import ReferenceView
from backend.common import clock
from backend.reference.models import Municipality, OccupationGroup, PlacementForm, PlacementFormVersion, Programme

TAG = "Reference"


class ReferenceQuery(PageQuery):
    q = serializers.CharField(required=False, max_length=80, help_text="Words of the name, or how the code begins.")


class MunicipalityAnswer(Answer):
    code = serializers.CharField(source="pk", help_text="Four digits, a string: the code of Statistics Sweden.")
    name = serializers.CharField()
    county = serializers.CharField(source="county.name")
    lat = serializers.FloatField(help_text="Degrees, WGS 84.")
    lon = serializers.FloatField()


class OccupationAnswer(CodeName):
    field = CodeName(help_text="The field of work, a filter of the search.")


class ProgrammeAnswer(CodeName):
    kind = serializers.CharField()
    series = serializers.CharField(help_text="The series of codes the programme belongs to.")


class PlacementFormAnswer(CodeName):
    kind = serializers.CharField()
    description = serializers.CharField()
    max_weeks = serializers.IntegerField(allow_null=True, help_text="The longest period.")
    answer_days = serializers.IntegerField(allow_null=True, help_text="Working days for an answer.")
    hold_hours = serializers.IntegerField(allow_null=True, help_text="How long an offered seat is held.")
    allowed_age_classes = serializers.ListField(child=serializers.CharField())


class Municipalities(ReferenceView):
    @operation(
        "municipalities_list",
        "Municipalities",
        tag=TAG,
        query=ReferenceQuery,
        answer=MunicipalityAnswer,
        page=True,
    )
    def get(self, request: Request) -> Response:
        """All municipalities of Sweden in Swedish order."""
        asked = self.query(ReferenceQuery)
        rows = Municipality.objects.select_related("county")
        if text := asked.get("q"):
            rows = rows.filter(pk__in=Municipality.objects.matching(text).values("pk"))
        return self.page(rows, ("sort_key", "pk"), asked, lambda found: _all(MunicipalityAnswer, found))


class Occupations(ReferenceView):
    @operation("occupations_list", "Occupations", tag=TAG, query=ReferenceQuery, answer=OccupationAnswer, page=True)
    def get(self, request: Request) -> Response:
        """Occupation groups on level four of SSYK 2012."""
        asked = self.query(ReferenceQuery)
        rows = OccupationGroup.objects.current().select_related("field")
        if text := asked.get("q"):
            rows = rows.filter(pk__in=OccupationGroup.objects.matching(text).values("pk"))
        return self.page(rows, ("sort_key", "pk"), asked, lambda found: _all(OccupationAnswer, found))


class Programmes(ReferenceView):
    @operation("programmes_list", "Programmes", tag=TAG, query=ReferenceQuery, answer=ProgrammeAnswer, page=True)
    def get(self, request: Request) -> Response:
        """Upper secondary programmes that students can be enrolled in today."""
        asked = self.query(ReferenceQuery)
        rows = Programme.objects.valid_on(clock.today())
        if text := asked.get("q"):
            rows = rows.filter(Q(name_sv__icontains=text) | Q(name_en__icontains=text) | Q(code__istartswith=text))
        return self.page(rows, ("name_sv", "pk"), asked, lambda found: _all(ProgrammeAnswer, found))


class PlacementForms(ReferenceView):
    @operation(
        "placement_forms_list", "Placement forms", tag=TAG, query=PageQuery, answer=PlacementFormAnswer, page=True
    )
    def get(self, request: Request) -> Response:
        """Kinds of placement, with the rules that hold today."""
        return self.page(PlacementForm.objects.all(), ("position", "pk"), self.query(PageQuery), _forms)


def _forms(rows: list[PlacementForm]) -> list[Any]:
    today = PlacementFormVersion.objects.valid_on(clock.today()).filter(form__in=rows)
    versions = {version.form_id: version for version in today}
    for row in rows:
        version = versions.get(row.pk)
        for name in ("max_weeks", "answer_days", "hold_hours"):
            setattr(row, name, getattr(version, name, None))
        row.allowed_age_classes = list(version.allowed_age_classes) if version else []  # type: ignore[attr-defined]
    return _all(PlacementFormAnswer, rows)


def _all(kind: type[Answer], rows: list[Any]) -> list[Any]:
    return list(kind(rows, many=True).data)
