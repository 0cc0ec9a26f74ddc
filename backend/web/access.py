"""Who may come to a page at all. Every view wears exactly one of these; a test walks the routes and checks.

They answer the first question (is this person of the right kind?). The second one (is it theirs?) is asked by the
querysets and commands that the view calls.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.policies import is_coordinator, is_network_office
from backend.common.errors import NotAllowed
from backend.web.unsent import discard_when_sent, login_first

View = Callable[..., HttpResponse]
Test = Callable[[User], bool]


def public(view: View) -> View:
    """Open to everyone, with or without an account."""
    view.access = "public"  # type: ignore[attr-defined]
    return view


def _requires(name: str, test: Test) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return login_first(request)
            assert isinstance(request.user, User)
            if not test(request.user):
                raise NotAllowed(
                    f"web.not_{name}", _("Your account has no access to this page. Log in with another one to see it.")
                )
            discard_when_sent(request)
            return view(request, *args, **kwargs)

        guarded.access = name  # type: ignore[attr-defined]
        return guarded

    return decorate


logged_in = _requires("logged_in", lambda user: True)
student = _requires("student", lambda user: hasattr(user, "student"))
guardian = _requires("guardian", lambda user: user.guardianships.exists())
employer = _requires("employer", lambda user: user.memberships.exists())
coordinator = _requires("coordinator", is_coordinator)
network = _requires("network", is_network_office)
employer_or_coordinator = _requires(
    "employer_or_coordinator", lambda user: user.memberships.exists() or is_coordinator(user)
)
coordinator_or_network = _requires(
    "coordinator_or_network", lambda user: is_coordinator(user) or is_network_office(user)
)
