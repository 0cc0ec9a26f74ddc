"""Who is told stands in the tables of transitions; the notifications read it there and nowhere else."""

import pytest

from backend.accounts.models import User
from backend.common.transitions import Transition, TransitionTable, audiences


def table(told: str) -> TransitionTable:
    return TransitionTable("thing", "a", {"thing.moved": Transition(frozenset({"a"}), "b", by="anyone", told=told)})


ANNA, BO = User(pk=1, name="Anna"), User(pk=2, name="Bo")
ROLES = {"student": lambda _thing: [ANNA], "both": lambda _thing: [ANNA, BO]}


def test_everyone_in_the_roles_is_told_once():
    assert audiences(table("student, both"), ROLES)["thing.moved"](None) == [ANNA, BO]


def test_a_word_without_a_meaning_does_not_start():
    with pytest.raises(KeyError):
        audiences(table("student, the mayor"), ROLES)


def test_what_another_event_tells_stands_in_parentheses():
    assert audiences(table("student (the mayor, by the match)"), ROLES)["thing.moved"](None) == [ANNA]
    assert audiences(table("(the mayor, by the match)"), ROLES) == {}
