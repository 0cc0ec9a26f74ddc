"""What somebody has typed into a long form and not sent: kept in the session and shown again on the next visit.

A page that keeps drafts wears `@keeps_drafts` outermost, calls `restore(request, form)` and draws its form with
`{% autosave %}` and `<c-draft />` above it. The draft goes when the form is sent, thrown away, or the person logs out. A form
that is sent after the login has ended is kept as well: the person logs in and finds everything as it was.
"""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from backend.common import clock
from backend.web.access import logged_in
from backend.web.device import is_of_this_account, last_account
from backend.web.versions import SEEN

View = Callable[..., HttpResponse]

KEY = "drafts"
MOST_DRAFTS = 3
LONGEST = 20_000
PAGE_FIELD = "_page"
NOT_KEPT = ("csrfmiddlewaretoken", PAGE_FIELD)


def keeps_drafts(view: View) -> View:
    """Marks a form's page, ends its draft when the form was accepted, keeps what arrives after the login has ended."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and not request.user.is_authenticated:
            keep(request, request.path, request.POST)
            messages.info(request, _("Your login had ended. Log in again: what you wrote is kept."))
        response = view(request, *args, **kwargs)
        if request.method == "POST" and request.user.is_authenticated and response.status_code == 302:
            discard(request, request.path)
        return response

    guarded.keeps_drafts = True  # type: ignore[attr-defined]
    return guarded


def keep(request: HttpRequest, path: str, data: QueryDict) -> bool:
    """Keeps the fields of one form, the newest three forms of a session. False when there is too much text to keep."""
    fields = data.copy()
    for name in NOT_KEPT:
        fields.pop(name, None)
    text = fields.urlencode()
    if len(text) > LONGEST:
        return False
    drafts = dict(request.session.get(KEY, {}))
    drafts.pop(path, None)
    drafts[path] = {"fields": text, "at": clock.now().isoformat(), "of": last_account(request)}
    request.session[KEY] = dict(list(drafts.items())[-MOST_DRAFTS:])
    return True


def discard(request: HttpRequest, path: str) -> None:
    drafts = dict(request.session.get(KEY, {}))
    if drafts.pop(path, None) is not None:
        request.session[KEY] = drafts


def restore(request: HttpRequest, form: forms.Form) -> datetime | None:
    """Puts the page's draft into an unbound form, for nobody but whoever wrote it. Returns when it was kept; None when
    there is nothing to show."""
    draft = request.session.get(KEY, {}).get(request.path)
    if draft is None or form.is_bound or not is_of_this_account(request, draft["of"]):
        return None
    fields = QueryDict(draft["fields"])
    for name, field in form.fields.items():
        if isinstance(field, forms.MultipleChoiceField):
            form.initial[name] = fields.getlist(name)
        elif isinstance(field, forms.BooleanField):
            form.initial[name] = name in fields
        elif name in fields:
            form.initial[name] = fields[name]
    if SEEN in fields and hasattr(form, "version"):
        # The draft began from what stood there then.
        form.version = fields[SEEN]
    return datetime.fromisoformat(draft["at"])


def _page(request: HttpRequest) -> str:
    """The path of the form's page. 404 for anything that keeps no drafts."""
    path = request.POST.get(PAGE_FIELD, "")
    try:
        view = resolve(path).func
    except Resolver404 as error:
        raise Http404 from error
    if not getattr(view, "keeps_drafts", False):
        raise Http404
    return path


@logged_in
@require_POST
def autosave(request: HttpRequest) -> HttpResponse:
    """Keeps the form as it stands: 204, or 413 when it is too long to keep."""
    return HttpResponse(status=204 if keep(request, _page(request), request.POST) else 413)


@logged_in
@require_POST
def throw_away(request: HttpRequest) -> HttpResponse:
    """Starts the form again without the draft."""
    path = _page(request)
    discard(request, path)
    messages.success(request, _("The draft is thrown away."))
    return redirect(path)
