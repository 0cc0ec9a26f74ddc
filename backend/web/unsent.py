"""What somebody sent after the login had ended, or from a page that was open while they logged in anew: kept, so that they
log in, read it once more and send it with one press. Forms that keep drafts (`drafts`) do without: they are simply filled in.
"""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from backend.common import clock
from backend.web.device import is_of_this_account, last_account
from backend.web.errors import forbidden, is_ours, page_behind, way_back

KEY, MARK = "unsent", "_unsent"
KEPT = timedelta(hours=1)
LONGEST = 20_000
# Up to so many letters a single field is a button that was pressed, and no text that would be missed.
LONGEST_BUTTON = 20


def login_first(request: HttpRequest) -> HttpResponse:
    """To the login page, and from there to the page that was asked for, or on with what was being sent."""
    if request.method != "POST":
        target = page_behind(request) if request.htmx else request.get_full_path()  # type: ignore[attr-defined]
    elif getattr(request.resolver_match.func if request.resolver_match else None, "keeps_drafts", False):
        target = request.get_full_path()
    elif not request.htmx and keep(request):  # type: ignore[attr-defined]
        target = reverse("unsent")
        messages.info(request, _("Your login had ended. Log in again: what you wrote is kept."))
    else:
        target = page_behind(request)
        messages.info(request, _("Your login had ended. Log in again and press once more."))
    answer = redirect_to_login(target)
    if request.htmx:  # type: ignore[attr-defined]
        # A fragment cannot hold the login page: the whole page goes there.
        return HttpResponse(headers={"HX-Redirect": answer["Location"]})
    return answer


def sent_from_an_old_page(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's check against forged requests refused a form. Where one of our own pages sent it, somebody has logged in or
    out in another tab meanwhile: it is shown to them, and sent when they press once more. Anything else is refused."""
    if not is_ours(request, request.headers.get("Origin") or request.headers.get("Referer", "")):
        return forbidden(request)
    if not request.COOKIES:
        message = _(
            "Your browser keeps no cookies for this site. Without them nothing can be sent: allow them and try again."
        )
        context = {"message": message, "status": 403, "back": way_back(request)}
        return render(request, "pages/errors/refusal.html", context, status=403)
    view = request.resolver_match.func if request.resolver_match else None
    if getattr(view, "access", "public") != "public" and keep(request):
        return redirect("unsent")
    messages.info(request, _("The page had been open for long and nothing was sent. Press once more."))
    return redirect(way_back(request))


def keep(request: HttpRequest) -> bool:
    """Keeps the fields of a form. False when there is nothing in it that anybody would miss, or too much to keep."""
    fields = request.POST.copy()
    fields.pop("csrfmiddlewaretoken", None)
    texts = [value for _name, values in fields.lists() for value in values if value]
    is_button = len(texts) < 2 and all(len(text) <= LONGEST_BUTTON for text in texts)
    if is_button or len(fields.urlencode()) > LONGEST:
        return False
    request.session[KEY] = {
        "to": request.get_full_path(),
        "from": page_behind(request),
        "fields": fields.urlencode(),
        "had_files": bool(request.FILES),
        "at": clock.now().isoformat(),
        "of": last_account(request),
    }
    return True


def discard_when_sent(request: HttpRequest) -> None:
    """Once it has been sent the page does not offer it a second time."""
    if MARK in request.GET:
        request.session.pop(KEY, None)


def kept(request: HttpRequest) -> dict[str, Any] | None:
    """The address it goes to, its fields, and of those the texts a person typed. None when there is nothing
    (any more), or when somebody else sent it from this browser."""
    found = request.session.get(KEY)
    if not found or datetime.fromisoformat(found["at"]) + KEPT <= clock.now():
        return None
    if not is_of_this_account(request, found["of"]):
        return None
    fields = [(name, value) for name, values in QueryDict(found["fields"]).lists() for value in values]
    texts = [value for _name, value in fields if len(value) > LONGEST_BUTTON or " " in value.strip()]
    to = found["to"] + ("&" if "?" in found["to"] else "?") + urlencode({MARK: 1})
    return found | {"to": to, "fields": fields, "texts": texts}
