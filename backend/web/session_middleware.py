"""How long a login lasts, and what the browser keeps of it."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from backend.accounts.models import User
from backend.accounts.sessions import has_ended, note_seen
from backend.notifications.push import forget_browser
from backend.web.device import ACCOUNT, PUSH, read_device, remember

GetResponse = Callable[[HttpRequest], HttpResponse]


class LoginLastsMiddleware:
    """Ends the login of somebody who decides about others when it has rested for an hour or lasted for a day's work. Then
    notes when a session was seen, and in the browser's own cookie whose it was.

    A push subscription goes with the login it was made in: at logout, and when somebody else logs in there.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        before = request.user.pk if isinstance(request.user, User) else None
        if isinstance(request.user, User) and has_ended(request.session, request.user):
            logout(request)
            # Nobody has left: the same person comes back to this browser.
            before = None
            messages.info(request, _("You were logged out because nothing was done here for a while."))
        elif before is not None:
            note_seen(request.session)
        response = self.get_response(request)
        after = request.user.pk if isinstance(request.user, User) else None
        kept = read_device(request)
        owner = kept.get(ACCOUNT) or before
        is_left = before is not None and after is None
        if kept.get(PUSH) and (is_left or (after is not None and owner is not None and owner != after)):
            forget_browser(kept[PUSH], besides=after)
            remember(request, response, **{PUSH: None})
        if after is not None:
            remember(request, response, **{ACCOUNT: after})
        return response
