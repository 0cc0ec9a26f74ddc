"""Two questions in front of every view: whether somebody who has to have a second factor has one, and, before what changes who
may come in, whether the last proof of who sits there is fresh."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from backend.accounts.models import User
from backend.accounts.sessions import is_fresh
from backend.organisations.second_factor import must_enrol
from backend.web import unsent
from backend.web.errors import page_behind

GetResponse = Callable[[HttpRequest], HttpResponse]
REQUIRED, NOT_FRESH = "second_factor.required", "login.not_fresh"
SET_UP = "second_factor"
# What changes who may come in, to an account, to what an organisation's systems read, or to a protected identity: asked for
# with a proof that is a quarter of an hour old at most.
ASKED_AGAIN = frozenset(
    {
        "account_close",
        "account_email",
        "connections",
        "second_factor",
        "second_factor_app",
        "second_factor_passkey",
        "token",
        "tokens",
        "token_revoke",
        "webhook",
        "webhooks",
        "webhook_delete",
        "webhook_pause",
        "webhook_resume",
        "webhook_renew_secret",
        "network_grants",
        "network_grant_revoke",
        "network_second_factor",
        "network_role_end",
        "coordinator_protect",
        "coordinator_protected_student",
    }
)
# By name: the set-up itself, the way out, another language, help, and what machines ask for with a browser's cookie.
OPEN = frozenset(
    {
        "second_factor",
        "second_factor_app",
        "second_factor_passkey",
        "second_factor_codes",
        "second_factor_stop",
        "account_logout",
        "set_language",
        "contact",
        "privacy",
        "accessibility",
        "service_worker",
        "health",
        "ready",
        # Only in the demo, 404 elsewhere: to be somebody else, and to read the mails.
        "demo_login",
        "demo_codes",
        "caught_mails",
        "caught_mail",
        "caught_mail_html",
    }
)


class SecondFactorWall:
    """Stands behind the login and in front of every view, ours and the libraries', pages and API. A token is no session:
    what it may do was decided by somebody who had a second factor."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or not isinstance(request.user, User):
            return None
        is_api = request.path_info.startswith("/api/")
        if match.url_name not in OPEN and must_enrol(request.user):
            return (
                _problem(REQUIRED, _("Set up the second step of your login first.")) if is_api else _to(request, SET_UP)
            )
        if match.url_name in ASKED_AGAIN and _changes(request, match.url_name) and not is_fresh(request.session):
            return (
                _problem(NOT_FRESH, _("Show once more that it is you, then send it again."))
                if is_api
                else _to(request, "proof")
            )
        return None


def _changes(request: HttpRequest, name: str) -> bool:
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return False
    if name == "coordinator_protected_student":
        return request.POST.get("decision") == "clear"
    return name != "second_factor" or request.POST.get("action") != "keep"


def _problem(code: str, detail: str) -> HttpResponse:
    body = {
        "type": f"urn:praktiknavet:problem:{code}",
        "title": "Forbidden",
        "status": 403,
        "code": code,
        "detail": detail,
        "errors": [],
        "data": {},
    }
    return JsonResponse(body, status=403, content_type="application/problem+json")


def _to(request: HttpRequest, page: str) -> HttpResponse:
    """There, and afterwards on to what was asked for; what was being sent is kept."""
    if request.method in {"GET", "HEAD"}:
        target = page_behind(request) if request.headers.get("HX-Request") else request.get_full_path()
    else:
        target = reverse("unsent") if unsent.keep(request) else page_behind(request)
    address = f"{reverse(page)}?{urlencode({'next': target})}"
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
