"""What a reader of a suggestion relies on, one rule at a time, and what the index refuses."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from matching.candidates import (
    AlertColumns,
    AlertRow,
    CandidateError,
    CandidateIndex,
    Intervals,
    OfferColumns,
    OfferRow,
    Periods,
    Prefixes,
    Reason,
    StudentColumns,
    StudentRow,
    Tokens,
    UnknownIdError,
    Weights,
)
from matching.candidates import periods as periods_module
from matching.candidates.geo import kilometres, places

STUDENT = StudentRow(
    id=1,
    forms=0b10,
    age_classes=0b100,
    programme=4,
    lat=58.70,
    lon=15.77,
    max_km=30,
    availability=[(80, 107)],
    occupations=[7223, 5120],
    skills=[11, 12],
    interests=[3],
    languages=0b1,
)
OFFER = OfferRow(
    id=9,
    form=1,
    age_classes=0b1100,
    programmes=[4, 5],
    lat=58.75,
    lon=15.80,
    occupation=7221,
    skills=[11, 12, 13, 14],
    interests=[3, 4],
    periods=[(60, 87, 3), (80, 107, 2), (80, 107, 1)],
    languages=0b1,
)


def index_of(
    *, student: StudentRow = STUDENT, offer: OfferRow = OFFER, weights: Weights | None = None
) -> CandidateIndex:
    return CandidateIndex.build(
        students=StudentColumns.from_rows([student]), offers=OfferColumns.from_rows([offer]), weights=weights
    )


class TestParts:
    def test_say_why_the_pair_fits(self) -> None:
        (hit,) = index_of().students_for(9)
        assert (hit.id, hit.skills, hit.interests, hit.shared_digits) == (1, (11, 12), (3,), 3)
        assert hit.km is not None
        assert 5.7 < hit.km < 5.9
        assert (hit.period, hit.period_start, hit.period_end, hit.period_share) == (1, 80, 107, 1.0)
        assert hit.parts == pytest.approx(
            {
                "skills": 0.2,
                "occupation": 0.175,
                "interests": 0.075,
                "distance": 0.2 * 20 / (20 + hit.km),
                "period": 0.1,
            }
        )
        assert hit.score == pytest.approx(sum(hit.parts.values()))

    def test_are_the_same_seen_from_the_other_side(self) -> None:
        index = index_of()
        (from_offer,), (from_student,) = index.students_for(9), index.offers_for(1)
        assert replace(from_offer, id=9) == from_student

    def test_give_full_distance_and_no_kilometres_to_a_remote_offer(self) -> None:
        (hit,) = index_of(offer=replace(OFFER, remote=True)).students_for(9)
        assert (hit.parts["distance"], hit.km) == (0.2, None)

    def test_give_no_distance_to_an_unknown_position(self) -> None:
        (hit,) = index_of(student=replace(STUDENT, lat=math.nan, max_km=1)).students_for(9)
        assert (hit.parts["distance"], hit.km) == (0.0, None)


@pytest.mark.parametrize(
    ("reason", "student", "offer"),
    [
        (Reason.FORM, replace(STUDENT, forms=0b01), OFFER),
        (Reason.AGE_HAZARD, replace(STUDENT, age_classes=0b10), OFFER),
        (Reason.PROGRAMME, replace(STUDENT, programme=-1), OFFER),
        (
            Reason.DATES,
            replace(STUDENT, availability=[(80, 92)]),
            replace(OFFER, periods=[(80, 107, 1), (200, 201, 1)]),
        ),
        (Reason.DISTANCE, replace(STUDENT, max_km=5.7), OFFER),
        (Reason.LANGUAGE, STUDENT, replace(OFFER, languages=0b11)),
        (Reason.NO_SEATS, STUDENT, replace(OFFER, periods=[(80, 107, 0)])),
        (Reason.NO_SEATS, STUDENT, replace(OFFER, periods=[])),
    ],
)
def test_each_hard_rule_excludes_and_is_named(reason: Reason, student: StudentRow, offer: OfferRow) -> None:
    index = index_of(student=student, offer=offer)
    assert index.why_not(1, 9) == [reason]
    assert len(index.students_for(9)) == len(index.offers_for(1)) == 0
    assert index_of().why_not(1, 9) == []


def test_half_a_period_is_enough_by_default() -> None:
    student = replace(STUDENT, availability=[(80, 93)])
    offer = replace(OFFER, periods=[(80, 107, 1)])
    assert index_of(student=student, offer=offer).why_not(1, 9) == []
    assert index_of(student=student, offer=offer, weights=Weights(min_period_share=0.6)).why_not(1, 9) == [Reason.DATES]


def test_touching_and_overlapping_windows_count_each_day_once() -> None:
    student = replace(STUDENT, availability=[(90, 93), (80, 91), (94, 94)])
    (hit,) = index_of(student=student, offer=replace(OFFER, periods=[(80, 109, 1)])).students_for(9)
    assert hit.period_share == 0.5


def test_equal_scores_are_ordered_by_id_even_where_the_list_is_cut() -> None:
    students = [replace(STUDENT, id=key) for key in (40, -5, 2**60, 7, 0)]
    index = CandidateIndex.build(students=StudentColumns.from_rows(students), offers=OfferColumns.from_rows([OFFER]))
    assert index.students_for(9, 3).ids.tolist() == [-5, 0, 7]


def test_frequent_and_rare_calendars_are_judged_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    rows = [
        replace(STUDENT, id=key, availability=[(start, start + 20)])
        for key, start in enumerate(rng.choice([60, 70, 80, 90, *range(50, 110)], 300).tolist())
    ]

    def answer(frequent: int) -> list[object]:
        monkeypatch.setattr(periods_module, "_FREQUENT", frequent)
        index = CandidateIndex.build(students=StudentColumns.from_rows(rows), offers=OfferColumns.from_rows([OFFER]))
        return list(index.students_for(9, 300))

    assert len(answer(1)) > 100
    assert answer(1) == answer(5) == answer(1000)


class TestLargeWorld:
    def test_order_of_the_input_does_not_matter(self) -> None:
        rng = np.random.default_rng(4)
        count = 3000
        rows = [
            replace(
                STUDENT,
                id=int(key),
                lat=58.7 + float(rng.normal(0, 0.4)),
                lon=15.77 + float(rng.normal(0, 0.6)),
                max_km=float(rng.choice([10, 40, math.inf])),
                skills=rng.integers(9, 20, 3).tolist(),
            )
            for key in rng.permutation(count)
        ]
        offers = OfferColumns.from_rows([OFFER])
        one = CandidateIndex.build(students=StudentColumns.from_rows(rows), offers=offers)
        two = CandidateIndex.build(students=StudentColumns.from_rows(rows[::-1]), offers=offers)
        found, again = one.students_for(9), two.students_for(9)
        assert len(found) == 200
        assert found.ids.tobytes() == again.ids.tobytes()
        assert found.scores.tobytes() == again.scores.tobytes()
        alone = [row.id for row in rows if not one.why_not(row.id, 9)]
        assert sorted(one.students_for(9, count).ids.tolist()) == sorted(alone)


class TestAlerts:
    ROWS = (
        AlertRow(id=1, owner=5),
        AlertRow(id=2, owner=5, forms=0b10, programmes=[5, 4], occupations=[(7200, 2), (7220, 3)]),
        AlertRow(id=3, owner=6, lat=58.7, lon=15.77, radius_km=10),
        AlertRow(id=4, owner=6, lat=58.7, lon=15.77, radius_km=5),
        AlertRow(id=5, owner=7, age_classes=0b10),
        AlertRow(id=6, owner=7, occupations=[(7223, 4)]),
    )

    def hits(self, offer: OfferRow) -> CandidateIndex:
        return CandidateIndex.build(alerts=AlertColumns.from_rows(self.ROWS), offers=OfferColumns.from_rows([offer]))

    def test_answered_ones_come_once_the_most_particular_first(self) -> None:
        found = self.hits(OFFER).alerts_for(9)
        assert found.ids.tolist() == [2, 3, 1]
        assert found.owners.tolist() == [5, 6, 5]
        assert [hit.criteria for hit in found] == [("form", "programme", "occupation"), ("distance",), ()]

    def test_nobody_is_told_while_there_is_no_seat(self) -> None:
        assert len(self.hits(replace(OFFER, periods=[(80, 107, 0)])).alerts_for(9)) == 0

    def test_a_remote_offer_is_near_everyone(self) -> None:
        assert self.hits(replace(OFFER, remote=True)).alerts_for(9).ids.tolist() == [2, 3, 4, 1]

    def test_an_offer_nowhere_is_near_nobody(self) -> None:
        assert self.hits(replace(OFFER, lat=math.nan)).alerts_for(9).ids.tolist() == [2, 1]


class TestChanges:
    def test_leave_the_old_index_alone(self) -> None:
        index = index_of()
        changed = index.with_changes(upsert_students=StudentColumns.from_rows([replace(STUDENT, forms=0)]))
        assert len(index.students_for(9)) == 1
        assert len(changed.students_for(9)) == 0
        assert (index.overlay_size, changed.overlay_size) == (0, 1)

    def test_removed_rows_are_unknown_and_may_come_back(self) -> None:
        gone = index_of().with_changes(remove_offers=[9, 10])
        with pytest.raises(UnknownIdError, match="offer 9"):
            gone.students_for(9)
        back = gone.with_changes(upsert_offers=OfferColumns.from_rows([OFFER]))
        assert back.students_for(9).ids.tolist() == [1]

    def test_refuse_an_id_both_upserted_and_removed(self) -> None:
        with pytest.raises(CandidateError, match="both"):
            index_of().with_changes(upsert_students=StudentColumns.from_rows([STUDENT]), remove_students=[1])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"age_classes": 16}, "age classes"),
        ({"programme": -3}, "programme"),
        ({"lat": 91.0}, "lat"),
        ({"max_km": math.nan}, "max_km"),
        ({"max_km": -1.0}, "max_km"),
        ({"occupations": [10_000]}, "SSYK"),
        ({"availability": [(5, 4)]}, "ends before"),
        ({"availability": [(5, 10**9)]}, "day numbers"),
    ],
)
def test_students_that_make_no_sense_are_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(CandidateError, match=message):
        StudentColumns.from_rows([replace(STUDENT, **wrong)])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"form": 64}, "form"),
        ({"age_classes": 16}, "age_classes"),
        ({"programmes": [-1]}, "programmes"),
        ({"occupation": -2}, "occupation"),
        ({"occupation": 10_000}, "SSYK"),
        ({"lon": 181.0}, "lon"),
        ({"periods": [(5, 4, 1)]}, "ends before"),
    ],
)
def test_offers_that_make_no_sense_are_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(CandidateError, match=message):
        OfferColumns.from_rows([replace(OFFER, **wrong)])


def test_alerts_that_make_no_sense_are_refused() -> None:
    with pytest.raises(CandidateError, match="centre"):
        AlertColumns.from_rows([AlertRow(id=1, owner=1, radius_km=5)])
    with pytest.raises(CandidateError, match="digits"):
        Prefixes.from_lists([[(7200, 5)]])


def test_columns_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(CandidateError, match="unique"):
        StudentColumns.from_rows([STUDENT, STUDENT])
    with pytest.raises(CandidateError, match="ptr says"):
        Tokens(np.array([0, 2]), np.array([1]))
    with pytest.raises(CandidateError, match="never fall"):
        Intervals(np.array([0, 2, 1]), np.array([1]), np.array([1]))
    with pytest.raises(CandidateError, match="whole numbers"):
        Periods(np.array([0, 1]), np.array([1.5]), np.array([2]), np.array([1]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"skills": -0.1},
        {"period": math.nan},
        {"skills_enough": 0},
        {"half_km": 0.0},
        {"min_period_share": 0.0},
        {"occupation_fit": (0, 0, 0, 0, 2)},
    ],
)
def test_weights_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(CandidateError):
        Weights(**wrong)


def test_a_negative_number_of_results_is_refused() -> None:
    with pytest.raises(CandidateError, match="k must"):
        index_of().offers_for(1, -1)


def test_distances_agree_with_the_haversine_formula() -> None:
    rng = np.random.default_rng(1)
    lat, lon = rng.uniform(55, 69, 500), rng.uniform(11, 24, 500)
    where = places(lat, lon)
    point = where.point(0)
    assert point is not None
    phi, theta = np.radians(lat), np.radians(lon)
    half = np.sin((phi - phi[0]) / 2) ** 2 + np.cos(phi) * np.cos(phi[0]) * np.sin((theta - theta[0]) / 2) ** 2
    expected = 2 * 6371.009 * np.arcsin(np.sqrt(half))
    assert np.abs(kilometres(where.x, where.y, where.z, point) - expected).max() < 0.003
