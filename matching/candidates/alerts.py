"""Saved searches: find the alerts that an offer answers."""

from __future__ import annotations

import numpy as np

from matching.candidates.buckets import Buckets
from matching.candidates.columns import AlertColumns
from matching.candidates.geo import Point, cells, kilometres, places
from matching.candidates.ids import IdMap
from matching.candidates.interning import combine
from matching.candidates.ragged import F64, I64, Mask, spans
from matching.candidates.results import AlertHits
from matching.candidates.views import OfferView

_ANY_PROGRAMME = -1
_UNITS = np.array([10_000, 1000, 100, 10, 1], np.int64)


class AlertPart:
    """Immutable. Alerts stand in the order of the result: most criteria first, then id.

    Each alert has one entry per pair of (programme or any, occupation prefix or any). These pairs, with the map cell of
    the centre, are the composite tokens: an offer looks up only pairs that it answers, in cells near enough; forms, age
    and distance are then checked exactly.
    """

    __slots__ = (
        "admission",
        "age_classes",
        "alert",
        "buckets",
        "forms",
        "ids",
        "limits",
        "owner",
        "places",
        "prefix",
        "programme",
        "radius_km",
        "stated",
        "unit",
    )

    def __init__(self, columns: AlertColumns) -> None:
        stated = np.stack(
            [
                columns.forms != 0,
                columns.programmes.counts() > 0,
                columns.occupations.counts() > 0,
                np.isfinite(columns.radius_km),
            ]
        )
        ranked = np.lexsort((columns.id, -stated.sum(axis=0)))
        columns = columns.take(ranked)
        self.stated = stated[:, ranked]
        limited = self.stated[3]
        self.ids = IdMap(columns.id)
        self.owner = columns.owner
        admission, examples = combine([columns.forms.view(np.int64), columns.age_classes])
        self.admission = admission.astype(np.int32)
        self.forms, self.age_classes = columns.forms[examples], columns.age_classes[examples]
        self.radius_km = columns.radius_km
        self.places = places(columns.lat, columns.lon)
        alert, programme, prefix, unit = _entries(columns)
        segment, examples = combine([programme, prefix, unit, limited[alert].astype(np.int64)])
        self.programme, self.prefix, self.unit = programme[examples], prefix[examples], unit[examples]
        self.limits = limited[alert][examples]
        cell = cells(columns.lat, columns.lon)[alert]
        self.buckets = Buckets(segment, len(examples), cell, self.places.take(alert), columns.radius_km[alert], alert)
        self.alert = alert[self.buckets.order].astype(np.int32)

    def hits(self, offer: OfferView, gone: Mask | None) -> AlertHits:
        """Every alert that the offer answers; `gone` marks positions that no longer count."""
        anywhere, nearby = self._candidates(offer)
        # An alert naming several of the offer's programmes, or nested prefixes, is found once for each of them. Marks
        # make the candidates distinct and put them in the order of the result at once.
        marks = np.zeros(len(self.owner), np.bool_)
        marks[self.alert[self.buckets.gather(nearby, offer.place, np.inf)]] = True
        if not offer.remote:
            self._drop_distant(marks, offer)
        marks[self.alert[self.buckets.gather(anywhere, None, np.inf)]] = True
        if gone is not None:
            marks &= ~gone
        alerts = np.flatnonzero(marks)
        alerts = alerts[self._admitting(offer)[self.admission[alerts]]]
        form, programme, occupation, distance = self.stated[:, alerts]
        km = np.full(len(alerts), np.nan)
        if offer.place is not None:
            measured = np.flatnonzero(distance)
            km[measured] = self._kilometres(alerts[measured], offer.place)
        score = form.astype(np.float64) + programme + occupation + distance
        return AlertHits(self.ids.ids[alerts], score, self.owner[alerts], form, programme, occupation, distance, km)

    def _candidates(self, offer: OfferView) -> tuple[I64, I64]:
        """Segments whose programme and occupation the offer answers: those without and those with a radius."""
        if not (offer.periods.seats > 0).any():
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        answers = self.unit == _UNITS[0]
        if offer.occupation >= 0:
            answers |= offer.occupation // self.unit * self.unit == self.prefix
        if len(offer.programmes):
            answers &= (self.programme == _ANY_PROGRAMME) | np.isin(self.programme, offer.programmes)
        return np.flatnonzero(answers & ~self.limits), np.flatnonzero(answers & self.limits)

    def _drop_distant(self, marks: Mask, offer: OfferView) -> None:
        alerts = np.flatnonzero(marks)
        if offer.place is None:
            marks[alerts] = False
        else:
            marks[alerts[self._kilometres(alerts, offer.place) > self.radius_km[alerts]]] = False

    def _kilometres(self, alerts: I64, point: Point) -> F64:
        where = self.places
        return kilometres(where.x[alerts], where.y[alerts], where.z[alerts], point)

    def _admitting(self, offer: OfferView) -> Mask:
        """Which combinations of forms and age classes let the offer in."""
        takes: Mask = self.forms == 0
        takes |= (self.forms >> np.uint64(offer.form) & np.uint64(1)).astype(np.bool_)
        takes &= offer.age_classes & self.age_classes != 0
        return takes

    def nbytes(self) -> int:
        """Bytes held."""
        flat = (self.admission, self.age_classes, self.alert, self.forms, self.limits, self.owner, self.prefix)
        more = (self.programme, self.unit, self.radius_km, self.stated)
        where = (self.places.x, self.places.y, self.places.z, self.places.known)
        return sum(a.nbytes for a in (*flat, *more, *where)) + self.buckets.nbytes() + self.ids.nbytes()


def _entries(columns: AlertColumns) -> tuple[I64, I64, I64, I64]:
    """(alert, programme or -1, first code of the prefix, codes in the prefix) for each pair that an alert stands for."""
    programmes, occupations = columns.programmes, columns.occupations
    wide = np.maximum(programmes.counts(), 1)
    deep = np.maximum(occupations.counts(), 1)
    pairs = wide * deep
    alert = np.repeat(np.arange(len(columns), dtype=np.int64), pairs)
    number = spans(np.zeros(len(columns), np.int64), pairs)
    programme = np.full(len(alert), _ANY_PROGRAMME, np.int64)
    stated = programmes.counts()[alert] > 0
    programme[stated] = programmes.values[(programmes.ptr[alert] + number // deep[alert])[stated]]
    prefix, unit = np.zeros(len(alert), np.int64), np.full(len(alert), _UNITS[0])
    stated = occupations.counts()[alert] > 0
    place = (occupations.ptr[alert] + number % deep[alert])[stated]
    unit[stated] = _UNITS[occupations.digits[place]]
    prefix[stated] = occupations.code[place] // unit[stated] * unit[stated]
    return alert, programme, prefix, unit
