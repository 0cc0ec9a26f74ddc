"""What every page needs: the person's language, no copies of personal pages, refusals as pages."""

from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_cache_control

from backend.common.errors import DomainError
from backend.web.errors import database_away

GetResponse = Callable[[HttpRequest], HttpResponse]


class UserLanguageMiddleware:
    """The language chosen in the header wins; without a choice, the one of the person's profile."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = request.user.language
        return self.get_response(request)


class PersonalPagesAreNotStored:
    """A shared computer in a school library must not show the last person's pages from its history."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            patch_cache_control(response, no_store=True, private=True)
        return response


class DatabaseAwayMiddleware:
    """A page that could not ask the database says so and when to come again; errors of the frame itself end in
    `errors.server_error`, which does the same."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return database_away(request) if isinstance(exception, OperationalError | InterfaceError) else None


class DomainErrorMiddleware:
    """A refusal that no form caught becomes a page that says what was refused and what to do."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        return render(
            request,
            "pages/errors/refusal.html",
            {"message": exception.message, "status": exception.status, "back": request.path},
            status=exception.status,
        )
