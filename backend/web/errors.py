"""The pages for what went wrong: 400, 403, 404, 500, and 503 while the database is away."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

RETRY_AFTER_SECONDS = 5


def _page(request: HttpRequest, status: int, message: str) -> HttpResponse:
    return render(
        request, "pages/errors/refusal.html", {"message": message, "status": status, "back": "/"}, status=status
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 400, _("The request could not be understood."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 403, _("You do not have access to this page."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 404, _("There is no such page. It may have been moved or closed."))


def server_error(request: HttpRequest) -> HttpResponse:
    # Django calls this inside its `except`: the error is the one being handled.
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return database_away(request)
    return _page(request, 500, _("Something went wrong on our side. Nothing you did was lost; try again in a moment."))


def database_away(request: HttpRequest) -> HttpResponse:
    """503 with Retry-After. Made without context processors: those would ask the database who is looking."""
    path = request.get_full_path() if request.method in {"GET", "HEAD"} else "/"
    page = render_to_string("pages/errors/away.html", {"language": get_language() or "sv", "path": path})
    return HttpResponse(
        page, status=503, headers={"Retry-After": str(RETRY_AFTER_SECONDS), "Cache-Control": "no-store"}
    )
