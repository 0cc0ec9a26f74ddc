"""What the API's OpenAPI description says about an answer, and who may be asking, for the tests that hold it to that."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import requests
import schemathesis
from django.conf import settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi import checks

from backend.api.schema import document
from backend.config.wsgi import application
from backend.tokens.enums import PERSONAL_SCOPES, Scope
from tests.api.desk import token_of
from tests.api.world import World

# Every answer, right or wrong.
CHECKS: list[Callable[..., Any]] = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
# Any 32 letters are a CSRF token, as long as the cookie and the header agree.
CSRF = "c" * 32
PEOPLE = {
    "ST": "student",
    "S2": "other student",
    "GU": "guardian",
    "CO": "employer",
    "C2": "other employer",
    "KO": "coordinator",
    "K2": "other coordinator",
    "NA": "network",
}
NAMES = {"AN": "nobody", **PEOPLE, "TK": "organisation"}
# Everyone who can ask: the table's principals, and a token of each single scope.
EVERYONE = (*NAMES.values(), *(f"token {scope}" for scope in Scope))


@lru_cache(maxsize=1)
def described() -> BaseSchema:
    """The description with the application behind it. Logins come from `principals`, never from chance."""
    config = schemathesis.Config.from_dict({"generation": {"with-security-parameters": False}})
    schema = schemathesis.openapi.from_dict(document(), config=config)
    schema.app = application
    return schema


def check_answer(where: str, method: str, answer: Any) -> None:
    """The answer of a test client is one that the description allows. where: the address that was asked."""
    path = re.sub(r"/\d+/", "/{}/", where.partition("?")[0])
    operation = _by_address().get((method.lower(), path))
    if operation is None:  # the description does not describe itself
        assert path.endswith("/schema/")
        return
    response = Response(
        status_code=answer.status_code,
        headers={name.lower(): [value] for name, value in answer.items()},
        content=answer.content,
        request=requests.Request(method, f"http://localhost{where}").prepare(),
        elapsed=0.0,
        verify=False,
    )
    operation.Case().validate_response(response, checks=CHECKS)


@lru_cache(maxsize=1)
def _by_address() -> dict[tuple[str, str], Any]:
    found = [result.ok() for result in described().get_all_operations()]
    return {(each.method.lower(), re.sub(r"\{\w+\}", "{}", each.path)): each for each in found}


def principals(world: World) -> dict[str, dict[str, str]]:
    """Everyone who can ask, by name, with the headers that say so: nobody, people with a session, tokens of each kind."""
    found: dict[str, dict[str, str]] = {"nobody": {}}
    for short, name in PEOPLE.items():
        session = world.clients[short].cookies[settings.SESSION_COOKIE_NAME].value
        cookies = f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={CSRF}"
        found[name] = {"Cookie": cookies, "X-CSRFToken": CSRF}
    for scope in Scope:
        person = world.people["ST" if scope in PERSONAL_SCOPES else "CO"]
        found[f"token {scope}"] = {"Authorization": f"Bearer {token_of(person, scope)}"}
    found["organisation"] = {"Authorization": str(world.clients["TK"]._credentials["HTTP_AUTHORIZATION"])}
    assert found.keys() == set(EVERYONE)
    return found


def ask(case: Case[Any], headers: dict[str, str]) -> None:
    """Sends a generated request as somebody and holds the answer to the description."""
    answer = case.call(headers=headers)
    case.validate_response(answer, checks=[*CHECKS, checks.negative_data_rejection], headers=headers)
