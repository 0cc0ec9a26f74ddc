"""One house for all faults of a module, and the record of what they came to."""

import logging
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.faults.harness import LONG, House, running_house
from tests.faults.record import Record

logging.getLogger("httpx").setLevel(logging.WARNING)


@pytest.fixture(scope="module")
def house(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    with django_db_blocker.unblock(), running_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture(autouse=True)
def prompt_sink(request: pytest.FixtureRequest) -> None:
    """A slow answer of one test is not the next one's."""
    if "house" in request.fixturenames:
        house: House = request.getfixturevalue("house")
        house.sink.answer_delay = 0.0


@pytest.fixture(scope="session")
def record() -> Record:
    """What the faults came to. The long run writes it down, see tests/faults/record.py."""
    return Record(is_kept=LONG)
