"""Where somebody is logged in: each device, when it was last seen and roughly from where; one press ends the others."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from backend.accounts.models import User
from backend.accounts.sessions import end_other_sessions, list_sessions
from backend.web.access import logged_in


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The sessions. A POST ends all but this one; ending the others needs no further proof, whoever is in a hurry is right."""
    assert isinstance(request.user, User)
    key = request.session.session_key or ""
    if request.method == "POST":
        ended = end_other_sessions(actor=request.user, key=key)
        text = ngettext("%(number)d other login was ended.", "%(number)d other logins were ended.", ended)
        messages.success(request, text % {"number": ended})
        return redirect("sessions")
    rows = [{"row": row, "is_this": row.session_key == key} for row in list_sessions(request.user)]
    rows.sort(key=lambda each: not each["is_this"])
    return render(request, "pages/account/sessions.html", {"rows": rows, "has_others": len(rows) > 1})
