"""Open data as everyone may use it, in JSON or CSV: the very rows of the pages' files; see docs/feeds.md for what is left out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from rest_framework import serializers
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from backend.api.rendering import FastJsonRenderer
from backend.api.schema import operation
from backend.api.serializers import Answer, StrictSerializer
from backend.api.views import ReferenceView
from backend.exchange.feeds.open_data import FIGURE_COLUMNS, PLACE_COLUMNS, items_of, list_figures, list_open_places
from backend.exchange.feeds.places import LICENCE
from backend.exchange.feeds.skills import SKILLS_COLUMNS, list_skills
from backend.exchange.tables import CONTENT_TYPES, Column, TableFormat, write_table

TAG = "Open data"


class NoQuery(StrictSerializer):
    """The whole table: there is nothing to ask for."""


class CsvRenderer(BaseRenderer):
    """A table that is made already. A refusal stays a problem in JSON, whatever was asked for."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        if isinstance(data, bytes):
            return data
        content: bytes = FastJsonRenderer().render(data)
        return content


class OpenTable(ReferenceView):
    """A whole table. `Accept: text/csv` gives it for a spreadsheet, as the addresses below /oppna-data/ do."""

    renderer_classes = (FastJsonRenderer, CsvRenderer)

    def table(self, columns: Sequence[Column[Any]], read: Callable[[], Iterable[Any]]) -> Response:
        self.query(NoQuery)
        if self.request.accepted_renderer.format == CsvRenderer.format:
            return Response(write_table(TableFormat.CSV, columns, read()), content_type=CONTENT_TYPES[TableFormat.CSV])
        return Response({"license": LICENCE, "items": items_of(columns, read())})


MUNICIPALITY = "Four digits; empty for places given in several."
OCCUPATION = "SSYK 2012, empty where the place names none."


class OpenPlaceAnswer(Answer):
    id = serializers.IntegerField()
    url = serializers.URLField()
    title = serializers.CharField()
    organisation = serializers.CharField()
    municipality_code = serializers.CharField(help_text=MUNICIPALITY)
    form_code = serializers.CharField()
    occupation_code = serializers.CharField(help_text=OCCUPATION)
    period_id = serializers.IntegerField()
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    weeks = serializers.CharField(help_text="ISO weeks of the period: 2027-W04/2027-W07, or 2027-W04 for a single one.")
    seats = serializers.IntegerField()
    free_seats = serializers.IntegerField()
    apply_by = serializers.DateField(allow_null=True)
    published_on = serializers.DateField()


class OpenPlacesAnswer(Answer):
    license = serializers.CharField()
    items = OpenPlaceAnswer(many=True)


class FigureAnswer(Answer):
    municipality_code = serializers.CharField(help_text=MUNICIPALITY)
    municipality = serializers.CharField()
    form_code = serializers.CharField()
    form = serializers.CharField()
    occupation_code = serializers.CharField(help_text=OCCUPATION)
    occupation = serializers.CharField()
    places = serializers.IntegerField()
    seats = serializers.IntegerField()
    free_seats = serializers.IntegerField()
    placed = serializers.IntegerField(
        allow_null=True, help_text="Students placed, rounded down to a multiple of five; null below five."
    )


class FiguresAnswer(Answer):
    license = serializers.CharField()
    items = FigureAnswer(many=True)


class SkillsRowAnswer(Answer):
    municipality_code = serializers.CharField(help_text="Four digits.")
    municipality = serializers.CharField()
    what = serializers.CharField(help_text="`students`, `seats_at_work`, `seats_in_training` or `vacancies`.")
    code = serializers.CharField(help_text="Of the programme (students) or of the occupation field; empty for none.")
    name = serializers.CharField()
    number = serializers.IntegerField(help_text="Students are rounded down to a multiple of five, left out below five.")


class SkillsAnswer(Answer):
    license = serializers.CharField()
    items = SkillsRowAnswer(many=True)


class Places(OpenTable):
    @operation("open_data_places", "Open places", tag=TAG, answer=OpenPlacesAnswer, csv=True)
    def get(self, request: Request) -> Response:
        """Every period of every place one can apply for, with dates, seats and codes. `Accept: text/csv` gives a table."""
        return self.table(PLACE_COLUMNS, list_open_places)


class Figures(OpenTable):
    @operation("open_data_figures", "Open figures", tag=TAG, answer=FiguresAnswer, csv=True)
    def get(self, request: Request) -> Response:
        """Places, seats and placed students per municipality, form and occupation. `Accept: text/csv` gives a table."""
        return self.table(FIGURE_COLUMNS, list_figures)


class Skills(OpenTable):
    @operation("open_data_skills", "Skills", tag=TAG, answer=SkillsAnswer, csv=True)
    def get(self, request: Request) -> Response:
        """Students by programme, seats and vacancies by occupation field, per municipality. `Accept: text/csv` too."""
        return self.table(SKILLS_COLUMNS, list_skills)
