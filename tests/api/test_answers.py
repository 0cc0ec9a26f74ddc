"""Answers are read from rows by a shorter way than the framework's, and say the same."""

from datetime import date

import pytest
from django.utils import translation
from rest_framework import serializers

from backend.api.serializers import Answer, CodeName
from backend.api.v1.offer_shapes import OfferAnswer, load_in_brief
from backend.offers.models import Offer
from backend.reference.models import Programme
from tests.factories import OfferFactory, PeriodFactory


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


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_page_of_the_search_says_what_the_rows_of_models_say(language, django_assert_num_queries):
    form = OfferFactory().form
    full = OfferFactory(apply_by=date(2027, 3, 1), skills=["svets"], languages=["sv", "en"], is_remote=True, form=form)
    full.programmes.set(Programme.objects.order_by("-pk")[:2])
    PeriodFactory(offer=full, start=date(2027, 4, 5), end=date(2027, 4, 30), capacity=3, taken=1)
    bare = OfferFactory(published_at=None, state="draft")
    bare.occupation = None
    bare.save()
    bare.workplace.municipality = None
    bare.workplace.save()
    offers = [full, bare, *Offer.objects.exclude(pk__in=[full.pk, bare.pk])]
    distances = [12.345, None, *[0.0 for _offer in offers[2:]]]
    with translation.override(language):
        with django_assert_num_queries(1):
            brief = load_in_brief(list(zip([offer.pk for offer in offers], distances, strict=True)))
        rows = {offer.pk: offer for offer in Offer.objects.for_lists()}
        for offer, distance in zip(offers, distances, strict=True):
            vars(rows[offer.pk])["distance"] = distance
        assert brief == OfferAnswer([rows[offer.pk] for offer in offers], many=True).data
    assert len(brief[0]["programmes"]) == 2
    assert len(brief[0]["periods"]) > 1
    assert (brief[1]["workplace"]["municipality"], brief[1]["occupation"]) == (None, None)


@pytest.mark.django_db
def test_a_place_that_is_gone_meanwhile_is_left_out():
    offer = OfferFactory()
    assert [row["id"] for row in load_in_brief([(offer.pk + 1, None), (offer.pk, None)])] == [offer.pk]
    assert load_in_brief([]) == []
