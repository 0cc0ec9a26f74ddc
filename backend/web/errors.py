"""The pages for what went wrong: 400, 403, 404, 500, and 503 while the database is away."""

import sys
from urllib.parse import urlsplit

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from backend.web.form_errors import page_left

RETRY_AFTER_SECONDS = 5


def _page(request: HttpRequest, status: int, message: str, back: str = "/") -> HttpResponse:
    return render(
        request, "pages/errors/refusal.html", {"message": message, "status": status, "back": back}, status=status
    )


def is_ours(request: HttpRequest, address: str) -> bool:
    """Whether an address a browser names (Origin, Referer) is one of this site."""
    return bool(address) and urlsplit(address).netloc == request.get_host()


def page_behind(request: HttpRequest) -> str:
    """The page that somebody pressed a button on, else their first page."""
    return page_left(request) or reverse("home")


def way_back(request: HttpRequest) -> str:
    """Where "Go back" leads after a refusal: the page of ours that the person came from, else their first page.

    Not the refused address: it refuses again, and many take only a POST and could not be opened.
    """
    path = page_left(request)
    if path and (request.method == "POST" or path != request.get_full_path()):
        return path
    return reverse("home") if request.user.is_authenticated else "/"


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 400, _("The request could not be understood."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 403, _("You do not have access to this page."), way_back(request))


def not_a_page(request: HttpRequest) -> HttpResponse:
    context = {"message": _("This is no page but where a button leads. Go back and press it there.")}
    return render(
        request, "pages/errors/refusal.html", context | {"status": 405, "back": way_back(request)}, status=405
    )


def too_many_requests(request: HttpRequest) -> HttpResponse:
    context = {"message": _("That was too often in a short time. Wait a few minutes and try again.")}
    return render(
        request, "pages/errors/refusal.html", context | {"status": 429, "back": way_back(request)}, status=429
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 404, _("There is no such page. It may have been moved or closed."), way_back(request))


def server_error(request: HttpRequest) -> HttpResponse:
    # Django calls this inside its `except`: the error is the one being handled.
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return database_away(request)
    # Once more the same page and no other: finding out where somebody came from may be what went wrong.
    again = request.get_full_path() if request.method in {"GET", "HEAD"} else "/"
    return _page(request, 500, _("Nothing that was saved is lost. Try again in a moment."), again)


def database_away(request: HttpRequest) -> HttpResponse:
    """503 with Retry-After. Made without context processors: those would ask the database who is looking."""
    path = request.get_full_path() if request.method in {"GET", "HEAD"} else "/"
    page = render_to_string("pages/errors/away.html", {"language": get_language() or "sv", "path": path})
    return HttpResponse(
        page, status=503, headers={"Retry-After": str(RETRY_AFTER_SECONDS), "Cache-Control": "no-store"}
    )
