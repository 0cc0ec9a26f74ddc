"""The adapter to `matching`: one candidate index per process, built from PostgreSQL and kept fresh by domain events.

Every change that matters to a candidate leaves a domain event in the transaction of the change. Before each question the
index reads the events it has not seen and reloads just those rows. Events are read again for OVERLAP behind the newest
one, because a transaction may commit after another that started later. An index that is old or carries many changes is
built anew.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from backend.common import clock
from backend.common.models import DomainEvent
from backend.offers.models import OfferPeriod
from backend.students.models import Alert
from backend.suggestions.columns import Vocabulary, read_alerts, read_offers, read_students
from backend.suggestions.work_verdicts import keep_allowed_alerts, keep_allowed_offers, keep_allowed_students
from matching import CandidateIndex
from matching.candidates import (
    AlertColumns,
    AlertRow,
    OfferColumns,
    OfferRow,
    StudentColumns,
    StudentRow,
    Suggestion,
    UnknownIdError,
)

OVERLAP = timedelta(minutes=2)
MAX_AGE = timedelta(hours=1)
MAX_OVERLAY = 5_000
SUBJECTS = ("offer", "offerperiod", "student", "alert", "application", "match", "placement")


@dataclass(frozen=True)
class Candidate:
    """One pair from the index. parts: weighted fit by name; skills: tokens both name; days as dates' ordinals."""

    id: int
    score: float
    parts: dict[str, float]
    km: float | None
    shared_digits: int
    skills: tuple[int, ...]
    period_start: int
    period_end: int


@dataclass(frozen=True)
class AlertCandidate:
    id: int
    student_id: int


class Engine:
    """Answers both ways from memory. Safe from several threads: questions read one immutable index."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._index: CandidateIndex | None = None
        self._vocabulary = Vocabulary(clock.today())
        self._built_at: datetime | None = None
        self._newest: datetime | None = None
        self._seen: set[UUID] = set()

    def students_for(self, offer_id: int, limit: int = 200) -> list[Candidate]:
        """The best students for a published offer, best first. Empty for an offer that is not open."""
        index = self._fresh()
        return _allowed(
            lambda most: index.students_for(offer_id, k=most), partial(keep_allowed_students, offer_id), limit
        )

    def offers_for(self, student_id: int, limit: int = 50) -> list[Candidate]:
        """The best open offers for a student, best first. Empty for a student who may not be suggested."""
        index = self._fresh()
        return _allowed(
            lambda most: index.offers_for(student_id, k=most), partial(keep_allowed_offers, student_id), limit
        )

    def alerts_for(self, offer_id: int) -> list[AlertCandidate]:
        """Alerts whose form, occupation and circle the offer answers. Their words are checked by the caller."""
        index = self._fresh()
        try:
            found = [AlertCandidate(row.id, row.owner) for row in index.alerts_for(offer_id)]
        except UnknownIdError:
            return []
        return keep_allowed_alerts(offer_id, found)

    def _fresh(self) -> CandidateIndex:
        with self._lock:
            moment = clock.now()
            index = self._index
            if (
                index is None
                or self._built_at is None
                or not timedelta() <= moment - self._built_at <= MAX_AGE
                or self._vocabulary.on != clock.today()
                or index.overlay_size > MAX_OVERLAY
            ):
                index = self._build(moment)
            else:
                index = self._apply(self._unseen(), index)
            self._index = index
            return index

    def _build(self, moment: datetime) -> CandidateIndex:
        # The mark is taken before the rows are read: what is committed in between is read twice, never missed.
        self._newest, self._seen, self._built_at = moment, set(), moment
        self._vocabulary = Vocabulary(clock.today())
        return CandidateIndex.build(
            students=_students(read_students(self._vocabulary)),
            offers=_offers(read_offers(self._vocabulary)),
            alerts=_alerts(read_alerts(self._vocabulary)),
        )

    def _unseen(self) -> list[DomainEvent]:
        assert self._newest is not None
        recent = DomainEvent.objects.filter(at__gte=self._newest - OVERLAP, subject_type__in=SUBJECTS)
        unseen = [event for event in recent.order_by("at") if event.pk not in self._seen]
        if unseen:
            self._newest = max(self._newest, unseen[-1].at)
        self._seen.update(event.pk for event in unseen)
        return unseen

    def _apply(self, unseen: list[DomainEvent], index: CandidateIndex) -> CandidateIndex:
        if not unseen:
            return index
        changed: dict[str, set[int]] = {}
        for event in unseen:
            changed.setdefault(event.subject_type, set()).add(event.subject_id)
        offers = changed.get("offer", set()) | _offers_of(changed)
        students = changed.get("student", set())
        # An alert answers for the age class of its owner.
        alerts = changed.get("alert", set()) | set(
            Alert.objects.filter(student__in=students).values_list("pk", flat=True)
        )
        offer_rows = read_offers(self._vocabulary, offers) if offers else []
        student_rows = read_students(self._vocabulary, students) if students else []
        alert_rows = read_alerts(self._vocabulary, alerts) if alerts else []
        return index.with_changes(
            upsert_offers=_offers(offer_rows),
            remove_offers=sorted(offers - {row["id"] for row in offer_rows}),
            upsert_students=_students(student_rows),
            remove_students=sorted(students - {row["id"] for row in student_rows}),
            upsert_alerts=_alerts(alert_rows),
            remove_alerts=sorted(alerts - {row["id"] for row in alert_rows}),
        )


def _allowed(
    find: Callable[[int], Iterable[Suggestion]], keep: Callable[[list[Candidate]], list[Candidate]], limit: int
) -> list[Candidate]:
    """The best `limit` whose work is allowed. Where the index's best are too few after that, it is asked for more."""
    most = limit
    while True:
        try:
            found = [_candidate(row) for row in find(most)]
        except UnknownIdError:
            return []
        kept = keep(found)
        if len(kept) >= limit or len(found) < most:
            return kept[:limit]
        most *= 4


def _offers_of(changed: dict[str, set[int]]) -> set[int]:
    """Offers whose free seats may have changed: seats, applications and matches all hang on a period."""
    periods = OfferPeriod.objects.none()
    for subject, lookup in (("offerperiod", "pk"), ("application", "applications"), ("match", "matches")):
        if ids := changed.get(subject):
            periods = periods | OfferPeriod.objects.filter(**{f"{lookup}__in": ids})
    return set(periods.values_list("offer_id", flat=True))


def _students(rows: list[dict[str, Any]]) -> StudentColumns:
    return StudentColumns.from_rows(StudentRow(**row) for row in rows)


def _offers(rows: list[dict[str, Any]]) -> OfferColumns:
    return OfferColumns.from_rows(OfferRow(**row) for row in rows)


def _alerts(rows: list[dict[str, Any]]) -> AlertColumns:
    return AlertColumns.from_rows(AlertRow(**row) for row in rows)


def _candidate(row: Suggestion) -> Candidate:
    return Candidate(
        id=row.id,
        score=row.score,
        parts=row.parts,
        km=row.km,
        shared_digits=row.shared_digits,
        skills=row.skills,
        period_start=row.period_start,
        period_end=row.period_end,
    )


_engine: Engine | None = None


def get_engine() -> Engine:
    """This process's engine; its index is built at the first question."""
    global _engine
    if _engine is None:
        _engine = Engine()
    return _engine


def forget() -> None:
    """Drops the index of this process; the next question builds it anew from PostgreSQL."""
    global _engine
    _engine = None
