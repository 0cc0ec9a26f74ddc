"""Logging in through a school or a company, and the page where people see and end what is connected to their account.

Whoever comes back from a provider with a login that nobody has connected is asked to log in here once in the usual way,
and then whether to connect the two. So an account is never opened by an e-mail address that another service names.
"""

import secrets
from datetime import datetime, timedelta
from urllib.parse import urlencode

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from backend.accounts import identities, openid
from backend.accounts.models import OpenIdentity, User
from backend.accounts.openid import Claim, Provider
from backend.common import clock
from backend.common.errors import DomainError
from backend.web.access import logged_in, public
from backend.web.numbers import number_in
from backend.web.onward import own_address

PENDING, NEXT = "openid_pending", "openid_next"
KEPT = timedelta(minutes=15)


def _provider(slug: str) -> Provider:
    found = openid.provider_by(slug)
    if found is None:
        raise Http404
    return found


def _name_of(issuer: str) -> str:
    return next((row.name for row in openid.list_providers() if openid.is_same_issuer(row.issuer, issuer)), issuer)


@public
@require_GET
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """To the provider's login page."""
    provider = _provider(slug)
    request.session[NEXT] = own_address(request, request.GET.get("next", ""))
    back = request.build_absolute_uri(reverse("openid_answer", args=[slug]))
    try:
        return openid.send_to(provider, request, back)
    except DomainError as error:
        messages.error(request, str(error.message))
        return redirect("connections" if request.user.is_authenticated else "account_login")


@public
@require_GET
def answer(request: HttpRequest, slug: str) -> HttpResponse:
    """Back from the provider: log in, or ask whether to connect."""
    provider = _provider(slug)
    try:
        claim = openid.read_answer(provider, request)
    except DomainError as error:
        messages.error(request, str(error.message))
        return redirect("connections" if request.user.is_authenticated else "account_login")
    user = identities.user_behind(claim)
    if user is None:
        return _ask_to_connect(request, provider, claim)
    if request.user.is_authenticated:
        if user == request.user:
            messages.info(request, _("This login is connected to your account already."))
        else:
            messages.error(request, _("This login is connected to another account."))
        return redirect("connections")
    if not user.is_active:
        messages.error(request, _("This account is closed."))
        return redirect("account_login")
    target = request.session.pop(NEXT, "")
    # Allauth's way in, which asks for the second step of those who have one.
    return perform_login(request, Login(user=user, redirect_url=target or reverse("home")))


def _ask_to_connect(request: HttpRequest, provider: Provider, claim: Claim) -> HttpResponse:
    until = clock.now() + KEPT
    request.session[PENDING] = {
        "issuer": claim.issuer,
        "subject": claim.subject,
        "label": claim.label,
        "until": until.isoformat(),
        # Whoever began it, where somebody did: nobody else is asked. The key is the question's own: an answer to another
        # question connects nothing.
        "of": request.user.pk,
        "key": secrets.token_urlsafe(16),
    }
    if request.user.is_authenticated:
        return redirect("connections")
    messages.info(
        request,
        _(
            "Your login at %(name)s is not connected to an account here yet. Log in once with a code, or create an"
            " account; then we ask whether to connect them."
        )
        % {"name": provider.name},
    )
    return redirect(f"{reverse('account_login')}?{urlencode({'next': reverse('connections')})}")


def _pending(request: HttpRequest) -> Claim | None:
    kept = request.session.get(PENDING)
    is_somebody_elses = kept and kept["of"] not in {None, request.user.pk}
    if not kept or is_somebody_elses or datetime.fromisoformat(kept["until"]) <= clock.now():
        request.session.pop(PENDING, None)
        return None
    return Claim(kept["issuer"], kept["subject"], kept["label"])


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def connections(request: HttpRequest) -> HttpResponse:
    """What opens the account, besides the code by mail."""
    assert isinstance(request.user, User)
    pending = _pending(request)
    if request.method == "POST":
        return _change(request, request.user, pending)
    rows = list(OpenIdentity.objects.filter(user=request.user).order_by("connected_at", "pk"))
    connected = {row.issuer.rstrip("/") for row in rows}
    context = {
        "rows": [{"identity": row, "name": _name_of(row.issuer)} for row in rows],
        "pending": _name_of(pending.issuer) if pending else "",
        "pending_label": pending.label if pending else "",
        "pending_key": request.session[PENDING]["key"] if pending else "",
        "possible": [row for row in openid.list_providers() if row.issuer.rstrip("/") not in connected],
    }
    return render(request, "pages/account/connections.html", context)


def _change(request: HttpRequest, user: User, pending: Claim | None) -> HttpResponse:
    action, _dash, number = request.POST.get("action", "").partition("-")
    try:
        if action == "disconnect":
            identities.disconnect_identity(actor=user, identity_id=number_in(number) or 0)
            messages.success(request, _("Disconnected. You log in with a code by mail."))
        elif action == "connect" and pending is not None and request.POST.get("key") == request.session[PENDING]["key"]:
            identities.connect_identity(actor=user, claim=pending)
            messages.success(request, _("Connected. Next time you can log in that way."))
        elif action == "connect":
            messages.error(request, _("That took too long. Choose the login once more."))
    except DomainError as error:
        messages.error(request, str(error.message))
    if action in {"connect", "forget"}:
        request.session.pop(PENDING, None)
    return redirect("connections")
