"""Carries out a run: freeze the round, compute, store. Killed at any instant, it starts again and ends the same.

The row decides: a worker claims it with a lease, reports progress under its token, and stores everything in the one
transaction that also says done. A worker whose lease was taken over, or whose run was cancelled, finds its token gone
and leaves nothing behind.
"""

import logging
import uuid
import zlib
from datetime import timedelta
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction
from django.db.models import F

from backend.common import clock
from backend.common.clock import DbNow
from backend.common.transitions import log
from backend.placements.enums import MatchState, PlacementState
from backend.reference.enums import AgeClass
from backend.rounds.eligibility import WorkRules, is_standing
from backend.rounds.engine import MatchingError, Proposal, compute, failure_of
from backend.rounds.enums import RUN_WAITING, Method, RoundState, RunFailure, RunState
from backend.rounds.models import RoundSeat, Run
from backend.rounds.snapshot import Ints, Snapshot, digest_of

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=90)
MOST_ATTEMPTS = 5
EARTH_KM = 6371.0088


class Stopped(Exception):
    """The run was cancelled, or another worker has it now."""


def run_once(run_id: int) -> bool:
    """Carries out a waiting run. False when somebody else has it, it was cancelled, or it failed for good."""
    token = uuid.uuid4()
    claimed = Run.objects.filter(pk=run_id, state__in=RUN_WAITING).update(
        state=RunState.WORKING,
        lease_token=token,
        lease_until=DbNow() + LEASE,
        queued_until=None,
        attempts=F("attempts") + 1,
        progress=0,
    )
    if not claimed:
        return False
    try:
        snapshot = _frozen(run_id, token)
        proposal = compute(snapshot, lambda percent: _report(run_id, token, percent))
        _store(run_id, token, snapshot, proposal)
    except Stopped:
        return False
    except MatchingError as error:
        _fail(run_id, token, failure_of(error), [str(problem) for problem in getattr(error, "problems", [])][:20])
        return False
    return True


def sweep() -> int:
    """Runs whose worker is gone wait again; after MOST_ATTEMPTS they have failed. Returns how many were moved."""
    lost = Run.objects.filter(state=RunState.WORKING, lease_until__lt=DbNow())
    given_up = lost.filter(attempts__gte=MOST_ATTEMPTS).update(
        state=RunState.FAILED, error=RunFailure.WORKER_LOST, lease_token=None, lease_until=None, finished_at=DbNow()
    )
    again = lost.filter(attempts__lt=MOST_ATTEMPTS).update(
        state=RunState.PENDING, lease_token=None, lease_until=None, due_at=DbNow()
    )
    return given_up + again


def _report(run_id: int, token: uuid.UUID, percent: int) -> None:
    mine = Run.objects.filter(pk=run_id, lease_token=token, state=RunState.WORKING)
    if not mine.update(progress=percent, lease_until=DbNow() + LEASE):
        raise Stopped


def _fail(run_id: int, token: uuid.UUID, error: RunFailure, problems: list[str]) -> None:
    logger.warning("run %d failed: %s", run_id, error)
    Run.objects.filter(pk=run_id, lease_token=token).update(
        state=RunState.FAILED, error=error, problems=problems, lease_token=None, lease_until=None, finished_at=DbNow()
    )


def _frozen(run_id: int, token: uuid.UUID) -> Snapshot:
    """The snapshot of the run; taken and stored at the first attempt, read at every later one."""
    run = Run.objects.select_related("round").get(pk=run_id)
    if run.snapshot:
        return Snapshot.from_json(zlib.decompress(bytes(run.snapshot)))
    with transaction.atomic():
        snapshot = take_snapshot(run)
    text = snapshot.to_json()
    mine = Run.objects.filter(pk=run_id, lease_token=token, state=RunState.WORKING)
    if not mine.update(snapshot=zlib.compress(text, 1), digest=digest_of(text), progress=10):
        raise Stopped
    return snapshot


def take_snapshot(run: Run) -> Snapshot:
    """The round as it stands, in arrays. A constant number of queries; order of rows in the database does not matter."""
    the_round = run.round
    seats = list(
        RoundSeat.objects.filter(round=the_round)
        .select_related("period__offer__workplace", "period__offer__form")
        .order_by("pk")
    )
    people = _people(run)
    ids = np.array([row[0] for row in people], dtype=np.int64)
    seat_ids = np.array([seat.pk for seat in seats], dtype=np.int64)
    snapshot = Snapshot(method=Method(run.method), seed=run.seed)
    snapshot.participants, snapshot.seats = ids.tolist(), seat_ids.tolist()
    snapshot.visible = np.array([not row[2] for row in people], dtype=np.int32)
    snapshot.schools, snapshot.school = _labels([row[3] for row in people])
    snapshot.groups, snapshot.group = _labels([row[4] for row in people])
    snapshot.sexes, snapshot.sex = _labels([row[5] for row in people])
    snapshot.capacity = np.array(
        [0 if seat.is_excluded or not is_standing(seat) else seat.seats for seat in seats], dtype=np.int32
    )
    snapshot.minimum = np.array([seat.minimum for seat in seats], dtype=np.int32)
    snapshot.regions, snapshot.region = _labels([seat.period.offer.workplace.municipality_id or "" for seat in seats])
    caps = dict(the_round.region_caps.values_list("municipality", "cap"))
    snapshot.region_caps = [caps.get(code, -1) for code in snapshot.regions]
    _add_reserves(snapshot, run)
    _add_wishes(snapshot, run, people, seats, ids, seat_ids)
    index = {pk: i for i, pk in enumerate(snapshot.participants)}
    at = {pk: i for i, pk in enumerate(snapshot.seats)}
    snapshot.pairs = sorted(
        [index[a], index[b]] for a, b in the_round.pairs.values_list("first", "second") if a in index and b in index
    )
    locks = RoundSeat.objects.filter(round=the_round, locks__isnull=False).values_list("locks__participant", "pk")
    snapshot.locks = sorted([index[who], at[pk]] for who, pk in locks if who in index and snapshot.capacity[at[pk]] > 0)
    return snapshot


PEOPLE = """
SELECT p.id, p.priority, s.is_protected, s.school, p."group", p.sex, s.lat, s.lon, s.birth_date,
       s.has_finished_compulsory_school
FROM rounds_participant p JOIN students_student s ON s.id = p.student_id
WHERE p.round_id = %s AND p.is_live
  AND NOT EXISTS (SELECT 1 FROM placements_match m WHERE m.student_id = s.id AND m.state = %s
                  AND m.start <= p."end" AND m."end" >= p.start)
  AND NOT EXISTS (SELECT 1 FROM placements_placement l WHERE l.student_id = s.id AND l.state IN (%s, %s)
                  AND l.start <= p."end" AND l."end" >= p.start)
ORDER BY p.id
"""


def _people(run: Run) -> list[tuple[Any, ...]]:
    """Those who take part, without whoever has a place in the weeks already."""
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, [run.round_id, MatchState.PROPOSED, PlacementState.UPCOMING, PlacementState.ONGOING])
        return cast("list[tuple[Any, ...]]", cursor.fetchall())


def _labels(values: list[str]) -> tuple[list[str], Ints]:
    """The distinct labels in order, and the index of each value; -1 for an empty one."""
    names = sorted(set(values) - {""})
    known = {name: i for i, name in enumerate(names)}
    return names, np.array([known.get(value, -1) for value in values], dtype=np.int32)


def _add_reserves(snapshot: Snapshot, run: Run) -> None:
    at = {pk: i for i, pk in enumerate(snapshot.seats)}
    known = {name: i for i, name in enumerate(snapshot.groups)}
    rows = RoundSeat.objects.filter(round=run.round_id, reserves__isnull=False)
    # A group nobody is in reserves nothing.
    snapshot.reserves = sorted(
        [at[pk], known[group], seats]
        for pk, group, seats in rows.values_list("pk", "reserves__group", "reserves__seats")
        if group in known and snapshot.capacity[at[pk]] > 0
    )


TRIPLE = np.dtype(
    [("n", ">i2"), *((f"{kind}{i}", size) for i in range(3) for kind, size in (("l", ">i4"), ("v", ">i8")))]
)


def _triples(sql: str, round_id: int) -> npt.NDArray[np.int64]:
    """Three numbers a row, int64 (rows, 3), over PostgreSQL's binary copy: a million rows in under a second."""
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f"COPY ({sql.format(round=int(round_id))}) TO STDOUT (FORMAT BINARY)") as copy,
    ):
        raw = b"".join(bytes(part) for part in copy)
    header, trailer = 19, 2
    rows = np.frombuffer(raw, dtype=TRIPLE, count=(len(raw) - header - trailer) // TRIPLE.itemsize, offset=header)
    return np.stack([rows["v0"], rows["v1"], rows["v2"]], axis=1).astype(np.int64)


WISHES = """SELECT w.participant_id::bigint, w.seat_id::bigint, w.rank::bigint FROM rounds_wish w
JOIN rounds_participant p ON p.id = w.participant_id WHERE p.round_id = {round} AND p.is_live"""
RANKINGS = """SELECT r.participant_id::bigint, r.seat_id::bigint, r.rank::bigint FROM rounds_employerranking r
JOIN rounds_roundseat s ON s.id = r.seat_id WHERE s.round_id = {round}"""


def _add_wishes(
    snapshot: Snapshot,
    run: Run,
    people: list[tuple[Any, ...]],
    seats: list[RoundSeat],
    ids: npt.NDArray[np.int64],
    seat_ids: npt.NDArray[np.int64],
) -> None:
    rows = _triples(WISHES, run.round_id)
    owner = np.searchsorted(ids, rows[:, 0])
    known = (owner < len(ids)) & (ids[np.minimum(owner, max(0, len(ids) - 1))] == rows[:, 0]) if len(ids) else owner < 0
    rows, owner = rows[known], owner[known]
    order = np.lexsort((rows[:, 2], owner))
    rows, owner = rows[order], owner[order]
    wished = np.searchsorted(seat_ids, rows[:, 1]).astype(np.int32)
    lengths = np.bincount(owner, minlength=len(ids))
    snapshot.ptr = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    snapshot.wishes = wished
    snapshot.km = _journeys(people, seats, owner, wished)
    snapshot.priority = _priorities(snapshot, run, people, owner, wished, ids, seat_ids)
    snapshot.priority[~_allowed(people, seats, owner, wished)] = -1


def _priorities(
    snapshot: Snapshot,
    run: Run,
    people: list[tuple[Any, ...]],
    owner: npt.NDArray[np.int64],
    wished: Ints,
    ids: npt.NDArray[np.int64],
    seat_ids: npt.NDArray[np.int64],
) -> Ints:
    """What a coordinator said first, then the organisation's own order; whoever it left out comes last there."""
    given = np.array([row[1] for row in people], dtype=np.int64)[owner]
    rankings = _triples(RANKINGS, run.round_id)
    ranked = np.zeros(len(owner), dtype=np.int64)
    if len(rankings):
        width = len(seat_ids)
        key = owner * width + wished
        found = np.searchsorted(ids, rankings[:, 0])
        present = (found < len(ids)) & (ids[np.minimum(found, len(ids) - 1)] == rankings[:, 0])
        rankings, found = rankings[present], found[present]
        ranked_key = found * width + np.searchsorted(seat_ids, rankings[:, 1])
        order = np.argsort(ranked_key, kind="stable")
        ranked_key, places = ranked_key[order], rankings[order, 2]
        at = np.minimum(np.searchsorted(ranked_key, key), max(0, len(ranked_key) - 1))
        hit = ranked_key[at] == key if len(ranked_key) else np.zeros(len(key), dtype=bool)
        last = np.zeros(width, dtype=np.int64)
        np.maximum.at(last, np.searchsorted(seat_ids, rankings[:, 1]), rankings[:, 2])
        ranked = np.where(hit, places[at] if len(places) else 0, np.where(last[wished] > 0, last[wished] + 1, 0))
    both = given * (int(ranked.max(initial=0)) + 1) + ranked
    return both.astype(np.int32)


def _journeys(
    people: list[tuple[Any, ...]], seats: list[RoundSeat], owner: npt.NDArray[np.int64], wished: Ints
) -> Ints:
    """Straight-line journeys in tenths of a kilometre, -1 where an end is not known. The formula of `reference.geo`."""
    home = np.radians(np.array([[row[6], row[7]] for row in people], dtype=np.float64).reshape(-1, 2))[owner]
    work = [seat.period.offer.workplace for seat in seats]
    place = np.radians(np.array([[at.lat, at.lon] for at in work], dtype=np.float64).reshape(-1, 2))[wished]
    chord = (
        np.sin((place[:, 0] - home[:, 0]) / 2) ** 2
        + np.cos(home[:, 0]) * np.cos(place[:, 0]) * np.sin((place[:, 1] - home[:, 1]) / 2) ** 2
    )
    with np.errstate(invalid="ignore"):
        tenths = np.rint(20 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(1.0, chord))))
    return np.where(np.isnan(tenths), -1, tenths).astype(np.int32)


def _allowed(
    people: list[tuple[Any, ...]], seats: list[RoundSeat], owner: npt.NDArray[np.int64], wished: Ints
) -> npt.NDArray[np.bool_]:
    """The law, asked once more of the rows as they are now: which wishes are for work allowed at the student's age."""
    rules = WorkRules(seats)
    first_days = {(seat.period.offer.form_id, seat.period.start): seat for seat in seats}
    of_day = {key: i for i, key in enumerate(first_days)}
    classes = list(AgeClass)
    # The last column is for those whom the form does not take.
    permitted = np.array([[*(each in rules.allowed_at(seat) for each in classes), False] for seat in seats], dtype=bool)
    # Few birthdays are shared by many: the one rule about age is asked once for each.
    births = {(row[8], row[9]) for row in people}
    judged = {
        birth: [
            classes.index(found) if (found := rules.class_of(*birth, seat)) else len(classes)
            for seat in first_days.values()
        ]
        for birth in births
    }
    who = np.array([judged[row[8], row[9]] for row in people], dtype=np.int32).reshape(len(people), -1)
    day = np.array([of_day[seat.period.offer.form_id, seat.period.start] for seat in seats], dtype=np.int32)
    return cast("npt.NDArray[np.bool_]", permitted[wished, who[owner, day[wished]]])


def _store(run_id: int, token: uuid.UUID, snapshot: Snapshot, proposal: Proposal) -> None:
    """All rows of the result and the word that it is done, in one transaction."""
    with transaction.atomic():
        run = Run.objects.select_related("round").select_for_update(of=("self",)).get(pk=run_id)
        if run.state != RunState.WORKING or run.lease_token != token or run.round.state != RoundState.CLOSED:
            raise Stopped
        _copy_outcomes(run, snapshot, proposal)
        _copy_seats(run, snapshot, proposal)
        run.state, run.progress, run.finished_at = RunState.DONE, 100, clock.now()
        run.certificate, run.is_verified = proposal.certificate, proposal.is_verified
        run.metrics = {**proposal.metrics, "rows": len(snapshot.participants)}
        run.lease_token = run.lease_until = None
        run.save()
        data = {"round": run.round_id, "digest": run.digest, "verified": run.is_verified}
        log("run.done", run, actor=None, data=data)


def _copy_outcomes(run: Run, snapshot: Snapshot, proposal: Proposal) -> None:
    seats = [*snapshot.seats, None]
    sql = """COPY rounds_outcome (run_id, participant_id, seat_id, computed_seat_id, rank, lot, kinds) FROM STDIN"""
    with connection.cursor() as cursor, cursor.cursor.copy(sql) as copy:
        for who, at, rank, lot, kinds in zip(
            snapshot.participants,
            proposal.seat.tolist(),
            proposal.rank.tolist(),
            proposal.lot.tolist(),
            proposal.kinds,
            strict=True,
        ):
            copy.write_row((run.pk, who, seats[at], seats[at], rank or None, lot, kinds))


def _copy_seats(run: Run, snapshot: Snapshot, proposal: Proposal) -> None:
    sql = "COPY rounds_runseat (run_id, seat_id, capacity, filled, cut_off) FROM STDIN"
    with connection.cursor() as cursor, cursor.cursor.copy(sql) as copy:
        for seat, capacity, filled, cut_off in zip(
            snapshot.seats,
            snapshot.capacity.tolist(),
            proposal.filled.tolist(),
            proposal.cut_off.tolist(),
            strict=True,
        ):
            copy.write_row((run.pk, seat, capacity, filled, None if cut_off < 0 else cut_off))
