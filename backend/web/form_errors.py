"""What is wrong with a form, shown where the person can mend it: on its page, next to the field, with what was typed.

A form that stands on its own page is bound and drawn by its view; `add_domain_error` puts a command's refusal into it.
A form that stands on another page than the address that takes it (a reason under a button, a note beside a row) is
declared with `takes_form`:

    @coordinator
    @takes_form(ReasonForm, page="round")
    def cancel(request, form, round_id):
        lifecycle.cancel_round(..., reason=form.cleaned_data["reason"])

The page draws it with `{% form_for "round_cancel" round_id=round.pk as cancel %}`, which gives `cancel.action` and
`cancel.form`. When something is wrong or the command refuses, that page is drawn again with the form as it was sent. If the
form does not stand there any more, because somebody else was faster, the page says at its top what was refused and shows
what was written.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, cast
from urllib.parse import urlsplit

from django.contrib import messages
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import Resolver404, ResolverMatch, get_resolver, resolve, reverse
from django.views.decorators.http import require_POST

from backend.common.errors import DomainError

View = Callable[..., HttpResponse]
Maker = Callable[..., BaseForm]
HERE = "<!-- what was refused -->"
LONGEST_SHOWN = 20_000
HANDLED = frozenset({400, 409})
"""The refusals that a person can act on where they are; 403 and 404 have pages of their own."""


def add_domain_error(form: BaseForm, error: DomainError) -> None:
    """Puts the refusal next to the field it names, or above the form when it belongs to no field.

    A form whose fields are called otherwise than the command's has `field_of(name)`.
    """
    name = form.field_of(error.field) if hasattr(form, "field_of") else error.field
    form.add_error(name if name in form.fields else None, str(error.message))


@dataclass
class Refused:
    """A form as it was sent to an address, with its errors. is_drawn: whether it stands on the page that is drawn again."""

    action: str
    form: BaseForm
    is_drawn: bool = False

    def sentences(self) -> Iterator[str]:
        """What is wrong, above all fields and field by field."""
        yield from (str(text) for text in self.form.non_field_errors())
        for field in self.form:
            yield from (f"{field.label}: {text}" for text in field.errors)

    def written(self) -> Iterator[tuple[str, str]]:
        """The texts that were sent, with their labels. Not choices: those are made anew."""
        for field in self.form:
            value = field.value()
            if isinstance(value, str) and value.strip() and not hasattr(field.field, "choices"):
                yield str(field.label), value[:LONGEST_SHOWN]


@dataclass(frozen=True)
class EmbeddedForm:
    """A form for the page it stands on. is_refused: it was sent just now and is shown again."""

    action: str
    form: BaseForm
    is_refused: bool


def takes_form(make: Maker, *, page: "str | Callable[..., str]") -> Callable[[View], View]:
    """Decorates the view of an address that takes a form from a page: it is called with a valid form after the request.

    make: a form class, or a function of (request, data, auto_id, the address's arguments) for a form that depends on them;
    one that answers to data with an unbound form only has the page shown with it.
    page: the name of the page with the same arguments, or a function of (request, the arguments) that gives its address.
    The view has the access decorator above this one; the page checks for itself who may see it.
    """

    def decorate(view: View) -> View:
        @require_POST
        @wraps(view)
        def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            address = reverse(page, kwargs=kwargs) if isinstance(page, str) else page(request, **kwargs)
            form = made(make, request, request.path, request.POST, kwargs)
            status = 400 if form.is_bound else 200
            if form.is_valid():
                try:
                    return view(request, form, **kwargs)
                except DomainError as error:
                    if error.status not in HANDLED:
                        raise
                    add_domain_error(form, error)
                    status = error.status
            return shown_again(request, form, address, status=status)

        guarded.form_maker = make  # type: ignore[attr-defined]
        guarded.page = page  # type: ignore[attr-defined]
        return cast(View, guarded)

    return decorate


def shown_on(page: str) -> Callable[[View], View]:
    """Names the page of an address that only takes a POST and draws that page by itself: the way back leads there."""

    def decorate(view: View) -> View:
        view.page = page  # type: ignore[attr-defined]
        return view

    return decorate


def made(make: Maker, request: HttpRequest, action: str, data: "QueryDict | None", kwargs: dict[str, Any]) -> BaseForm:
    """The form of an address. Ids carry the address: many forms of a kind may stand on one page."""
    auto_id = action.strip("/").replace("/", "-") + "-%s"
    return make(data, auto_id=auto_id) if isinstance(make, type) else make(request, data, auto_id, **kwargs)


@lru_cache(maxsize=512)
def _view_of(name: str) -> View:
    """The view behind the name of an address."""
    for pattern in _patterns(get_resolver().url_patterns):
        if pattern.name == name:
            return cast(View, pattern.callback)
    raise LookupError(f"no address is called {name!r}")


def _patterns(patterns: Any) -> Iterator[Any]:
    for each in patterns:
        if hasattr(each, "url_patterns"):
            yield from _patterns(each.url_patterns)
        else:
            yield each


def embedded(request: HttpRequest, name: str, kwargs: dict[str, Any], *, is_drawn: bool) -> EmbeddedForm:
    """The form of an address for the page it stands on, with what was sent when it was refused just now.

    is_drawn: False for a look at its values that does not show it.
    """
    action = reverse(name, kwargs=kwargs)
    refused: Refused | None = getattr(request, "refused", None)
    if refused is not None and refused.action == action:
        refused.is_drawn = refused.is_drawn or is_drawn
        return EmbeddedForm(action, refused.form, is_refused=True)
    make = _view_of(name).form_maker  # type: ignore[attr-defined]
    return EmbeddedForm(action, made(make, request, action, None, kwargs), is_refused=False)


def shown_again(request: HttpRequest, form: BaseForm, address: str, *, status: int) -> HttpResponse:
    """The page at this address, or the one of ours that the form was sent from, with the form as it was sent."""
    refused = Refused(request.path, form)
    came_from = page_left(request)
    for shown in dict.fromkeys(filter(None, (came_from, address))):
        refused.is_drawn = False
        is_its_page = urlsplit(shown).path == urlsplit(address).path
        try:
            response = _page_at(request, shown, refused)
        except (Http404, DomainError):
            if shown == address:
                raise
            continue
        is_page = response.status_code == 200 and not response.streaming
        if is_page and (refused.is_drawn or is_its_page):
            return _with_refusal(request, response, refused, status)
    # The page leads on, to where the matter stands now: there it is said.
    for text in refused.sentences():
        messages.error(request, text)
    return response


def _page_at(request: HttpRequest, address: str, refused: Refused) -> HttpResponse:
    """Calls the view of a page of ours within this request, which is a GET of that page from here on."""
    parts = urlsplit(address)
    match: ResolverMatch = resolve(parts.path)
    request.method = "GET"
    request.path = request.path_info = parts.path
    request.META["QUERY_STRING"] = parts.query
    request.GET, request.POST = QueryDict(parts.query), QueryDict()
    request.resolver_match = match
    request.refused = refused  # type: ignore[attr-defined]
    return cast(HttpResponse, match.func(request, *match.args, **match.kwargs))


def _with_refusal(request: HttpRequest, response: HttpResponse, refused: Refused, status: int) -> HttpResponse:
    """Says at the top of the page what a form that does not stand on it any more was refused for."""
    said = ""
    if not refused.is_drawn:
        said = render_to_string("pages/errors/refused.html", {"refused": refused}, request)
    response.content = response.content.decode().replace(HERE, said).encode()
    response.status_code = status
    return response


def page_left(request: HttpRequest) -> str:
    """The page of ours that the person came from, as an address that can be opened. Empty when that is not known.

    A page that was drawn again for a form stands under an address that only takes a POST: then the page of that form.
    """
    came_from = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer", ""))
    path = came_from.path
    if came_from.netloc != request.get_host() or not path.startswith("/") or path.startswith("//"):
        return ""
    try:
        match = resolve(path)
    except Resolver404:
        return ""
    page = getattr(match.func, "page", None)
    if page is None:
        return path + (f"?{came_from.query}" if came_from.query else "")
    return reverse(page, kwargs=match.kwargs) if isinstance(page, str) else str(page(request, **match.kwargs))


def back_with(request: HttpRequest, error: DomainError) -> "HttpResponse | None":
    """After a button whose command refuses: the page the person came from, which says so. None when that is not known."""
    is_button = request.method == "POST" and not getattr(request, "htmx", False)
    address = page_left(request) if is_button and error.status in HANDLED else ""
    if not address:
        return None
    messages.error(request, str(error.message))
    return redirect(address)
