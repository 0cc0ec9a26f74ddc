"""The base of every resource: who may come, which language, once only, tags, pages, limits.

A view parses, calls the same selector or command as the page does, and renders. Its attributes say who may come:

public_methods  open to everyone, with or without a login
scopes          for each method the scope a token needs, or ANY_TOKEN. A method that is not named is for people who are
                logged in: tokens take no decisions about people.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar, TypeVar

from django.conf import settings
from django.db.models import Model, QuerySet
from django.utils import translation
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import gettext_lazy as _
from django.utils.translation.trans_real import get_supported_language_variant, parse_accept_lang_header
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.serializers import ListField, Serializer
from rest_framework.views import APIView

from backend.accounts.models import User
from backend.api.authentication import TokenAuthentication
from backend.api.conditional import etag_of, is_known
from backend.api.principals import Principal, not_found
from backend.api.throttling import RateThrottle, throttle_for
from backend.common.cursors import is_cursor, page_of
from backend.common.errors import Invalid, NotAllowed
from backend.tokens.enums import Scope
from backend.tokens.models import ApiToken

ANY_TOKEN = "any"  # noqa: S105 - no secret, the name of a rule
VARY = ("Accept", "Accept-Language", "Authorization", "Cookie")
M = TypeVar("M", bound=Model)


class ApiView(APIView):
    http_method_names = ["get", "head", "post", "patch", "delete"]
    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = []
    public_methods: ClassVar[frozenset[str]] = frozenset()
    scopes: ClassVar[Mapping[str, "Scope | str"]] = {}

    principal: Principal
    throttle: RateThrottle | None = None

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        view = super().as_view(**initkwargs)
        view.access = "api"  # type: ignore[attr-defined]
        return view

    # --- before the handler --------------------------------------------------------------------------------------

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.principal = Principal(None)
        language = _asked_language(request)
        if language:
            _speak(request, language)
        super().initial(request, *args, **kwargs)

    def perform_authentication(self, request: Request) -> None:
        user = request.user
        if isinstance(user, User):
            self.principal = Principal(user, request.auth if isinstance(request.auth, ApiToken) else None)
            if self.principal.token and not _asked_language(request):
                _speak(request, user.language)

    def check_permissions(self, request: Request) -> None:
        """The door. What someone may see and do behind it is asked of the same querysets and policies as everywhere."""
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method.lower() not in self.http_method_names or not hasattr(self, method.lower()):
            return  # answered with 405
        if method in self.public_methods:
            return
        if self.principal.user is None:
            self.permission_denied(request)
        if self.principal.token is None:
            return
        scope = self.scopes.get(method)
        if scope is None:
            raise NotAllowed("token.cannot_decide", _("This is done by a person who is logged in, not by a token."))
        if scope != ANY_TOKEN and not self.principal.has(Scope(scope)):
            raise NotAllowed(
                "token.scope_missing", _("The token was not made for this."), data={"scope": Scope(scope).value}
            )

    def check_throttles(self, request: Request) -> None:
        self.throttle = throttle_for(request, self.principal)
        if not self.throttle.allow_request(request, self):
            self.throttled(request, self.throttle.wait() or 1)

    # --- what handlers ask ------------------------------------------------------------------------------------------

    @property
    def person(self) -> User:
        """Who is logged in or behind the token; only where the door demands someone."""
        assert self.principal.user is not None
        return self.principal.user

    def parse(self, kind: type[Serializer[Any]]) -> dict[str, Any]:
        """The checked body. Raises ValidationError with every field that is wrong or unknown."""
        serializer = kind(data=self.request.data if self.request.data is not None else {})
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def query(self, kind: type[Serializer[Any]]) -> dict[str, Any]:
        """The checked query of the address; an unknown, empty or needlessly repeated parameter is an error too."""
        checker, many = _checker(kind)
        given = self.request.query_params.lists()
        # A plain dict: of a form's, the framework would take empty values for such as were not given.
        return dict(
            checker.run_validation({name: all_ if name in many or len(all_) > 1 else all_[0] for name, all_ in given})
        )

    def get_or_404(self, rows: "QuerySet[M]", pk: Any) -> M:
        """The row of a queryset that holds only what the caller may know of."""
        row = rows.filter(pk=pk).first()
        if row is None:
            raise not_found()
        return row

    def page(
        self,
        rows: "QuerySet[Any]",
        keys: Sequence[str],
        asked: Mapping[str, Any],
        render: Callable[[list[Any]], list[Any]],
    ) -> Response:
        """One page in the order of `keys` (see common.cursors); asked: from a PageQuery."""
        cursor = asked.get("cursor", "")
        if cursor and not is_cursor(cursor, keys):
            raise bad_cursor()
        page = page_of(rows, keys, cursor, size=asked["limit"])
        return self.page_response(render(page.rows), page.next_cursor)

    def page_response(self, results: list[Any], cursor: str) -> Response:
        return Response({"next": self._next_url(cursor) if cursor else None, "results": results})

    def _next_url(self, cursor: str) -> str:
        query = self.request.query_params.copy()
        query["cursor"] = cursor
        return str(self.request.build_absolute_uri(f"{self.request.path}?{query.urlencode()}"))

    def created(self, body: Any, route: str, pk: int) -> Response:
        """201 with the address of what was made."""
        where = reverse(f"api:{route}", args=[pk], request=self.request)
        return Response(body, status=201, headers={"Location": where})

    # --- after the handler -------------------------------------------------------------------------------------------

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(response, Response) and isinstance(request, Request):
            if self.throttle is not None:
                for name, value in self.throttle.headers().items():
                    response[name] = value
            patch_vary_headers(response, VARY)
            if getattr(self, "principal", None) is None or self.principal.user is None:
                patch_cache_control(response, no_cache=True)
        finished = super().finalize_response(request, response, *args, **kwargs)
        if isinstance(finished, Response) and request.method in {"GET", "HEAD"} and finished.status_code == 200:
            return _tagged(request, finished)
        return finished


@cache
def _checker(kind: type[Serializer[Any]]) -> tuple[Serializer[Any], frozenset[str]]:
    """What checks such a query, and the names that may be repeated. Made once: the framework copies every field anew for
    each serializer, and checking keeps nothing in it.
    """
    checker = kind()
    return checker, frozenset(name for name, field in checker.fields.items() if isinstance(field, ListField))


def bad_cursor() -> Invalid:
    return Invalid("page.bad_cursor", _("Take the cursor from `next` of the page before."), field="cursor")


def _tagged(request: Request, response: Response) -> Response:
    """With its tag; empty with 304 for someone who has the same already."""
    tag = etag_of(response.render().content)
    if not is_known(request, tag):
        response["ETag"] = tag
        return response
    known = Response(status=304, headers={name: value for name, value in response.items() if name != "Content-Type"})
    known["ETag"] = tag
    known.accepted_renderer = response.accepted_renderer
    known.accepted_media_type = response.accepted_media_type
    known.renderer_context = response.renderer_context  # type: ignore[attr-defined]
    return known


def _asked_language(request: Request) -> str:
    """The first supported language of `Accept-Language`; "" without the header or without a supported one."""
    for code, _quality in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        try:
            return get_supported_language_variant(code) if code != "*" else str(settings.LANGUAGE_CODE)
        except LookupError:
            continue
    return ""


def _speak(request: Request, language: str) -> None:
    translation.activate(language)
    request._request.LANGUAGE_CODE = language  # noqa: SLF001 - where Django keeps it


class ReferenceView(ApiView):
    """Open to everyone, with any token."""

    public_methods = frozenset({"GET"})
