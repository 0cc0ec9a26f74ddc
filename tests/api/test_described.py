"""The API does what its description says, whatever it is sent and whoever sends it.

schemathesis makes requests out of the OpenAPI description, right ones and wrong ones. The answer must have a described
status, content type, headers and shape, nothing may crash, and a wrong request must be refused. The suite asks a few
times; `SCHEMATHESIS=300` makes so many requests for each operation, spread over everyone who can ask, and with
`SCHEMATHESIS_AS="student,token offers:read"` so many for each operation and each of these (`each` = everyone in turn).
"""

import os
import time
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from backend.api.throttling import RateThrottle
from tests.api.described import EVERYONE, NAMES, ask, described, principals
from tests.api.desk import API
from tests.api.test_permissions import TABLE, names
from tests.api.world import PRINCIPALS, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_process")]

EXAMPLES = int(os.environ.get("SCHEMATHESIS", "3"))
ALONE = os.environ.get("SCHEMATHESIS_AS", "")
# One name, or nothing for all of them mixed.
ASKING: list[str] = list(EVERYONE) if ALONE == "each" else ALONE.split(",")
PARTS = 4


def operations(part: int) -> list[Any]:
    return [result.ok() for result in described().get_all_operations()][part::PARTS]


def ids_of(world: World, operation: Any) -> dict[str, int]:
    """Rows that are there and in the right state, for the parameters of the address."""
    name = names()[route_of(operation)]
    return {each.name: world.ids.get(name, world.ids[each.name]) for each in operation.path_parameters}


def route_of(operation: Any) -> str:
    """The operation's address as the URL resolver writes it."""
    return str(operation.path).removeprefix(API).replace("{", "<int:").replace("}", ">")


def who_may(operation: Any) -> list[str]:
    """Those who get through the door: of them wrong requests teach most."""
    answers = TABLE[operation.method.upper(), route_of(operation)].split()
    return [
        NAMES[short] for short, status in zip(PRINCIPALS, answers, strict=True) if status < "400" and short in NAMES
    ]


def people_for(operation: Any, alone: str) -> st.SearchStrategy[str]:
    return st.just(alone) if alone else st.sampled_from(EVERYONE) | st.sampled_from(who_may(operation) or EVERYONE)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("alone", ASKING, ids=lambda name: name or "mixed")
def test_answers_are_as_described(world, alone, part):
    asking, asked, begun = principals(world), 0, time.perf_counter()
    failures: list[str] = []
    for operation in operations(part):
        real = ids_of(world, operation)
        requests = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]
        if real:
            requests += [operation.as_strategy(generation_mode=mode, path_parameters=real) for mode in GenerationMode]

        # Derandomised, so that the suite says the same every time; without shrinking and without a database of cases.
        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=st.one_of(requests), who=people_for(operation, alone))
        def once(case: Any, who: str) -> None:
            nonlocal asked
            asked += 1
            RateThrottle.prefix = f"api-rate:{uuid4().hex}"
            with transaction.atomic():
                ask(case, asking[who])
                connection.check_constraints()
                transaction.set_rollback(True)

        try:
            once()
        except BaseExceptionGroup as error:
            failures += [f"{operation.label}: {each}" for each in error.exceptions]
    print(f"{alone or 'mixed'}: {len(operations(part))} operations, {asked} calls, {time.perf_counter() - begun:.0f} s")
    assert not failures, "\n\n".join(failures)
