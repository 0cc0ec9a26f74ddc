"""The second step of a login: setting up an app or a passkey, the recovery codes, and the page that asks for it.

Without a script everything works but the passkey, which a browser makes and shows by script only.
"""

import json
from typing import Any

import qrcode  # type: ignore[import-untyped]
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.webauthn.internal import auth as webauthn
from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from backend.accounts import second_factor, totp
from backend.accounts.code_forms import NewPasskeyForm
from backend.accounts.models import User
from backend.common import clock
from backend.common.errors import DomainError
from backend.notifications.about_logins import reset_of_token
from backend.organisations.second_factor import must_enrol
from backend.web.access import logged_in, public
from backend.web.form_errors import add_domain_error
from backend.web.numbers import number_in
from backend.web.onward import own_address

SECRET, NEXT = "second_factor_secret", "second_factor_next"
# The square has a margin of four modules, as the standard wants.
BORDER = 4


class AppForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Code from the app"),
        max_length=12,
        help_text=gettext_lazy("Six digits. The app shows a new code every 30 seconds."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def overview(request: HttpRequest) -> HttpResponse:
    """What somebody has, what else there is, and the recovery codes while they are shown."""
    user = _person(request)
    if request.method == "POST":
        return _change(request, user)
    if target := own_address(request, request.GET.get("next", "")):
        request.session[NEXT] = target
    factors = second_factor.factors_of(user)
    context = {
        "factors": factors,
        "passkeys": [{"row": row, "name": row.data["name"]} for row in factors.passkeys],
        "codes": second_factor.shown_recovery_codes(user),
        "is_required": must_enrol(user),
        "may_have_passkeys": _may_have_passkeys(request),
    }
    return render(request, "pages/account/second_factor.html", context)


def _may_have_passkeys(request: HttpRequest) -> bool:
    """A passkey belongs to a name: a service that is opened by its number, as on this machine, has none."""
    host = request.get_host().partition(":")[0]
    return not host.replace(".", "").isdigit() and not host.startswith("[")


def _change(request: HttpRequest, user: User) -> HttpResponse:
    action, _dash, number = request.POST.get("action", "").partition("-")
    try:
        if action == "remove":
            second_factor.remove_second_factor(actor=user, authenticator_id=number_in(number) or 0)
            messages.success(request, _("Removed."))
        elif action == "renew":
            second_factor.renew_recovery_codes(actor=user)
        elif action == "keep":
            second_factor.keep_recovery_codes(actor=user)
            return redirect(own_address(request, request.session.pop(NEXT, "")) or "home")
    except DomainError as error:
        if error.status == 404:
            raise
        messages.error(request, str(error.message))
    return redirect("second_factor")


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def app(request: HttpRequest) -> HttpResponse:
    """The key as a square and in letters, and the form for the first code. The key stays the same until it is used."""
    user = _person(request)
    secret = request.session.get(SECRET)
    if secret is None:
        secret = request.session[SECRET] = totp.make_secret()
    form = AppForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            second_factor.enrol_app(
                actor=user, secret=secret, code=form.cleaned_data["code"], session_key=request.session.session_key or ""
            )
        except DomainError as error:
            add_domain_error(form, error)
        else:
            del request.session[SECRET]
            messages.success(request, _("The app is set up. It is asked for the next time you log in."))
            return redirect("second_factor")
    address = totp.address_for_app(secret, user.email)
    context = {
        "form": form,
        "address": address,
        "square": _square(address),
        "letters": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
    }
    return render(request, "pages/account/second_factor_app.html", context, status=400 if form.errors else 200)


def _square(text: str) -> dict[str, Any]:
    """The QR code of a text as one path of an SVG: its side in modules, and what is drawn."""
    code = qrcode.QRCode(border=BORDER, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(text)
    rows = code.get_matrix()
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark)
    return {"side": len(rows), "path": path}


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def passkey(request: HttpRequest) -> HttpResponse:
    """The browser makes a passkey for this service; the script of the page asks it to."""
    user = _person(request)
    if not _may_have_passkeys(request):
        raise Http404
    form = NewPasskeyForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_bound and form.is_valid():
        try:
            second_factor.enrol_passkey(
                actor=user,
                name=form.cleaned_data["name"],
                credential=form.cleaned_data["credential"],
                session_key=request.session.session_key or "",
            )
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("The passkey is set up. It is asked for the next time you log in."))
            return redirect("second_factor")
    context = {"form": form, "options": json.dumps(webauthn.begin_registration(user, passwordless=False))}
    return render(request, "pages/account/second_factor_passkey.html", context, status=400 if form.errors else 200)


@logged_in
@require_safe
def codes_file(request: HttpRequest) -> HttpResponse:
    """The recovery codes as a text file, for as long as the page shows them; afterwards the page says where one is."""
    codes = second_factor.shown_recovery_codes(_person(request))
    if not codes:
        return redirect("second_factor")
    day = clock.today().isoformat()
    text = "\n".join([_("Recovery codes of Praktiknavet, %(day)s") % {"day": day}, "", *codes, ""])
    name = f"praktiknavet-{day}.txt"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store, private"}
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=headers)


@public
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """From the mail: the person stops a reset they did not ask for. Opening the page only shows it."""
    row = reset_of_token(token)
    if row is None:
        raise Http404
    if request.method == "POST":
        try:
            second_factor.stop_reset(actor=row.user, reset_id=row.pk)
        except DomainError as error:
            messages.error(request, str(error.message))
        else:
            messages.success(request, _("Stopped. Your login works as before, and the network office can see it."))
        return redirect(request.path)
    return render(request, "pages/account/second_factor_stop.html", {"reset": row, "is_open": row.ended_at is None})


class AskView(AuthenticateView):
    """Between the code of the mail and the pages: the second step. Allauth keeps who is being let in."""

    template_name = "pages/account/second_factor_ask.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        factors = second_factor.factors_of(self.stage.login.user)
        options = context.get("js_data", {}).get("request_options") if factors.passkeys else None
        return context | {"factors": factors, "options": json.dumps(options) if options else ""}


@public
def ask(request: HttpRequest) -> HttpResponse:
    """The second step. Whoever is not on the way in goes to the login."""
    response: HttpResponse = AskView.as_view()(request)
    return response
