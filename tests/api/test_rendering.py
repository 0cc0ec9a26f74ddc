"""Our JSON says what the framework's says."""

import json
import uuid
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from django.utils.functional import lazystr
from django.utils.safestring import mark_safe
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.renderers import JSONRenderer

from backend.api.rendering import FastJsonRenderer
from backend.offers.enums import OfferState

ODD = {
    "moment": datetime(2026, 11, 24, 7, 30, 15, 123456, tzinfo=UTC),
    "day": date(2026, 11, 24),
    "time": time(7, 30),
    "lazy": lazystr("Välj en plats"),
    "safe": mark_safe("<b>"),
    "state": OfferState.PUBLISHED,
    "key": uuid.UUID(int=7),
    "exact": Decimal("1.50"),
    "rows": ({1: "ett", None: True}, []),
    "words": 'a\u2028b \\ " / é 🛠',
}
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
)  # fmt: skip


def both(data: object) -> tuple[bytes, bytes]:
    return FastJsonRenderer().render(data), JSONRenderer().render(data)


@pytest.mark.parametrize("name", ODD)
def test_what_the_framework_can_write_is_written_alike(name):
    ours, theirs = both({name: ODD[name]})
    assert json.loads(ours) == json.loads(theirs)


@given(values)
def test_anything_json_knows_comes_back_as_it_was(data):
    ours, theirs = both({"it": data})
    assert json.loads(ours) == json.loads(theirs) == {"it": data}


def test_an_answer_without_a_body_stays_empty_and_indents_are_kept():
    assert FastJsonRenderer().render(None) == b""
    assert FastJsonRenderer().render({"a": 1}, "application/json; indent=4") == b'{\n    "a": 1\n}'
