"""Rules of the house that no type checker sees."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import translation

from backend.applications.enums import APPLICATION_TRANSITIONS, ApplicationState
from backend.common import events
from backend.common.transitions import TransitionTable
from backend.offers.enums import OFFER_TRANSITIONS, OfferState
from backend.placements.enums import MATCH_TRANSITIONS, PLACEMENT_TRANSITIONS, MatchState, PlacementState

ROOT = Path(settings.BASE_DIR)
BACKEND = ROOT / "backend"
TEMPLATES = Path(settings.TEMPLATES_DIR)

TABLES: list[tuple[TransitionTable, type[models.TextChoices]]] = [
    (OFFER_TRANSITIONS, OfferState),
    (APPLICATION_TRANSITIONS, ApplicationState),
    (MATCH_TRANSITIONS, MatchState),
    (PLACEMENT_TRANSITIONS, PlacementState),
]
STATE_IDS = [table.subject for table, _states in TABLES]


def python_files() -> Iterator[Path]:
    return (path for path in BACKEND.rglob("*.py") if "migrations" not in path.parts)


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        where = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, where)
        else:
            yield where, pattern


@pytest.mark.parametrize(("table", "states"), TABLES, ids=STATE_IDS)
class TestStateMachines:
    def test_every_state_can_be_reached(self, table, states):
        reached = {table.initial} | {move.target for move in table.moves.values()}
        assert reached == set(states.values)

    def test_every_move_stays_inside_the_enum_and_names_who_does_it(self, table, states):
        for action, move in table.moves.items():
            assert action.startswith(f"{table.subject}.")
            assert move.sources <= set(states.values)
            assert move.by

    def test_every_state_has_a_swedish_and_an_english_label(self, table, states):
        with translation.override("en"):
            english = {state: str(state.label) for state in states}
        with translation.override("sv"):
            swedish = {state: str(state.label) for state in states}
        assert all(english.values())
        assert all(swedish[state] != english[state] for state in states)

    def test_the_database_knows_the_same_states(self, table, states):
        model = next(model for model in apps.get_models() if model._meta.model_name == table.subject)
        field = model._meta.get_field("state")
        assert [value for value, _label in field.choices or []] == states.values


def test_every_route_says_who_may_come():
    bare = [
        where
        for where, pattern in routes(get_resolver())
        if not hasattr(pattern.callback, "access")
        and not pattern.callback.__module__.startswith(("allauth.", "django.views.i18n"))
    ]
    assert bare == []


def test_every_event_someone_waits_for_is_recorded_somewhere():
    text = "\n".join(path.read_text() for path in python_files() if path.name != "subscriptions.py")
    unknown = [kind for kind in events.subscribed_kinds() if f'"{kind}"' not in text]
    assert unknown == []


def test_tasks_take_ids_only():
    wrong = []
    for path in BACKEND.rglob("tasks.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef) or not any(
                "shared_task" in ast.dump(d) for d in node.decorator_list
            ):
                continue
            for argument in node.args.args:
                kind = ast.unparse(argument.annotation) if argument.annotation else ""
                if kind not in {"int", "str", "list[int]"}:
                    wrong.append(f"{path.name}:{node.name}({argument.arg}: {kind})")
    assert wrong == []


def test_commands_are_not_hidden_in_signals_or_save():
    found = [
        path.relative_to(ROOT).as_posix()
        for path in python_files()
        # A field's method of that name says what its column gets; it is no signal.
        if re.search(r"post_save|(?<!def )(?<!\(\)\.)pre_save|def save\(self", path.read_text())
        and path.name not in {"forms.py"}
    ]
    assert found == []


def test_no_template_is_dead():
    """Each page, layout and partial is named by code or by another template."""
    texts = [path.read_text() for path in python_files()]
    texts += [
        path.read_text()
        for path in TEMPLATES.rglob("*")
        if path.suffix in {".html", ".txt"} and "node_modules" not in path.parts
    ]
    everything = "\n".join(texts)
    dead = []
    for path in TEMPLATES.rglob("*"):
        name = path.relative_to(TEMPLATES).as_posix()
        if path.suffix not in {".html", ".txt"} or name.startswith(("static/", "assets/", "account/", "allauth/")):
            continue
        if name.startswith("components/"):
            tag = name.removeprefix("components/").removesuffix(".html").replace("/", ".")
            used = f"<c-{tag.replace('_', '-')}" in everything or f"<c-{tag}" in everything
        elif name.startswith("emails/") and path.stem in {"subject", "body"}:
            folder = path.parent.relative_to(TEMPLATES / "emails").as_posix()
            used = f'"{folder.replace("/", ".")}"' in everything or f"emails/{folder}" in everything
        else:
            used = name in everything
        if not used:
            dead.append(name)
    assert dead == []


def test_modules_stay_readable():
    long = {
        path.relative_to(ROOT).as_posix(): count
        for folder in (BACKEND, ROOT / "matching")
        for path in folder.rglob("*.py")
        if "migrations" not in path.parts and (count := len(path.read_text().splitlines())) > 500
    }
    assert long == {}


@pytest.mark.django_db
def test_migrations_are_complete():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_the_demo_login_can_not_be_on_in_production(monkeypatch):
    """Read from the file, since a second settings module cannot be loaded beside the first."""
    production = (BACKEND / "config/settings/production.py").read_text()
    base = (BACKEND / "config/settings/base.py").read_text()
    assert "DEMO_MODE = False" in base
    assert "DEBUG = False" in base
    assert "DEMO_MODE" not in production
    assert "DEBUG" not in production
