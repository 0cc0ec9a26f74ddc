"""From what an offer says about students (a ranking, scores, nothing) to its priority of every listed choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat

import numpy as np

from matching.errors import DuplicateChoice, InvalidValue, Location, Problem, UnknownId
from matching.market import Int32Array, Int64Array

Ranking = Sequence[str | Sequence[str]]


@dataclass(slots=True)
class Rankings:
    """All rankings and scores of a market, flattened while they are given."""

    names: list[str] = field(default_factory=list)
    offer_of: list[int] = field(default_factory=list)
    """Per ranked offer, its index; parallel to ``lengths``."""
    lengths: list[int] = field(default_factory=list)
    ranks: list[Sequence[int]] = field(default_factory=list)
    scored: list[bool] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def add_ranking(self, offer: int, offer_id: str, ranking: Ranking) -> None:
        """Best first; an inner list is a tie."""
        if isinstance(ranking, str):
            self.problems.append(InvalidValue(Location("offer", offer_id), "ranking is a text, expected a list"))
            return
        before = len(self.names)
        if {str}.issuperset(map(type, ranking)):
            self.names.extend(ranking)  # type: ignore[arg-type]
            self.ranks.append(range(len(ranking)))
        else:
            ranks: list[int] = []
            for rank, entry in enumerate(ranking):
                tied = [entry] if isinstance(entry, str) else entry
                if not isinstance(tied, (list, tuple)) or not all(isinstance(name, str) for name in tied):
                    reason = f"{entry!r} is neither a student nor a list of students"
                    self.problems.append(InvalidValue(Location("offer", offer_id, rank), reason))
                    continue
                self.names.extend(tied)
                ranks.extend(repeat(rank, len(tied)))
            self.ranks.append(ranks)
        self._close(offer, before, scored=False)

    def add_scores(self, offer: int, offer_id: str, scores: Mapping[str, float]) -> None:
        """Higher is better, equal is a tie; who has no score is unacceptable."""
        before = len(self.names)
        self.names.extend(scores)
        try:
            values = [float(value) for value in scores.values()]
        except (TypeError, ValueError):
            values = [float("nan")] * len(scores)
        if any(value != value for value in values):
            self.problems.append(InvalidValue(Location("offer", offer_id), "a score is not a number"))
        self.values.extend(values)
        self.ranks.append(range(len(scores)))
        self._close(offer, before, scored=True)

    def _close(self, offer: int, before: int, *, scored: bool) -> None:
        self.offer_of.append(offer)
        self.lengths.append(len(self.names) - before)
        self.scored.append(scored)

    def priorities(
        self,
        edge_students: Int32Array,
        edge_offers: Int32Array,
        student_index: Mapping[str, int],
        offer_ids: Sequence[str],
        problems: list[Problem],
    ) -> Int32Array:
        """Priority of each listed choice, int32 like ``edge_students``: -1 where the offer leaves the student out.

        ``edge_offers`` may hold -1 (nothing), which gives -1. Both sides are sorted once by offer and student and
        merged: O(L log L) in the number of listed names.
        """
        problems.extend(self.problems)
        entries = len(self.names)
        students = np.fromiter(map(student_index.get, self.names, repeat(-1)), np.int64, entries)
        offers = np.repeat(np.asarray(self.offer_of, dtype=np.int64), self.lengths)
        ranks = np.fromiter(chain.from_iterable(self.ranks), np.int64, entries)
        starts = np.concatenate(([0], np.cumsum(self.lengths, dtype=np.int64)))
        self._unknown(students, offers, starts, offer_ids, problems)
        if any(self.scored):
            self._rank_scores(ranks, offers, starts)
        result = np.where(edge_offers < 0, np.int32(-1), np.int32(0))
        ranked = np.zeros(max(len(offer_ids), 1), dtype=np.bool_)
        ranked[self.offer_of] = True
        asked = np.flatnonzero(ranked[edge_offers] & (edge_offers >= 0))
        if len(asked) == 0 and entries == 0:
            return result
        width = np.int64(max(len(student_index), 1))
        keys = offers * width + students
        # an unknown name would share its key with the last student of the offer before
        known = np.flatnonzero(students >= 0)
        order = known[np.argsort(keys[known])]
        keys = keys[order]
        self._repeated(keys, order, offers, starts, offer_ids, problems)
        wanted = edge_offers[asked].astype(np.int64) * width + edge_students[asked]
        by_key = np.argsort(wanted)
        wanted = wanted[by_key]
        at = np.searchsorted(keys, wanted)
        at[at == len(keys)] = 0
        found = keys[at] == wanted if len(keys) else np.zeros(len(wanted), dtype=np.bool_)
        priority = np.full(len(wanted), -1, dtype=np.int32)
        priority[found] = ranks[order[at[found]]]
        result[asked[by_key]] = priority
        return result

    def _where(self, entry: int, offers: Int64Array, starts: Int64Array, offer_ids: Sequence[str]) -> Location:
        block = int(np.searchsorted(starts, entry, side="right")) - 1
        return Location("offer", offer_ids[int(offers[entry])], entry - int(starts[block]))

    def _unknown(
        self,
        students: Int64Array,
        offers: Int64Array,
        starts: Int64Array,
        offer_ids: Sequence[str],
        problems: list[Problem],
    ) -> None:
        for entry in np.flatnonzero(students < 0):
            where = self._where(int(entry), offers, starts, offer_ids)
            problems.append(UnknownId(where, "student", self.names[int(entry)]))

    def _repeated(
        self,
        keys: Int64Array,
        order: Int64Array,
        offers: Int64Array,
        starts: Int64Array,
        offer_ids: Sequence[str],
        problems: list[Problem],
    ) -> None:
        same = np.flatnonzero(keys[1:] == keys[:-1])
        if len(same) == 0:
            return
        # the key leaves the order inside equal keys open; the later of the two places is the one to correct
        for entry in sorted({max(int(order[i]), int(order[i + 1])) for i in same}):
            where = self._where(entry, offers, starts, offer_ids)
            problems.append(DuplicateChoice(where, self.names[entry]))

    def _rank_scores(self, ranks: Int64Array, offers: Int64Array, starts: Int64Array) -> None:
        mask = np.repeat(np.asarray(self.scored, dtype=np.bool_), self.lengths)
        entries = np.flatnonzero(mask)
        if len(entries) == 0:
            return
        values = -np.asarray(self.values, dtype=np.float64)
        block = offers[entries]
        order = np.lexsort((values, block))
        first = np.empty(len(order), dtype=np.bool_)
        first[0] = True
        first[1:] = block[order[1:]] != block[order[:-1]]
        step = first.copy()
        step[1:] |= values[order[1:]] != values[order[:-1]]
        dense = np.cumsum(step, dtype=np.int64)
        dense -= np.maximum.accumulate(np.where(first, dense, 0))
        ranks[entries[order]] = dense
