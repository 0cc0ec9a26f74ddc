"""Rules about tasks and notifications that no single module can keep by itself."""

import ast
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template
from django.utils import translation

from backend.notifications import registry, rendering
from backend.notifications.enums import DeliveryState, Outcome

BACKEND = Path(__file__).resolve().parents[2] / "backend"
FORBIDDEN_ARGUMENTS = {"eta", "countdown"}
PUBLISHING = {"delay", "apply_async", "send_task", "apply"}


def _offences(source: str) -> list[int]:
    """Lines that keep time in Celery instead of in rows."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        keywords = {keyword.arg for keyword in node.keywords}
        if name == "retry" or (name in PUBLISHING and keywords & FORBIDDEN_ARGUMENTS):
            found.append(node.lineno)
        if keywords & {"autoretry_for", "max_retries", "default_retry_delay"}:
            found.append(node.lineno)
    return found


def test_time_lives_in_rows_never_in_celery():
    offences = {
        f"{path.relative_to(BACKEND)}:{line}"
        for path in BACKEND.rglob("*.py")
        for line in _offences(path.read_text(encoding="utf-8"))
    }
    assert offences == set()


@pytest.mark.parametrize(
    "line",
    ["self.retry()", "task.apply_async((1,), countdown=5)", "task.apply_async(eta=x)", "shared_task(max_retries=3)"],
)
def test_the_rule_finds_what_it_forbids(line):
    assert _offences(line) == [1]


def test_only_the_outbox_publishes():
    """Ids reach the broker from the `publish` functions of the outbox sources, nowhere else."""
    publishers = set()
    for path in BACKEND.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in {"apply_async", "delay", "send_task"}:
                publishers.add(path.relative_to(BACKEND).as_posix())
    owners = ("common", "exchange", "notifications", "privacy", "rounds")
    assert publishers == {f"{owner}/tasks.py" for owner in owners}


@pytest.mark.parametrize("kind", registry.kinds(), ids=lambda kind: kind.name)
@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_every_kind_has_its_three_templates(kind, language):
    with translation.override(language):
        for part in rendering.PARTS:
            get_template(f"{kind.template_folder}/{part}")
    assert rendering.template_version(kind.template_folder)


def test_no_mail_template_is_dead():
    """A folder of mails that no kind names would be sent to nobody."""
    folder = Path(settings.TEMPLATES_DIR)
    present = {path.parent.relative_to(folder).as_posix() for path in (folder / "emails").rglob("subject.txt")}
    assert present == {kind.template_folder for kind in registry.kinds()}


@pytest.mark.parametrize("enum", [DeliveryState, Outcome])
def test_every_state_has_a_label_of_its_own(enum):
    labels = [str(label) for label in enum.labels]
    assert all(labels)
    assert len(set(labels)) == len(labels)
