"""A copy of what is kept about the person, or about a guardian's child: asked for and fetched on one page."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from backend.accounts.models import User
from backend.common.errors import DomainError
from backend.privacy.models import DataCopy
from backend.privacy.selectors import list_children_of, list_copies_of
from backend.privacy.services import fetch_data_copy, request_data_copy
from backend.web.access import logged_in


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The copies, and the way to ask for another one. POST: `child`, the number of a child, or nothing."""
    assert isinstance(request.user, User)
    if request.method == "POST":
        child = request.POST.get("child", "")
        if child and not (child.isascii() and child.isdecimal() and len(child) < 19):
            raise Http404
        try:
            request_data_copy(actor=request.user, child_id=int(child) if child else None)
        except DomainError as error:
            if error.status == 404:
                raise
            messages.error(request, str(error.message))
        else:
            messages.success(request, _("The copy is being made. You get a mail when it is ready."))
        return redirect("own_data")
    rows = [_row(copy) for copy in list_copies_of(request.user)]
    context = {
        "rows": rows,
        "children": list_children_of(request.user),
        "is_waiting": any(row["copy"].standing == "waiting" for row in rows),
    }
    return render(request, "pages/account/own_data.html", context)


def _row(copy: DataCopy) -> dict[str, Any]:
    words = {
        "waiting": (_("Being made"), "info"),
        "ready": (_("Ready"), "success"),
        "failed": (_("Could not be made"), "danger"),
        "withdrawn": (_("Not available any more"), "neutral"),
    }
    standing, color = words[copy.standing]
    whose = _("Your own data") if copy.child is None else copy.child.user.name
    return {"copy": copy, "whose": whose, "standing": standing, "color": color, "is_ready": copy.standing == "ready"}


@logged_in
@require_safe
def file(request: HttpRequest, copy_id: int) -> HttpResponse:
    """The zip file, for the asker alone."""
    assert isinstance(request.user, User)
    content = fetch_data_copy(actor=request.user, copy_id=copy_id)
    response = HttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = 'attachment; filename="praktiknavet.zip"'
    patch_cache_control(response, no_store=True, private=True)
    return response
