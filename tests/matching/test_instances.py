"""Instances with published outcomes, each with its source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matching import Market, MarketBuilder, solve_stable, verify
from matching.assignment import Assignment

FILE = Path(__file__).resolve().parents[3] / "shared" / "reference" / "matching" / "instances.json"


def market_of(students: dict[str, list[str]], offers: dict[str, list[Any]], capacity: dict[str, int]) -> Market:
    builder = MarketBuilder()
    for offer, ranking in offers.items():
        builder.offer(offer, capacity=capacity.get(offer, 1), ranking=ranking)
    for student, choices in students.items():
        builder.student(student, choices=choices)
    return builder.build()


def placed(result: Assignment) -> dict[str, str | int | None]:
    names = result.market.student_ids
    assert names is not None
    return {name: result.offer_of(name) for name in names}


def published() -> dict[str, Any]:
    if not FILE.exists():
        pytest.skip(f"{FILE} is not on this machine")
    loaded: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return loaded


@pytest.mark.parametrize(
    "name", ["nrmp_video_readme", "gale_shapley_1962_3x3", "gale_shapley_1962_4x4", "algmatch_hr1", "loses_all"]
)
def test_published_instances(name: str) -> None:
    case = published()[name]
    market = market_of(case["students"], case["programmes"], case["capacity"])
    result = solve_stable(market)
    assert placed(result) == case["outcome"]
    assert result.is_stable
    for other in case.get("all_stable", []):
        assert verify(market, np.array([market.offer_index(other[s]) for s in case["students"]])).is_stable


def test_students_projects_and_supervisors_are_a_regional_cap() -> None:
    case = published()["spa_s_docs"]
    builder = MarketBuilder()
    for supervisor, ranking in case["supervisors"].items():
        builder.region(supervisor, cap=case["supervisor_capacity"])
        for project, owner in case["project_supervisor"].items():
            if owner == supervisor:
                scores = {student: -rank for rank, student in enumerate(ranking)}
                capacity = case["project_capacity"]
                builder.offer(project, capacity=capacity, ranking=sorted(scores, key=ranking.index), region=supervisor)
    for student, choices in case["students"].items():
        builder.student(student, choices=choices)
    result = solve_stable(builder.build())
    found = {project: {s for s, o in placed(result).items() if o == project} for project in case["project_supervisor"]}
    assert found == {project: set(students) for project, students in case["outcome"].items()}
    assert result.is_stable


def test_the_video_example_of_the_residency_match() -> None:
    """National Resident Matching Program, "How the matching algorithm works"."""
    market = market_of(
        {
            "Arthur": ["City"],
            "Sunny": ["City", "Mercy"],
            "Joseph": ["City", "General", "Mercy"],
            "Latha": ["Mercy", "City", "General"],
            "Darrius": ["City", "Mercy", "General"],
        },
        {
            "Mercy": ["Darrius", "Joseph"],
            "City": ["Darrius", "Arthur", "Sunny", "Latha", "Joseph"],
            "General": ["Darrius", "Arthur", "Joseph", "Latha"],
        },
        {"Mercy": 2, "City": 2, "General": 2},
    )
    got = placed(solve_stable(market))
    assert got == {"Arthur": "City", "Sunny": None, "Joseph": "General", "Latha": "General", "Darrius": "City"}


def test_erdil_and_ergin_2008_example_1() -> None:
    """*American Economic Review* 98(3), p. 673: a tie costs everybody, and one cycle mends it.

    Three students, three schools with one seat: x ranks 1 before the tied 2 and 3, y ranks 2 before the tied 1 and 3,
    z ranks 3 before the tied 1 and 2.
    """
    market = market_of(
        {"1": ["y", "z", "x"], "2": ["z", "y", "x"], "3": ["x", "y", "z"]},
        {"x": ["1", ["2", "3"]], "y": ["2", ["1", "3"]], "z": ["3", ["1", "2"]]},
        {},
    )
    for seed in range(6):
        from matching import Lottery

        plain = solve_stable(market, tie_break=Lottery(seed))
        better = solve_stable(market, tie_break=Lottery(seed), improve_ties=True)
        assert plain.is_stable
        assert better.is_stable
        ranks = [plain.metrics.average_rank, better.metrics.average_rank]
        assert ranks[0] is not None
        assert ranks[1] is not None
        assert ranks[1] <= ranks[0]
        assert placed(better) in ({"1": "y", "2": "z", "3": "x"}, {"1": "z", "2": "y", "3": "x"})


def test_roth_1982_two_by_two_has_two_stable_matchings_and_the_students_get_theirs() -> None:
    """Roth 1982, *Mathematics of Operations Research* 7(4), 617-628: opposed interests of the two sides."""
    market = market_of({"a": ["x", "y"], "b": ["y", "x"]}, {"x": ["b", "a"], "y": ["a", "b"]}, {})
    assert placed(solve_stable(market)) == {"a": "x", "b": "y"}
    assert verify(market, np.array([1, 0])).is_stable


def test_hafalir_2013_reserves_help_where_quotas_hurt() -> None:
    """Hafalir, Yenmez and Yildirim 2013, example 1: a quota for the majority can harm every minority student.

    Schools x and y with one seat each; majority 1 wants only x, minority 2 wants x before y, minority 3 wants y. A
    reserved seat at x, unlike a majority quota of 0, leaves x to the majority student when no minority student asks.
    """

    def result_for(present: dict[str, tuple[list[str], str]]) -> Assignment:
        builder = MarketBuilder()
        builder.offer("x", capacity=1, ranking=sorted(present), reserve={"minority": 1})
        builder.offer("y", capacity=1, ranking=sorted(present))
        for student, (choices, group) in present.items():
            builder.student(student, choices=choices, group=group)
        return solve_stable(builder.build())

    some = {"1": (["x"], "majority"), "3": (["y"], "minority")}
    assert placed(result_for(some)) == {"1": "x", "3": "y"}
    result = result_for({**some, "2": (["x", "y"], "minority")})
    assert placed(result) == {"1": None, "3": "y", "2": "x"}
    assert result.is_stable
    assert [reason.kind for reason in result.explain("1")] == ["reserve"]


def test_kamada_and_kojima_2015_a_cap_with_targets() -> None:
    """*American Economic Review* 105(1), example 1: two hospitals with 10 seats, a region of 10, a target of 5 each.

    Seven doctors want only h1, three only h2. Fixed caps of 5 leave two doctors without a place for nothing; with
    targets that may be exceeded all ten are placed.
    """
    doctors = [f"d{i}" for i in range(1, 11)]

    def region(targets: bool, capacity: int) -> Assignment:
        builder = MarketBuilder()
        builder.region("r", cap=10)
        for hospital in ("h1", "h2"):
            builder.offer(hospital, capacity=capacity, ranking=doctors, region="r", target=5 if targets else None)
        for number, doctor in enumerate(doctors):
            builder.student(doctor, choices=["h2" if number < 3 else "h1"])
        return solve_stable(builder.build())

    assert region(targets=False, capacity=5).metrics.placed == 8
    flexible = region(targets=True, capacity=10)
    assert flexible.metrics.placed == 10
    assert flexible.is_stable


def test_a_target_comes_before_better_ranks_at_a_neighbour() -> None:
    def winner(target: int | None) -> dict[str, Any]:
        builder = MarketBuilder()
        builder.region("county", cap=1)
        builder.offer("a", capacity=1, ranking=["x", "y"], region="county")
        builder.offer("b", capacity=1, ranking=["x", "y"], region="county", target=target)
        builder.student("x", choices=["a"])
        builder.student("y", choices=["b"])
        return placed(solve_stable(builder.build()))

    assert winner(None) == {"x": "a", "y": None}
    assert winner(1) == {"x": None, "y": "b"}
