"""Saved searches: find the alerts that an offer answers."""

from __future__ import annotations

import numpy as np

from matching.candidates.buckets import Buckets
from matching.candidates.columns import AlertColumns
from matching.candidates.geo import Places, cells, kilometres, places
from matching.candidates.ids import IdMap
from matching.candidates.interning import combine
from matching.candidates.ragged import I64, Mask, spans
from matching.candidates.results import AlertHits, best
from matching.candidates.views import OfferView

_ANY_PROGRAMME = -1
_UNITS = np.array([10_000, 1000, 100, 10, 1], np.int64)


class AlertPart:
    """Immutable. Each alert stands once per pair of (programme or any, occupation prefix or any).

    These pairs, with the map cell of the centre, are the composite tokens: an offer looks up only the pairs that it can
    answer, in cells near enough; forms, age and distance are then checked exactly.
    """

    __slots__ = (
        "age_class",
        "alert",
        "buckets",
        "forms",
        "ids",
        "limited",
        "owner",
        "places",
        "prefix",
        "programme",
        "radius_km",
        "states_occupation",
        "states_programme",
        "unit",
    )

    def __init__(self, columns: AlertColumns) -> None:
        self.ids = IdMap(columns.id)
        self.owner = columns.owner
        self.forms = columns.forms
        self.age_class = columns.age_class.astype(np.int8)
        self.radius_km = columns.radius_km
        self.limited = np.isfinite(columns.radius_km)
        self.states_programme = columns.programmes.counts() > 0
        self.states_occupation = columns.occupations.counts() > 0
        where = places(columns.lat, columns.lon)
        # An unlimited alert has no place of its own, whatever its centre.
        self.places = Places(where.x, where.y, where.z, self.limited)
        alert, programme, prefix, unit = _entries(columns)
        segment, examples = combine(
            [programme, prefix * 8 + np.searchsorted(-_UNITS, -unit), self.limited[alert].astype(np.int64)]
        )
        self.programme, self.prefix, self.unit = programme[examples], prefix[examples], unit[examples]
        cell = cells(columns.lat, columns.lon)[alert]
        self.buckets = Buckets(segment, len(examples), cell, self.places.take(alert), columns.radius_km[alert], alert)
        self.alert = alert[self.buckets.order].astype(np.int32)

    def hits(self, offer: OfferView, gone: Mask | None) -> AlertHits:
        """Every alert that the offer answers; `gone` marks positions that no longer count."""
        alerts = self._candidates(offer)
        if gone is not None:
            alerts = alerts[~gone[alerts]]
        forms = self.forms[alerts]
        wanted = (forms == 0) | (forms >> np.uint64(offer.form) & np.uint64(1)).astype(np.bool_)
        age = self.age_class[alerts]
        wanted &= (age < 0) | (offer.age_classes >> np.maximum(age, 0) & 1).astype(np.bool_)
        alerts = alerts[wanted]
        limited = self.limited[alerts]
        km = np.full(len(alerts), np.nan)
        if not offer.remote:
            if offer.point is None:
                alerts, km = alerts[~limited], km[~limited]
            else:
                where = self.places
                km = kilometres(where.x[alerts], where.y[alerts], where.z[alerts], offer.point)
                km[~limited] = np.nan
                near = ~(km > self.radius_km[alerts])
                alerts, km = alerts[near], km[near]
        # An alert naming several of the offer's programmes, or nested prefixes, is found once for each of them.
        alerts, first = np.unique(alerts, return_index=True)
        km = km[first]
        form, distance = self.forms[alerts] != 0, self.limited[alerts]
        programme, occupation = self.states_programme[alerts], self.states_occupation[alerts]
        score = form.astype(np.float64) + programme + occupation + distance
        ids = self.ids.ids[alerts]
        top = best(score, ids, len(ids))
        hits = AlertHits(ids, score, self.owner[alerts], form, programme, occupation, distance, km)
        return hits.take(top)

    def _candidates(self, offer: OfferView) -> I64:
        if not (offer.periods.seats > 0).any():
            return np.zeros(0, np.int64)
        answers = np.ones(len(self.programme), np.bool_)
        if len(offer.programmes):
            answers = (self.programme == _ANY_PROGRAMME) | np.isin(self.programme, offer.programmes)
        reach = offer.occupation // self.unit * self.unit == self.prefix
        answers &= (self.unit == _UNITS[0]) | (reach if offer.occupation >= 0 else False)
        segments = np.flatnonzero(answers).astype(np.int64)
        return self.alert[self.buckets.gather(segments, offer.place, np.inf)].astype(np.int64)

    def nbytes(self) -> int:
        """Bytes held."""
        flat = (
            self.age_class,
            self.alert,
            self.forms,
            self.limited,
            self.owner,
            self.prefix,
            self.programme,
            self.unit,
        )
        more = (self.radius_km, self.states_occupation, self.states_programme)
        where = (self.places.x, self.places.y, self.places.z)
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
