"""The candidate index: an immutable snapshot of students, offers and alerts with a small overlay of changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar

import numpy as np

from matching.candidates.alerts import AlertPart
from matching.candidates.columns import AlertColumns, Columns, OfferColumns, StudentColumns
from matching.candidates.errors import CandidateError, UnknownIdError
from matching.candidates.ids import IdMap
from matching.candidates.offers import OfferPart
from matching.candidates.ragged import I64, Mask, as_int64
from matching.candidates.reasons import Reason
from matching.candidates.results import AlertHits, Suggestions
from matching.candidates.students import StudentPart
from matching.candidates.views import OfferView, StudentView, why_not
from matching.candidates.weights import Weights


class _Part(Protocol):
    @property
    def ids(self) -> IdMap: ...

    def nbytes(self) -> int: ...


P = TypeVar("P", bound=_Part)
C = TypeVar("C", bound=Columns)


@dataclass(frozen=True, eq=False, slots=True)
class _Layers(Generic[P, C]):
    """A large part that never changes, marks on its rows that are gone, and a small part with what came instead."""

    make: Callable[[C], P]
    base: P
    gone: Mask | None
    changes: C
    overlay: P

    @classmethod
    def of(cls, make: Callable[[C], P], columns: C) -> _Layers[P, C]:
        nothing = columns.take(np.zeros(0, np.int64))
        return cls(make, make(columns), None, nothing, make(nothing))

    def changed(self, upsert: C | None, remove: I64, name: str) -> _Layers[P, C]:
        if upsert is None:
            if len(remove) == 0:
                return self
            upsert = self.changes.take(np.zeros(0, np.int64))
        if bool(np.isin(upsert.id, remove).any()):
            raise CandidateError(f"{name}: the same id is both upserted and removed")
        touched = np.concatenate([upsert.id, remove])
        gone = np.zeros(len(self.base.ids.ids), np.bool_) if self.gone is None else self.gone.copy()
        gone[self.base.ids.positions(touched)] = True
        kept = np.flatnonzero(~np.isin(self.changes.id, touched))
        changes = type(upsert).concat([self.changes.take(kept), upsert])
        return _Layers(self.make, self.base, gone, changes, self.make(changes))

    def find(self, wanted: int) -> tuple[P, int] | None:
        position = self.overlay.ids.find(wanted)
        if position is not None:
            return self.overlay, position
        position = self.base.ids.find(wanted)
        if position is None or (self.gone is not None and self.gone[position]):
            return None
        return self.base, position

    def parts(self) -> list[tuple[P, Mask | None]]:
        if len(self.changes) == 0:
            return [(self.base, self.gone)]
        return [(self.base, self.gone), (self.overlay, None)]

    def __len__(self) -> int:
        gone = 0 if self.gone is None else int(self.gone.sum())
        return len(self.base.ids.ids) - gone + len(self.changes)

    def nbytes(self) -> int:
        return self.base.nbytes() + self.overlay.nbytes() + (0 if self.gone is None else self.gone.nbytes)


@dataclass(frozen=True, eq=False, slots=True)
class CandidateIndex:
    """Immutable; every method may be called from several threads. Build with `build`, change with `with_changes`."""

    _students: _Layers[StudentPart, StudentColumns]
    _offers: _Layers[OfferPart, OfferColumns]
    _alerts: _Layers[AlertPart, AlertColumns]
    weights: Weights

    @classmethod
    def build(
        cls,
        *,
        students: StudentColumns | None = None,
        offers: OfferColumns | None = None,
        alerts: AlertColumns | None = None,
        weights: Weights | None = None,
    ) -> Self:
        """Build the snapshot; a block left out is empty. A million students take seconds.

        Raises CandidateError where columns do not fit together (they check themselves when made).
        """
        return cls(
            _Layers.of(StudentPart, StudentColumns.from_rows([]) if students is None else students),
            _Layers.of(OfferPart, OfferColumns.from_rows([]) if offers is None else offers),
            _Layers.of(AlertPart, AlertColumns.from_rows([]) if alerts is None else alerts),
            Weights() if weights is None else weights,
        )

    def with_changes(
        self,
        *,
        upsert_students: StudentColumns | None = None,
        remove_students: Iterable[int] = (),
        upsert_offers: OfferColumns | None = None,
        remove_offers: Iterable[int] = (),
        upsert_alerts: AlertColumns | None = None,
        remove_alerts: Iterable[int] = (),
    ) -> Self:
        """A new index with rows added, replaced (same id) or removed; ids to remove that are absent are ignored.

        Answers equal those of a rebuild. The cost grows with `overlay_size`: rebuild when it reaches some per cent of the
        snapshot. Raises CandidateError when one id is both upserted and removed.
        """
        return type(self)(
            self._students.changed(upsert_students, _removed(remove_students), "students"),
            self._offers.changed(upsert_offers, _removed(remove_offers), "offers"),
            self._alerts.changed(upsert_alerts, _removed(remove_alerts), "alerts"),
            self.weights,
        )

    def students_for(self, offer_id: int, k: int = 200) -> Suggestions:
        """The `k` best students whom no hard rule keeps from the offer. Raises UnknownIdError."""
        offer = self._offer(offer_id)
        _check_count(k)
        found = [part.best(offer, self.weights, k, gone) for part, gone in self._students.parts()]
        return Suggestions.merged(found, k)

    def offers_for(self, student_id: int, k: int = 50) -> Suggestions:
        """The `k` best offers that no hard rule keeps from the student. Raises UnknownIdError."""
        student = self._student(student_id)
        _check_count(k)
        found = [part.best(student, self.weights, k, gone) for part, gone in self._offers.parts()]
        return Suggestions.merged(found, k)

    def alerts_for(self, offer_id: int) -> AlertHits:
        """Every alert that the offer answers; none while it has no free seat. Raises UnknownIdError."""
        offer = self._offer(offer_id)
        found = [part.hits(offer, gone) for part, gone in self._alerts.parts()]
        return AlertHits.merged(found, sum(len(hits) for hits in found))

    def why_not(self, student_id: int, offer_id: int) -> list[Reason]:
        """All hard rules that keep the two apart, empty where they may meet. Raises UnknownIdError."""
        return why_not(self._student(student_id), self._offer(offer_id), self.weights)

    @property
    def sizes(self) -> dict[str, int]:
        """Rows that count, by block."""
        return {"students": len(self._students), "offers": len(self._offers), "alerts": len(self._alerts)}

    @property
    def overlay_size(self) -> int:
        """Rows kept beside the snapshot; grows with changes until the index is rebuilt."""
        return len(self._students.changes) + len(self._offers.changes) + len(self._alerts.changes)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays held."""
        return self._students.nbytes() + self._offers.nbytes() + self._alerts.nbytes()

    def _student(self, student_id: int) -> StudentView:
        found = self._students.find(student_id)
        if found is None:
            raise UnknownIdError(f"student {student_id}")
        return found[0].view(found[1])

    def _offer(self, offer_id: int) -> OfferView:
        found = self._offers.find(offer_id)
        if found is None:
            raise UnknownIdError(f"offer {offer_id}")
        return found[0].view(found[1])


def _removed(ids: Iterable[int]) -> I64:
    return as_int64(np.array(list(ids), dtype=np.int64), "remove")


def _check_count(k: int) -> None:
    if k < 0:
        raise CandidateError("k must be 0 or more")
