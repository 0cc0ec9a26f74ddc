"""The documentation as a page of the site: made from the same description as the schema, without a script."""

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from backend.accounts.models import User
from backend.api.schema import document
from backend.tokens.enums import Scope
from backend.tokens.policies import can_have_tokens

METHODS = ("get", "post", "patch", "delete")
DEEPEST = 3


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Every operation by subject: who may, what it takes, what it answers, an example of both."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, described in document()["paths"].items():
        for method in METHODS:
            if method in described:
                operation = described[method]
                groups.setdefault(operation["tags"][0], []).append(_operation(path, method, operation))
    context = {
        "groups": sorted(groups.items()),
        "site": settings.SITE_URL,
        "may_have_tokens": not isinstance(request.user, User) or can_have_tokens(request.user),
        "scopes": [(scope.value, scope.label) for scope in Scope],
    }
    return render(request, "pages/public/api_docs.html", context)


page.access = "public"  # type: ignore[attr-defined]


def _operation(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    """One operation for the template. Refusals are the same everywhere and stand once on the page."""
    text, _gap, who = operation["description"].rpartition("\n\n")
    success = next(code for code in sorted(operation["responses"]) if code.startswith("2"))
    answer = _content(operation["responses"][success])
    body = _content(operation.get("requestBody", {}))
    return {
        "id": operation["operationId"],
        "path": path,
        "method": method.upper(),
        "summary": operation["summary"],
        "text": text,
        "who": who,
        "query": [_parameter(each) for each in operation.get("parameters", []) if each["in"] == "query"],
        "fields": _fields(body) if body else [],
        "body": _sample(body) if body else "",
        "status": success,
        "files": [each for each in operation["responses"][success].get("content", {}) if each != "application/json"],
        "answer": _sample(answer) if answer else "",
    }


def _content(part: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = part.get("content", {}).get("application/json", {}).get("schema", {})
    return schema


def _parameter(each: dict[str, Any]) -> dict[str, Any]:
    return {"name": each["name"], "type": _type(each["schema"]), "help": each.get("description", ""), "required": False}


def _fields(schema: dict[str, Any]) -> list[dict[str, Any]]:
    known = _resolved(schema)
    return [
        {
            "name": name,
            "type": _type(field),
            "help": _resolved(field).get("description", field.get("description", "")),
            "required": name in known.get("required", []),
        }
        for name, field in known.get("properties", {}).items()
    ]


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Follows references, also the single one that a described or nullable field wraps. Of a type that may be null the
    other one counts.
    """
    if isinstance(schema.get("type"), list):
        schema = {**schema, "type": next(each for each in schema["type"] if each != "null")}
    for wrapped in ("allOf", "oneOf", "anyOf"):
        if wrapped in schema:
            return {**_resolved(schema[wrapped][0]), **{k: v for k, v in schema.items() if k != wrapped}}
    reference = schema.get("$ref", "")
    if not reference:
        return schema
    found: dict[str, Any] = document()["components"]["schemas"][reference.rsplit("/", 1)[1]]
    return found


def _type(schema: dict[str, Any]) -> str:
    known = _resolved(schema)
    if "enum" in known:
        return " | ".join(str(value) for value in known["enum"])
    if known.get("type") == "array":
        return f"[{_type(known['items'])}]"
    return str(known.get("format") or known.get("type", ""))


SAMPLES: dict[str, Any] = {
    "date": "2027-01-25",
    "date-time": "2026-11-23T10:00:00+01:00",
    "uri": "https://…",
    "uuid": "7d9c…",
    "integer": 1,
    "number": 1.0,
    "boolean": True,
    "string": "…",
    "object": {},
}


def _sample(schema: dict[str, Any]) -> str:
    return json.dumps(_value(schema, 0), indent=2, ensure_ascii=False)


def _value(schema: dict[str, Any], depth: int) -> Any:
    """An invented value of the schema's shape; what lies deeper than anyone reads is left out."""
    known = _resolved(schema)
    if "enum" in known:
        return known["enum"][0]
    if known.get("type") == "array":
        return [_value(known["items"], depth + 1)] if depth < DEEPEST else []
    if "properties" in known:
        shown = known["properties"].items() if depth <= DEEPEST else ()
        return {name: _value(field, depth + 1) for name, field in shown}
    return SAMPLES.get(known.get("format", "")) or SAMPLES.get(known.get("type", ""))
