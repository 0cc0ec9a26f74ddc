"""How a person is reached: the address, browsers that may ring, the number for text messages. And the service worker."""

import json
from functools import lru_cache

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backend.accounts.models import User
from backend.accounts.phones import set_phone
from backend.common.errors import Conflict, DomainError, Invalid
from backend.notifications import opt_in, push, services, vapid
from backend.notifications.enums import ChannelName
from backend.notifications.provider_reports import bounced_channels, trust_address_again
from backend.web.access import logged_in, public
from backend.web.device import PUSH, remember
from backend.web.form_errors import add_domain_error
from backend.web.forms.reach import PhoneForm

LARGEST_SUBSCRIPTION = 8_000


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Everything about reaching a person on one page; POST saves the number."""
    person = _person(request)
    form = PhoneForm(request.POST or None, initial={"phone": person.phone, "wants_sms": person.wants_sms})
    if request.method == "POST" and form.is_valid():
        try:
            set_phone(actor=person, user=person, **form.cleaned_data)
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("reach")
    keys = vapid.keys()
    context = {
        "form": form,
        "bounced": bounced_channels(person),
        "push_key": keys.public if keys else "",
        "browsers": person.push_subscriptions.all() if keys else [],
        "has_sms": opt_in.is_set_up(ChannelName.SMS),
    }
    return render(request, "pages/notifications/reach.html", context, status=400 if form.errors else 200)


@logged_in
@require_POST
def trust_address(request: HttpRequest) -> HttpResponse:
    """The person says that messages to the address arrive again."""
    channel = request.POST.get("channel", "")
    if channel in ChannelName.values:
        trust_address_again(actor=_person(request), user=_person(request), channel=channel)
        messages.success(request, _("The next message goes there again."))
    return redirect("reach")


@logged_in
@require_POST
def try_it(request: HttpRequest) -> HttpResponse:
    """A trial message to oneself, on every way there is."""
    try:
        services.send_trial(actor=_person(request))
    except Conflict as error:
        messages.info(request, str(error.message))
    else:
        messages.success(request, _("A trial message is on its way."))
    return redirect("reach")


@logged_in
@require_POST
def add_browser(request: HttpRequest) -> JsonResponse:
    """What the page's script sends after the person said yes: `PushSubscription.toJSON()`. 201, or 400 with a message."""
    try:
        keys = _subscription_in(request)
        row = push.subscribe(
            actor=_person(request), keys=keys, browser=push.browser_name(request.headers.get("User-Agent", ""))
        )
    except DomainError as error:
        return JsonResponse({"message": str(error.message)}, status=error.status)
    messages.success(request, _("This browser now tells you. Send yourself a trial message to see it."))
    answer = JsonResponse({}, status=201)
    remember(request, answer, **{PUSH: row.pk})
    return answer


def _subscription_in(request: HttpRequest) -> push.BrowserKeys:
    """Raises Invalid for a body that is no subscription."""
    try:
        if int(request.headers.get("Content-Length") or 0) > LARGEST_SUBSCRIPTION:
            raise ValueError("too large")
        body = json.loads(request.body)
        parts = body["endpoint"], body["keys"]["p256dh"], body["keys"]["auth"]
        if not all(isinstance(part, str) for part in parts):
            raise TypeError("not text")
    except (RawPostDataException, ValueError, LookupError, TypeError) as error:  # the first: a form instead of JSON
        raise Invalid("push.bad_keys", _("The browser’s keys cannot be read. Try again.")) from error
    return push.BrowserKeys(*parts)


@logged_in
@require_POST
def remove_browser(request: HttpRequest, subscription_id: int) -> HttpResponse:
    push.unsubscribe(actor=_person(request), subscription_id=subscription_id)
    messages.success(request, _("That browser is quiet from now on."))
    return redirect("reach")


@public
@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """At the root, since a worker's reach is the folder it comes from. Asked for again at every visit, so it is never old."""
    return HttpResponse(
        _worker_source(), content_type="text/javascript; charset=utf-8", headers={"Cache-Control": "no-cache"}
    )


@lru_cache(maxsize=1)
def _worker_source() -> str:
    return (settings.TEMPLATES_DIR / "static" / "js" / "sw.js").read_text(encoding="utf-8")
