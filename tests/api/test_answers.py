"""Answers are read from rows by a shorter way than the framework's, and say the same."""

from datetime import date

import pytest
from django.utils import translation
from rest_framework import serializers

from backend.api.serializers import Answer, CodeName
from backend.api.v1.offer_shapes import OfferAnswer
from backend.offers.models import Offer
from tests.factories import OfferFactory


class Inner(Answer):
    title = serializers.CharField()


class Outer(Answer):
    name = serializers.CharField(source="inner.title")
    day = serializers.DateField(allow_null=True)
    nothing = Inner(allow_null=True)
    inner = Inner()
    many = Inner(many=True)  # type: ignore[assignment]
    asked = serializers.CharField()
    shouted = serializers.SerializerMethodField()

    def get_shouted(self, row):
        return row.inner.title.upper()


class Row:
    def __init__(self, **values):
        vars(self).update(values)

    def asked(self):
        return "answer"


def outer(**values):
    return Row(
        inner=Row(title="a"), day=date(2027, 1, 4), nothing=None, many=[{"title": "b"}, Row(title="c")], **values
    )


def test_every_kind_of_field():
    assert Outer.of([outer()]) == [
        {
            "name": "a",
            "day": "2027-01-04",
            "nothing": None,
            "inner": {"title": "a"},
            "many": [{"title": "b"}, {"title": "c"}],
            "asked": "answer",
            "shouted": "A",
        }
    ]
    assert Outer.of([outer()]) == Outer([outer()], many=True).data


def test_a_missing_value_is_a_mistake_not_an_empty_place():
    with pytest.raises(AttributeError):
        Inner.of([Row()])


@pytest.mark.django_db
def test_places_read_the_same_in_every_language():
    offer = OfferFactory(apply_by=date(2027, 3, 1), skills=["svets"])
    OfferFactory(occupation=None)
    rows = list(Offer.objects.for_lists())
    vars(rows[0])["distance"] = 12.345
    for language in ("sv", "en"):
        with translation.override(language):
            assert OfferAnswer.of(rows) == OfferAnswer(rows, many=True).data
    assert OfferAnswer.of(rows)[0]["distance_km"] == 12.3
    assert CodeName.of([offer.form])[0]["code"] == offer.form_id
