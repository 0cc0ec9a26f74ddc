"""Open figures as everyone may use them; see docs/feeds.md for what they leave out."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.api.schema import operation
from backend.api.serializers import Answer, StrictSerializer
from backend.api.v1.shapes import render
from backend.api.views import ReferenceView
from backend.exchange.feeds.open_data import list_figures
from backend.exchange.feeds.places import LICENCE

TAG = "Open data"


class NoQuery(StrictSerializer):
    """The whole table: there is nothing to ask for."""


class FigureAnswer(Answer):
    municipality_code = serializers.CharField(help_text="Four digits; empty for places given in several.")
    municipality = serializers.CharField()
    form_code = serializers.CharField()
    form = serializers.CharField()
    occupation_code = serializers.CharField(help_text="SSYK 2012, empty where the place names none.")
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


class Figures(ReferenceView):
    @operation("open_data_figures", "Open figures", tag=TAG, answer=FiguresAnswer)
    def get(self, request: Request) -> Response:
        """Places, seats and placed students per municipality, form and occupation."""
        self.query(NoQuery)
        return Response({"license": LICENCE, "items": render(FigureAnswer, list_figures())})
