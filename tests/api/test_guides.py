"""The guides name addresses, scopes and lists that exist: a reader types them in."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import Resolver404, resolve

from backend.tokens.enums import Scope

DOCS = Path(settings.BASE_DIR, "docs")
GUIDES = [Path(settings.BASE_DIR, "README.md"), *sorted(DOCS.glob("*.md")), *sorted((DOCS / "adr").glob("*.md"))]
# Up to what cannot stand in a path; a shell's variable or {id} stands for a number.
ADDRESS = re.compile(r"/api/v1/[\w/{}$-]*")
SCOPE = re.compile(r"\b[a-z]+:(?:read|write)\b")


def addresses() -> set[tuple[str, str]]:
    return {
        (guide.name, re.sub(r"\$\w+|\{\w+\}", "1", found))
        for guide in GUIDES
        for found in ADDRESS.findall(guide.read_text())
    }


@pytest.mark.parametrize(("guide", "path"), sorted(addresses()))
def test_every_address_in_a_guide_leads_somewhere(guide, path):
    if path == "/api/v1/":
        return
    try:
        found = resolve(path)
    except Resolver404:
        pytest.fail(f"{guide} names {path}")
    assert found.view_name != "api:unknown", f"{guide} names {path}"


def test_there_are_addresses_to_look_at():
    assert len(addresses()) > 15


def test_every_scope_in_a_guide_exists_and_the_table_has_all_of_them():
    for guide in GUIDES:
        unknown = set(SCOPE.findall(guide.read_text())) - set(Scope.values)
        assert unknown == set(), guide.name
    table = "".join(line for line in (DOCS / "api.md").read_text().splitlines() if line.startswith("| `"))
    assert set(SCOPE.findall(table)) == set(Scope.values)
