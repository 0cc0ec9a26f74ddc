"""The students' side of the index: find students for an offer."""

from __future__ import annotations

import numpy as np

from matching.candidates.buckets import Buckets
from matching.candidates.columns import UNKNOWN_PROGRAMME, StudentColumns
from matching.candidates.geo import cells, kilometres, places
from matching.candidates.ids import IdMap
from matching.candidates.interning import combine
from matching.candidates.occupations import WishedOccupations
from matching.candidates.periods import Calendars
from matching.candidates.ragged import F64, I64, Mask
from matching.candidates.results import Suggestions, best
from matching.candidates.scoring import Parts, weigh
from matching.candidates.tokens import TokenIndex
from matching.candidates.views import OfferView, StudentView
from matching.candidates.weights import Weights


class StudentPart:
    """Immutable. A segment is one combination of programme, forms, age class and whether a distance limit applies."""

    __slots__ = (
        "age_classes",
        "all_known",
        "buckets",
        "calendars",
        "forms",
        "ids",
        "interests",
        "languages",
        "max_km",
        "occupations",
        "places",
        "programme",
        "segment",
        "skills",
    )

    def __init__(self, columns: StudentColumns) -> None:
        where = places(columns.lat, columns.lon)
        # Students without a limit stand apart: mixed in, they would keep every bucket from being pruned.
        limited = (where.known & np.isfinite(columns.max_km)).astype(np.int64)
        segment, examples = combine(
            # Forms first: the segments that take a form then lie close together, and so do their students.
            [columns.forms.view(np.int64), columns.programme, columns.age_classes * 2 + limited],
        )
        self.programme = columns.programme[examples]
        self.forms = columns.forms[examples]
        self.age_classes = columns.age_classes[examples]
        limit = np.where(where.known, columns.max_km, np.inf)
        self.buckets = Buckets(segment, len(examples), cells(columns.lat, columns.lon), where, limit, columns.id)
        order = self.buckets.order
        self.segment = segment[order].astype(np.int32)
        self.ids = IdMap(columns.id[order])
        self.places = where.take(order)
        self.all_known = bool(where.known.all())
        self.max_km = columns.max_km[order]
        self.languages = columns.languages[order]
        self.calendars = Calendars(columns.availability, order)
        self.occupations = WishedOccupations(columns.occupations, order)
        self.skills = TokenIndex(columns.skills, order)
        self.interests = TokenIndex(columns.interests, order)

    def view(self, position: int) -> StudentView:
        """One student."""
        segment = self.segment[position]
        return StudentView(
            forms=int(self.forms[segment]),
            age_classes=int(self.age_classes[segment]),
            programme=int(self.programme[segment]),
            point=self.places.point(position),
            max_km=float(self.max_km[position]),
            availability=self.calendars.row(position),
            occupations=self.occupations.tokens.row(position),
            skills=self.skills.row(position),
            interests=self.interests.row(position),
            languages=int(self.languages[position]),
        )

    def best(self, offer: OfferView, weights: Weights, k: int, gone: Mask | None) -> Suggestions:
        """The `k` best students for an offer; `gone` marks positions that no longer count."""
        free = np.flatnonzero(offer.periods.seats > 0)
        dates = self.calendars.query(offer.periods.start[free], offer.periods.end[free], weights.min_period_share)
        segments = self._segments(offer) if len(free) else np.zeros(0, np.int64)
        positions = self.buckets.gather(segments, offer.place, np.inf)
        if gone is not None:
            positions = positions.take(np.flatnonzero(~gone.take(positions)))
        positions = dates.possible(positions)
        if offer.languages:
            needed = np.uint64(offer.languages)
            positions = positions.take(np.flatnonzero(self.languages.take(positions) & needed == needed))
        positions, km = self._within_reach(positions, offer)
        fits, share = dates.fitting(positions)
        positions, km = positions.take(fits), km.take(fits)
        digits = self.occupations.closest(positions, offer.occupation)
        skills = self.skills.shared(positions, offer.skills)
        interests = self.interests.shared(positions, offer.interests)

        def parts(rows: I64 | slice) -> Parts:
            return weigh(
                weights,
                skills=(skills[rows], len(offer.skills)),
                digits=digits[rows],
                interests=(interests[rows], len(offer.interests)),
                km=km[rows],
                remote=offer.remote,
                share=share[rows],
            )

        top = best(parts(slice(None)).score, self.ids.ids, k, positions)
        rows = positions[top]
        chosen = free[dates.periods(rows)]
        kept = parts(top)
        return Suggestions(
            ids=self.ids.ids[rows],
            scores=kept.score,
            skills=kept.skills,
            occupation=kept.occupation,
            interests=kept.interests,
            distance=kept.distance,
            period=kept.period,
            km=km[top],
            shared_digits=digits[top],
            matched_skills=self.skills.which(rows, offer.skills),
            matched_interests=self.interests.which(rows, offer.interests),
            period_index=chosen,
            period_start=offer.periods.start[chosen],
            period_end=offer.periods.end[chosen],
            period_share=share[top],
        )

    def _segments(self, offer: OfferView) -> I64:
        takes = (self.forms >> np.uint64(offer.form) & np.uint64(1)).astype(np.bool_)
        takes &= offer.age_classes & self.age_classes != 0
        if len(offer.programmes):
            takes &= np.isin(self.programme, (UNKNOWN_PROGRAMME, *offer.programmes))
        return np.flatnonzero(takes).astype(np.int64)

    def _within_reach(self, positions: I64, offer: OfferView) -> tuple[I64, F64]:
        """The positions near enough, and their kilometres."""
        point = offer.place
        if point is None:
            return positions, np.full(len(positions), np.nan)
        where = self.places
        km = kilometres(where.x.take(positions), where.y.take(positions), where.z.take(positions), point)
        if not self.all_known:
            km[~where.known.take(positions)] = np.nan
        # Written so that NaN passes: an unknown position is no reason to rule anyone out.
        near = np.flatnonzero(~(km > self.max_km.take(positions)))
        return positions.take(near), km.take(near)

    def nbytes(self) -> int:
        """Bytes held."""
        flat = (self.age_classes, self.forms, self.programme, self.segment, self.max_km, self.languages)
        where = (self.places.x, self.places.y, self.places.z, self.places.known)
        parts = (self.buckets, self.calendars, self.ids, self.interests, self.occupations.tokens, self.skills)
        return sum(a.nbytes for a in flat) + sum(a.nbytes for a in where) + sum(part.nbytes() for part in parts)
