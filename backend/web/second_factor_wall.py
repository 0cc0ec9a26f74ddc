"""Whoever has to have a second factor and has none yet meets the page where it is set up, whatever they ask for."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from backend.accounts.models import User
from backend.organisations.second_factor import must_enrol
from backend.web import unsent
from backend.web.errors import page_behind

GetResponse = Callable[[HttpRequest], HttpResponse]
CODE = "second_factor.required"
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
        if match is None or match.url_name in OPEN or not isinstance(request.user, User):
            return None
        if not must_enrol(request.user):
            return None
        if request.path_info.startswith("/api/"):
            return _problem()
        return _to_set_up(request)


def _problem() -> HttpResponse:
    body = {
        "type": f"urn:praktiknavet:problem:{CODE}",
        "title": "Forbidden",
        "status": 403,
        "code": CODE,
        "detail": _("Set up the second step of your login first."),
        "errors": [],
        "data": {},
    }
    return JsonResponse(body, status=403, content_type="application/problem+json")


def _to_set_up(request: HttpRequest) -> HttpResponse:
    """There, and afterwards on to what was asked for; what was being sent is kept."""
    if request.method in {"GET", "HEAD"}:
        target = page_behind(request) if request.headers.get("HX-Request") else request.get_full_path()
    else:
        target = reverse("unsent") if unsent.keep(request) else page_behind(request)
    address = f"{reverse('second_factor')}?{urlencode({'next': target})}"
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
