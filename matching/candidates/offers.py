"""The offers' side of the index: find offers for a student."""

from __future__ import annotations

import numpy as np

from matching.candidates.buckets import Buckets
from matching.candidates.columns import UNKNOWN_PROGRAMME, OfferColumns
from matching.candidates.geo import cells, kilometres, places
from matching.candidates.ids import IdMap
from matching.candidates.interning import combine, combine_rows
from matching.candidates.occupations import NONE, digit_table
from matching.candidates.periods import FreePeriods
from matching.candidates.ragged import I64, Mask, Tokens
from matching.candidates.results import Suggestions, best
from matching.candidates.scoring import weigh
from matching.candidates.tokens import TokenIndex
from matching.candidates.views import OfferView, StudentView
from matching.candidates.weights import Weights


class OfferPart:
    """Immutable. A segment is one combination of everything that hard rules compare, except dates and distance."""

    __slots__ = (
        "age_classes",
        "buckets",
        "form",
        "free",
        "has_seats",
        "ids",
        "interests",
        "languages",
        "occupation",
        "periods",
        "places",
        "programme_list",
        "programmes",
        "remote",
        "segment",
        "skills",
    )

    def __init__(self, columns: OfferColumns) -> None:
        where = places(columns.lat, columns.lon)
        # A remote offer keeps its position for display but is never pruned by distance.
        where.known[columns.remote] &= False
        seated = np.zeros(len(columns), np.bool_)
        seated[columns.periods.rows_of_values()[columns.periods.seats > 0]] = True
        lists, list_examples = combine_rows(columns.programmes)
        segment, examples = combine(
            [
                columns.form * 16 + columns.age_classes,
                columns.languages.view(np.int64),
                lists,
                seated * 2 + where.known.astype(np.int64),
            ]
        )
        self.form = columns.form[examples]
        self.age_classes = columns.age_classes[examples]
        self.languages = columns.languages[examples]
        self.has_seats = seated[examples]
        self.programme_list = lists[examples]
        self.programmes = columns.programmes.take(list_examples)
        nowhere = np.full(len(columns), np.inf)
        self.buckets = Buckets(segment, len(examples), cells(columns.lat, columns.lon), where, nowhere, columns.id)
        order = self.buckets.order
        self.segment = segment[order].astype(np.int32)
        self.ids = IdMap(columns.id[order])
        self.places = where.take(order)
        self.remote = columns.remote[order]
        self.occupation = columns.occupation[order].astype(np.int32)
        self.skills = TokenIndex(columns.skills, order)
        self.interests = TokenIndex(columns.interests, order)
        self.periods = columns.periods.take(order)
        self.free = FreePeriods(columns.periods, order)

    def view(self, position: int) -> OfferView:
        """One offer."""
        segment = self.segment[position]
        listed = self.programmes.take(self.programme_list[segment : segment + 1])
        return OfferView(
            form=int(self.form[segment]),
            age_classes=int(self.age_classes[segment]),
            programmes=np.unique(listed.values),
            point=self.places.point(position),
            occupation=int(self.occupation[position]),
            skills=self.skills.row(position),
            interests=self.interests.row(position),
            periods=self.periods.take(np.array([position], np.int64)),
            languages=int(self.languages[segment]),
            remote=bool(self.remote[position]),
        )

    def best(self, student: StudentView, weights: Weights, k: int, gone: Mask | None) -> Suggestions:
        """The `k` best offers for a student; `gone` marks positions that no longer count."""
        positions = self.buckets.gather(self._segments(student), student.point, student.max_km)
        if gone is not None:
            positions = positions[~gone[positions]]
        km = np.full(len(positions), np.nan)
        if student.point is not None:
            where = self.places
            km = kilometres(where.x[positions], where.y[positions], where.z[positions], student.point)
            km[~where.known[positions]] = np.nan
            near = ~(km > student.max_km)
            positions, km = positions[near], km[near]
        share = self.free.shares(positions, student.availability)
        fits = np.flatnonzero(share >= weights.min_period_share)
        positions, km, share = positions[fits], km[fits], share[fits]
        table = digit_table(student.occupations)
        codes = self.occupation[positions]
        digits = table[np.where(codes < 0, NONE, codes)].astype(np.int64)
        parts = weigh(
            weights,
            skills=(self.skills.shared(positions, student.skills), _named(self.skills, positions)),
            digits=digits,
            interests=(self.interests.shared(positions, student.interests), _named(self.interests, positions)),
            km=km,
            remote=self.remote[positions],
            share=share,
        )
        top = best(parts.score, self.ids.ids, k, positions)
        rows = positions[top]
        period = self.free.periods(rows, student.availability)
        listed = self.periods.ptr[rows] + period
        return Suggestions(
            ids=self.ids.ids[rows],
            scores=parts.score[top],
            skills=parts.skills[top],
            occupation=parts.occupation[top],
            interests=parts.interests[top],
            distance=parts.distance[top],
            period=parts.period[top],
            km=km[top],
            shared_digits=digits[top],
            matched_skills=self.skills.which(rows, student.skills),
            matched_interests=self.interests.which(rows, student.interests),
            period_index=period,
            period_start=self.periods.start[listed],
            period_end=self.periods.end[listed],
            period_share=share[top],
        )

    def _segments(self, student: StudentView) -> I64:
        takes = self.has_seats & (np.uint64(student.forms) >> self.form.astype(np.uint64) & np.uint64(1)).astype(
            np.bool_
        )
        takes &= self.age_classes & student.age_classes != 0
        takes &= self.languages & ~np.uint64(student.languages) == 0
        accepts = self.programmes.counts() == 0
        accepts |= student.programme == UNKNOWN_PROGRAMME
        accepts[self.programmes.rows_of_values()[self.programmes.values == student.programme]] = True
        return np.flatnonzero(takes & accepts[self.programme_list]).astype(np.int64)

    def nbytes(self) -> int:
        """Bytes held."""
        flat = (self.age_classes, self.form, self.languages, self.has_seats, self.programme_list, self.segment)
        more = (self.remote, self.occupation, *_arrays(self.programmes), self.periods.ptr, self.periods.start)
        where = (self.places.x, self.places.y, self.places.z, self.places.known)
        parts = (self.buckets, self.free, self.ids, self.interests, self.skills)
        arrays = (*flat, *more, self.periods.end, self.periods.seats, *where)
        return sum(a.nbytes for a in arrays) + sum(part.nbytes() for part in parts)


def _named(tokens: TokenIndex, positions: I64) -> I64:
    return tokens.ptr[positions + 1] - tokens.ptr[positions]


def _arrays(tokens: Tokens) -> tuple[I64, I64]:
    return tokens.ptr, tokens.values
