"""The codes of refusals as they stand in the source: what is raised, and what the API makes of its framework's errors."""

import ast
from pathlib import Path

from django.conf import settings

KINDS = {
    "Invalid": 400,
    "NotAllowed": 403,
    "NotFound": 404,
    "Conflict": 409,
    "PreconditionFailed": 412,
    "UnprocessableKey": 422,
}
# What the API calls. Rounds, logins, grants and the pages have refusals of their own, which no program meets.
PACKAGES = (
    "api",
    "applications",
    "common",
    "exchange",
    "notifications",
    "offers",
    "organisations",
    "placements",
    "students",
    "suggestions",
    "tokens",
)


def codes_in_source() -> dict[str, tuple[set[int], str]]:
    """Code -> statuses and the first sentence. A part that is only known at run time is written `<name>`."""
    found: dict[str, tuple[set[int], str]] = {}
    for package in PACKAGES:
        for path in sorted(Path(settings.BASE_DIR, "backend", package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS:
                    code = _code(node.args[0]) if len(node.args) > 1 else ""
                    if code:
                        statuses, sentence = found.setdefault(code, (set(), _sentence(node.args[1])))
                        statuses.add(KINDS[node.func.id])
                        found[code] = statuses, sentence or _sentence(node.args[1])
    return found


def _code(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else f"<{_name(part)}>" for part in node.values
        )
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _name(part: ast.expr) -> str:
    return ast.unparse(part.value).rsplit(".", 1)[-1] if isinstance(part, ast.FormattedValue) else ""


def _sentence(node: ast.expr) -> str:
    texts = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return texts[0] if texts else ""
