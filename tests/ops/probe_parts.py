"""Run by tests/ops/test_parts.py with the interpreter of an environment just installed: does everything work in it?

Argument: a JSON list of [module, name or null], each of which is imported.
"""

import importlib
import json
import sys

import django


def import_all(wanted: list[tuple[str, str | None]]) -> list[str]:
    """What cannot be imported, with the reason."""
    missing = []
    for module, name in wanted:
        try:
            found = importlib.import_module(module)
            if name is not None and not hasattr(found, name):
                importlib.import_module(f"{module}.{name}")
        except ImportError as error:
            missing.append(f"{module}: {error}")
    return missing


def compute_all() -> list[str]:
    """Both methods of a round and exact pairs, on a market whose answers are known."""
    from backend.rounds.engine import Seats, Wishes, allocate
    from backend.rounds.enums import Method
    from matching import MarketBuilder, solve_stable

    wrong = []
    wishes = [Wishes(1, [10, 11]), Wishes(2, [10]), Wishes(3, [11])]
    for method in Method:
        outcome = allocate(wishes, [Seats(10, 1), Seats(11, 1)], method=method, seed=7)
        if not outcome.is_verified or sum(seat is not None for seat in outcome.seat_of.values()) != 2:
            wrong.append(f"{method}: {outcome.seat_of}")
    builder = MarketBuilder()
    builder.offer("h1", capacity=1, ranking=["s1", "s3"])
    builder.offer("h2", capacity=1, ranking=["s3", "s2"])
    builder.student("s3", choices=["h1", "h2"])
    builder.pair("s1", "s2", choices=[("h1", "h2")])
    if len(solve_stable(builder.build(), pairs="exact").assignment) != 3:
        wrong.append("exact pairs")
    return wrong


if __name__ == "__main__":
    django.setup()
    print(json.dumps(import_all(json.loads(sys.argv[1])) + compute_all()))
