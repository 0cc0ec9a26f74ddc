"""What every page needs: the person's language, no copies of personal pages, refusals as pages."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import DataError, InterfaceError, OperationalError, transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseNotFound, QueryDict
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.utils import translation
from django.utils.cache import patch_cache_control

from backend.accounts.models import AccountSession
from backend.common.errors import DomainError
from backend.common.text import clean_text
from backend.web.errors import bad_request, database_away, not_a_page, not_found, way_back
from backend.web.form_errors import back_with

GetResponse = Callable[[HttpRequest], HttpResponse]
LOGIN_PAGES = "/konto/"
FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}


class CodesWorkOnceMiddleware:
    """Who sends a login code twenty times at once gets in once, and five wrong guesses at once are five guesses.

    The code, and how often it was guessed at, lie in the visitor's session: the requests of one visitor to the pages of
    the login take their turn at its row, and each finds what the one before has left. Stands outside the middleware that
    reads and writes the session.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        if request.method != "POST" or not key or not request.path_info.startswith(LOGIN_PAGES):
            return self.get_response(request)
        with transaction.atomic():
            AccountSession.objects.select_for_update().filter(pk=key).first()
            return self.get_response(request)


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
    """A shared computer in a school library must not show the last person's pages from its history, and no proxy keeps a page
    that was made for one visitor. Also says what no page of ours asks a browser for."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        if response.has_header("Cache-Control"):
            return response
        if request.user.is_authenticated:
            patch_cache_control(response, no_store=True, private=True)
        elif response.headers.get("Content-Type", "").startswith("text/html"):
            # Each page holds the visitor's own token against forged forms.
            patch_cache_control(response, no_cache=True, private=True)
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


class OwnNotFoundMiddleware:
    """With DEBUG on, Django answers a missing page with a list of every address there is. Here it is the page that
    production shows. Only the demo's settings name it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_djangos_own = settings.DEBUG and isinstance(response, HttpResponseNotFound)
        return not_found(request) if is_djangos_own else response


class CleanTextMiddleware:
    """What somebody types or pastes is composed and free of invisible characters before any page reads it, so that it is
    compared and stored as it looks. Addresses and forms alike; what programs post without a form is left as it is."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.GET = _cleaned(request.GET)  # type: ignore[assignment]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any) -> None:
        # The check against forgery has read the form by now, and nobody has read the others.
        if request.method == "POST" and request.content_type in FORMS and not getattr(view, "csrf_exempt", False):
            request.POST = _cleaned(request.POST)  # type: ignore[assignment]


def _cleaned(query: QueryDict) -> QueryDict:
    """The same names with clean values. A NUL stays for whoever refuses it."""
    clean = {
        name: [value if "\0" in value else clean_text(value) for value in values] for name, values in query.lists()
    }
    if all(clean[name] == values for name, values in query.lists()):
        return query
    return QueryDict(urlencode([(name, value) for name, values in clean.items() for value in values]))


class NulIsNoTextMiddleware:
    """No keyboard types a NUL character and no text in PostgreSQL holds one. Forms say so at the field; where it stands in
    an address or in what no form has read, the request is one that cannot be understood, and no error of ours."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        is_of_nul = isinstance(exception, DataError | ValueError) and _holds_nul(request)
        return bad_request(request, exception) if is_of_nul else None


def _holds_nul(request: HttpRequest) -> bool:
    sent = (value for query in (request.GET, request.POST) for _name, values in query.lists() for value in values)
    return "\0" in request.path_info or any("\0" in str(value) for value in sent)


class DomainErrorMiddleware:
    """A refusal that no form caught becomes a page that says what was refused and what to do. So does the address of a
    button that somebody opens as a page, by reloading it or by choosing the other language there: it would be empty."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and request.method == "GET" and not response.content:
            page = not_a_page(request)
            page["Allow"] = response["Allow"]
            return page
        return response

    def process_template_response(self, request: HttpRequest, response: TemplateResponse) -> TemplateResponse:
        """The pages of allauth answer 200 to a form with errors; here that is a 400, as on every other page."""
        drawn = (response.context_data or {}).values()
        if response.status_code == 200 and any(isinstance(each, BaseForm) and each.errors for each in drawn):
            response.status_code = 400
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        if answer := back_with(request, exception):
            return answer
        return render(
            request,
            "pages/errors/refusal.html",
            {"message": exception.message, "status": exception.status, "back": way_back(request)},
            status=exception.status,
        )
