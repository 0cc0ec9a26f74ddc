"""Closing one's account: the page says what happens to each thing, and does it."""

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backend.accounts.models import User
from backend.common.errors import Conflict
from backend.privacy.closing import close_account, list_matters
from backend.web.access import logged_in


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """What stops it, what ends and what stays; a POST with `yes` closes the account."""
    assert isinstance(request.user, User)
    if request.method == "POST" and request.POST.get("yes"):
        try:
            close_account(actor=request.user)
        except Conflict as error:
            messages.error(request, str(error.message))
            return redirect("account_close")
        logout(request)
        messages.success(request, _("Your account is closed."))
        return redirect("start")
    matters = list_matters(request.user)
    groups = {kind: [each for each in matters if each.kind == kind] for kind in ("stops", "ends", "stays")}
    return render(request, "pages/account/close.html", groups)
