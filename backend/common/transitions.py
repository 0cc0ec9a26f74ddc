"""State machines as tables.

A table stands beside its enum; `move` is the only code that changes a state: it checks the table against the locked row,
saves, logs, and records the domain event of the same name.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.common import clock, events
from backend.common.errors import Conflict
from backend.common.models import DomainEvent, LogEntry


class HasState(Protocol):
    pk: Any
    state: str


@dataclass(frozen=True)
class Transition:
    """From any of `sources` to `target`. told: who is notified, as roles divided by commas, see `audiences`.

    What stands in parentheses is told by another event, and stands there for people who read the table.
    """

    sources: frozenset[str]
    target: str
    by: str
    told: str = ""


@dataclass(frozen=True)
class TransitionTable:
    """All moves of one aggregate, keyed by the action in the log (`offer.published`)."""

    subject: str
    initial: str
    moves: Mapping[str, Transition]

    def allows(self, action: str, state: str) -> bool:
        return state in self.moves[action].sources

    def actions_from(self, state: str) -> list[str]:
        return [action for action, move in self.moves.items() if state in move.sources]

    def terminal_states(self, states: Iterable[str]) -> set[str]:
        return {state for state in states if not self.actions_from(state)}


Audience = Callable[[Any], list[Any]]


def audiences(table: TransitionTable, roles: Mapping[str, Audience]) -> dict[str, Audience]:
    """For each action that tells somebody a function from the subject to the people, each of them once.

    roles: what the table's words mean. A word without a meaning is a KeyError at import, so that the table says the truth.
    """
    found: dict[str, Audience] = {}
    for action, each in table.moves.items():
        names = [name.strip() for name in re.sub(r"\([^)]*\)", "", each.told).split(",")]
        if parts := [roles[name] for name in names if name]:
            found[action] = _all_of(parts)
    return found


def _all_of(parts: Sequence[Audience]) -> Audience:
    return lambda subject: list({user.pk: user for part in parts for user in part(subject)}.values())


def lock(queryset: "models.QuerySet[M]", pk: int) -> "M":
    """The row, locked until the transaction ends. DoesNotExist as usual."""
    return queryset.select_for_update(of=("self",)).get(pk=pk)


M = TypeVar("M", bound=models.Model)


def move(
    instance: models.Model,
    table: TransitionTable,
    action: str,
    *,
    actor: models.Model | None,
    reason: str = "",
    data: dict[str, Any] | None = None,
    update_fields: Iterable[str] = (),
) -> DomainEvent:
    """Takes `instance` (already locked by the caller) through `action`.

    update_fields: other fields the caller set on the instance that are saved with the state.
    data: ids and plain values for log and event.
    Raises Conflict `<subject>.wrong_state` when the table does not allow the move from where the row is now.
    """
    transition = table.moves[action]
    state: str = instance.state  # type: ignore[attr-defined]
    if state not in transition.sources:
        raise Conflict(
            f"{table.subject}.wrong_state",
            _("This has already been changed by someone else. Reload the page to see where it stands."),
            data={"action": action, "state": state},
        )
    instance.state = transition.target  # type: ignore[attr-defined]
    instance.save(update_fields=["state", *update_fields])
    log(action, instance, actor=actor, reason=reason, data={**(data or {}), "from": state, "to": transition.target})
    return events.record(action, instance, data)


def log(
    action: str,
    instance: models.Model,
    *,
    actor: models.Model | None,
    reason: str = "",
    data: dict[str, Any] | None = None,
) -> LogEntry:
    """Writes a log row in the caller's transaction. data: ids and plain values only."""
    (entry,) = log_each(action, [(instance, data or {})], actor=actor, reason=reason)
    return entry


def log_each(
    action: str,
    rows: Iterable[tuple[models.Model, dict[str, Any]]],
    *,
    actor: models.Model | None,
    reason: str = "",
) -> list[LogEntry]:
    """The same of several rows, each with its data. One query."""
    now = clock.now()
    return LogEntry.objects.bulk_create(
        LogEntry(
            action=action,
            subject_type=instance._meta.model_name or "",
            subject_id=instance.pk,
            actor_id=actor.pk if actor else None,
            reason=reason,
            data=data,
            at=now,
        )
        for instance, data in rows
    )
