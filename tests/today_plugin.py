"""Pytest plugin: `--today=2027-01-01` moves the date at which the clocks of the suite stand.

Test modules compute with the date while they are imported, so that it must be known before: it travels in the
environment, which the workers of pytest-xdist inherit.
"""

import os
from datetime import date

import pytest

TODAY = "TESTS_TODAY"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--today", type=date.fromisoformat, help="the date (YYYY-MM-DD) at which both clocks stand")


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    if day := early_config.known_args_namespace.today:
        os.environ[TODAY] = day.isoformat()
