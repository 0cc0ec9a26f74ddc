"""Nobody reads a code: every action, message, state and reason that a page can show has words in both languages."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import pytest
from django.conf import settings
from django.db import models
from django.utils import translation

import backend
from backend.accounts.enums import RoleInvitationOutcome
from backend.applications.enums import APPLICATION_TRANSITIONS
from backend.common.transitions import TransitionTable
from backend.exchange.words import WORDS
from backend.notifications import registry
from backend.notifications.selectors import REASONS
from backend.offers.enums import OFFER_TRANSITIONS
from backend.organisations.enums import InvitationOutcome
from backend.placements.enums import MATCH_TRANSITIONS, PLACEMENT_TRANSITIONS
from backend.rounds.enums import RESULT_TRANSITIONS, ROUND_TRANSITIONS

TABLES: tuple[TransitionTable, ...] = (
    OFFER_TRANSITIONS,
    APPLICATION_TRANSITIONS,
    MATCH_TRANSITIONS,
    PLACEMENT_TRANSITIONS,
    ROUND_TRANSITIONS,
    RESULT_TRANSITIONS,
)
# Words that are the same in both languages.
ALIKE = {"Gy11", "Gy25"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((settings.BASE_DIR / "backend").rglob("*.py")):
        if not {"migrations", "seed", "walkthrough"} & set(path.parts):
            yield str(path), ast.parse(Path(path).read_text())


def called_with_code(*names: str) -> set[str]:
    """The first argument of every call of these functions: a plain text, or a constant of the module."""
    found = set()
    for _path, tree in modules():
        constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names and node.args:
                first = node.args[0]
                value = constants.get(first.id) if isinstance(first, ast.Name) else getattr(first, "value", None)
                if isinstance(value, str):
                    found.add(value)
    return found


def test_every_action_of_the_log_and_every_message_has_words():
    logged = called_with_code("log") | {action for table in TABLES for action in table.moves}
    built = {f"invitation.{each.value}" for each in InvitationOutcome}
    built |= {f"role.invitation_{each.value}" for each in RoleInvitationOutcome}
    assert len(logged) > 100, "the log's actions are not found any more"
    kinds = {kind.name for kind in registry.kinds()}
    assert sorted((logged | built | kinds) - WORDS.keys()) == []


def test_every_reason_for_a_message_that_was_not_sent_has_words():
    reasons = {
        node.value
        for path, tree in modules()
        if path.endswith("notifications.py")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("already_")
    }
    assert reasons
    assert sorted(reasons - REASONS.keys()) == []


def choices() -> Iterator[type[models.TextChoices]]:
    for found in pkgutil.walk_packages(backend.__path__, "backend."):
        if found.name.rpartition(".")[2] == "enums":
            for value in vars(importlib.import_module(found.name)).values():
                if (
                    isinstance(value, type)
                    and issubclass(value, models.TextChoices)
                    and value is not models.TextChoices
                ):
                    yield value


def test_every_state_and_reason_code_is_a_word_of_its_own():
    raw = [
        f"{each.__name__}.{row.name}"
        for each in choices()
        for row in each
        if not str(row.label).strip() or str(row.label) == row.value
    ]
    assert raw == []


@pytest.mark.parametrize("source", ["words", "reasons", "choices"])
def test_each_is_another_word_in_swedish(source):
    labels = {
        "words": list(WORDS.values()),
        "reasons": list(REASONS.values()),
        "choices": [row.label for each in choices() for row in each if isinstance(row, Enum)],
    }[source]
    with translation.override("en"):
        english = [str(label) for label in labels]
    with translation.override("sv"):
        swedish = [str(label) for label in labels]
    same = {one for one, other in zip(english, swedish, strict=True) if one == other}
    assert same - ALIKE == set()
