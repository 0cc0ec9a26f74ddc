"""How an operation is described, and what all of them have in common. The documentation page is made from this."""

from collections.abc import Callable, Sequence
from functools import lru_cache, wraps
from typing import Any, cast

from django.utils import translation
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.api.files import OCTETS
from backend.api.idempotency import HEADER, once
from backend.api.problems import CONTENT_TYPE
from backend.api.serializers import Problem
from backend.api.views import ANY_TOKEN, ApiView
from backend.tokens.enums import Scope

# Of a file it is Django's own response.
Handler = Callable[..., Any]

# Refusals any operation may answer with: the request, who asks, the media type, too often.
ALWAYS = (400, 401, 403, 404, 406, 429)
WITH_BODY = (409, 415)
PHRASES = {
    400: "The request is wrong; `errors` names the fields.",
    401: "Nobody is logged in, or the token does not hold.",
    403: "Known, but not allowed: another role, a missing scope, a decision no token takes, or a missing CSRF token.",
    404: "There is nothing here, or it is not for you.",
    406: "Only JSON is spoken; for open data also CSV.",
    409: "True a moment ago, not any more: a seat taken, a state already left, a first request still running.",
    412: "It was changed after you read it (`If-Match`).",
    415: "Send JSON.",
    422: "The `Idempotency-Key` was used for another request.",
    429: "Too many requests; see `Retry-After`.",
}
LANGUAGE = OpenApiParameter(
    "Accept-Language", str, OpenApiParameter.HEADER, description="`sv` or `en`; texts and names follow it."
)
KEY = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    description="A key of your own, such as a UUID: the same request with the same key is done once. Kept 48 hours.",
)
NONE_MATCH = OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER, description="Tags you have: 304 if same.")
MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description="The tag you have read: 412 if changed.")


def page_shape(answer: type[serializers.Serializer[Any]]) -> Any:
    """The description of a page of rows."""
    return inline_serializer(
        f"{answer.__name__}Page",
        {
            "next": serializers.URLField(allow_null=True, help_text="The next page; null on the last."),
            "results": answer(many=True),
        },
    )


def operation(
    name: str,
    summary: str,
    *,
    tag: str,
    query: type[serializers.Serializer[Any]] | None = None,
    body: type[serializers.Serializer[Any]] | None = None,
    answer: Any = None,
    page: bool = False,
    status: int = 200,
    keep: Callable[[Any], Any] | None = None,
    also: Sequence[int] = (),
    csv: bool = False,
    files: Sequence[str] = (),
) -> Callable[[Handler], Handler]:
    """Describes a handler. A POST becomes idempotent by it: `keep` is what of its answer is stored (see `once`).

    name: the operation's stable id. also: further status codes of refusals. csv: the answer can be had as a table too.
    files: the media types of an answer that is a file.
    """

    def decorate(handler: Handler) -> Handler:
        method = handler.__name__
        refusals = {*ALWAYS, *also}
        headers = [LANGUAGE]
        responses: dict[Any, Any] = {}
        if method == "get":
            headers.append(NONE_MATCH)
            responses[304] = OpenApiResponse(description="You have this already.")
        else:
            refusals |= set(WITH_BODY)
        if method == "post":
            headers.append(KEY)
            refusals.add(422)
        if method == "patch":
            headers.append(MATCH)
            refusals.add(412)
        shape = page_shape(answer) if page else answer
        if csv:
            responses[status, "application/json"], responses[status, "text/csv"] = shape, str
        elif files:
            # The first one is what generated clients take: bytes, whatever the file is.
            responses[status, OCTETS] = OpenApiTypes.BINARY
            for media_type in files:
                is_text = media_type.startswith("text/")
                responses[status, media_type] = OpenApiTypes.STR if is_text else OpenApiTypes.BINARY
        else:
            responses[status] = shape if shape is not None else OpenApiResponse(description="Done.")
        for code in sorted(refusals):
            responses[code, CONTENT_TYPE] = OpenApiResponse(Problem, description=PHRASES[code])
        return extend_schema(
            operation_id=name,
            summary=summary,
            tags=[tag],
            parameters=[*([query] if query else []), *headers],
            request=body,
            responses=responses,
        )(_once(handler, keep) if method == "post" else handler)

    return decorate


def _once(handler: Callable[..., Response], keep: Callable[[Any], Any] | None) -> Callable[..., Response]:
    @wraps(handler)
    def idempotent(self: ApiView, request: Request, *args: Any, **kwargs: Any) -> Response:
        def work() -> Response:
            return handler(self, request, *args, **kwargs)

        return once(request, self.principal.key, work, keep=keep or (lambda body: body))

    idempotent.is_idempotent = True  # type: ignore[attr-defined]
    return idempotent


class Description(AutoSchema):
    """Adds to each operation who may ask it: everyone, a session, a token and with which scope."""

    def get_auth(self) -> list[dict[str, list[str]]]:
        super().get_auth()  # makes the schemes known
        view = cast("ApiView", self.view)
        ways: list[dict[str, list[str]]] = [{"cookieAuth": []}]
        if self.method in view.scopes or self.method in view.public_methods:
            ways.append({"token": []})
        if self.method in view.public_methods:
            ways.append({})
        return ways

    def get_description(self) -> str:  # type: ignore[override]  # drf-spectacular's signature
        return f"{super().get_description()}\n\n{self._who()}"

    def _who(self) -> str:
        view = cast("ApiView", self.view)
        if self.method in view.public_methods:
            return "Open to everyone."
        scope = view.scopes.get(self.method)
        if scope is None:
            return "For a person who is logged in; no token opens this."
        return "Any token." if scope == ANY_TOKEN else f"Token scope: `{Scope(scope).value}`."


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "backend.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A personal or an organisation's token."}


def with_limits(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Post-processing: headers that every answer carries."""
    limits = {
        "RateLimit-Policy": {"schema": {"type": "string"}, "description": "Quota `q` and window `w` in seconds."},
        "RateLimit": {"schema": {"type": "string"}, "description": "What is left `r`, and seconds until more `t`."},
    }
    for path in result["paths"].values():
        for described in path.values():
            for code, answer in described["responses"].items():
                if code not in {"401", "406"}:
                    answer.setdefault("headers", {}).update(limits)
    return result


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The OpenAPI description. It follows from the code alone, so a process makes it once."""
    with translation.override("en"):
        return dict(SchemaGenerator().get_schema(request=None, public=True))
