"""The index gives what a plain reading of the rules gives, to the last bit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.candidates import (
    AlertColumns,
    AlertRow,
    CandidateIndex,
    OfferColumns,
    OfferRow,
    StudentColumns,
    StudentRow,
    Suggestion,
    UnknownIdError,
    Weights,
)
from matching.candidates import buckets as buckets_module
from tests.matching.candidates import reference, strategies


def build(
    students: list[StudentRow], offers: list[OfferRow], alerts: list[AlertRow], weights: Weights
) -> CandidateIndex:
    return CandidateIndex.build(
        students=StudentColumns.from_rows(students),
        offers=OfferColumns.from_rows(offers),
        alerts=AlertColumns.from_rows(alerts),
        weights=weights,
    )


def assert_same(index: CandidateIndex, students, offers, alerts, weights: Weights, k: int) -> None:
    for offer in offers:
        hits = [vars_of(hit) for hit in index.students_for(offer.id, k)]
        assert hits == [vars(hit) for hit in reference.students_for(students, offer, weights, k)]
        found = [(hit.id, hit.owner, hit.score, hit.criteria, hit.km) for hit in index.alerts_for(offer.id)]
        assert found == reference.alerts_for(alerts, offer)
        for student in students:
            assert index.why_not(student.id, offer.id) == reference.why_not(student, offer, weights)
    for student in students:
        hits = [vars_of(hit) for hit in index.offers_for(student.id, k)]
        assert hits == [vars(hit) for hit in reference.offers_for(student, offers, weights, k)]


def vars_of(hit: Suggestion) -> dict[str, object]:
    return {name: getattr(hit, name) for name in reference.Expected.__dataclass_fields__}


@pytest.fixture(params=[0, 512], ids=["cells", "no-cells"])
def split(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run once with every segment cut into map cells, which otherwise only large ones are."""
    monkeypatch.setattr(buckets_module, "_SPLIT", request.param)


@pytest.mark.usefixtures("split")
class TestEveryAnswer:
    @settings(max_examples=150, deadline=None)
    @given(
        students=strategies.distinct(strategies.students()),
        offers=strategies.distinct(strategies.offers()),
        alerts=strategies.distinct(strategies.alerts()),
        weights=strategies.WEIGHTS,
        k=st.sampled_from([0, 1, 3, 50]),
    )
    def test_of_a_snapshot(self, students, offers, alerts, weights: Weights, k: int) -> None:
        index = build(students, offers, alerts, weights)
        assert_same(index, students, offers, alerts, weights, k)

    @settings(max_examples=100, deadline=None)
    @given(data=st.data(), weights=strategies.WEIGHTS, k=st.sampled_from([1, 3, 50]))
    def test_of_a_snapshot_with_changes(self, data: st.DataObject, weights: Weights, k: int) -> None:
        students = {row.id: row for row in data.draw(strategies.distinct(strategies.students()))}
        offers = {row.id: row for row in data.draw(strategies.distinct(strategies.offers()))}
        alerts = {row.id: row for row in data.draw(strategies.distinct(strategies.alerts()))}
        index = build(list(students.values()), list(offers.values()), list(alerts.values()), weights)
        for _ in range(data.draw(st.integers(1, 3))):
            fresh_students, gone_students = change(data, students, strategies.students())
            fresh_offers, gone_offers = change(data, offers, strategies.offers())
            fresh_alerts, gone_alerts = change(data, alerts, strategies.alerts())
            index = index.with_changes(
                upsert_students=StudentColumns.from_rows(fresh_students),
                remove_students=gone_students,
                upsert_offers=OfferColumns.from_rows(fresh_offers),
                remove_offers=gone_offers,
                upsert_alerts=AlertColumns.from_rows(fresh_alerts),
                remove_alerts=gone_alerts,
            )
        assert index.sizes == {"students": len(students), "offers": len(offers), "alerts": len(alerts)}
        assert_same(index, list(students.values()), list(offers.values()), list(alerts.values()), weights, k)
        for key in data.draw(st.lists(strategies.IDS, max_size=3)):
            if key not in offers:
                with pytest.raises(UnknownIdError):
                    index.students_for(key)
            if key not in students:
                with pytest.raises(UnknownIdError):
                    index.offers_for(key)


def change(
    data: st.DataObject, rows: dict[int, strategies.Row], made: st.SearchStrategy[strategies.Row]
) -> tuple[list[strategies.Row], set[int]]:
    """Draw rows to upsert and ids to remove, and apply both to `rows`."""
    fresh = data.draw(strategies.distinct(made))
    gone = set(data.draw(st.lists(strategies.IDS, max_size=4))) - {row.id for row in fresh}
    for key in gone:
        rows.pop(key, None)
    rows.update({row.id: row for row in fresh})
    return fresh, gone
