"""Asked again who one is, before something changes who may come in: by the second step, or by a code sent by mail."""

import json

from allauth.mfa.webauthn.internal import auth as webauthn
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from backend.accounts import proof
from backend.accounts.code_forms import PasskeyForm
from backend.accounts.models import User
from backend.accounts.second_factor import factors_of
from backend.accounts.sessions import note_proof
from backend.common.errors import DomainError
from backend.web.access import logged_in
from backend.web.form_errors import add_domain_error
from backend.web.onward import own_address

NEXT = "proof_next"


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The code of the app, a passkey, or for those who have neither a code by mail; then on to what was asked for."""
    user = request.user
    assert isinstance(user, User)
    if target := own_address(request, request.GET.get("next", "")):
        request.session[NEXT] = target
    factors = factors_of(user)
    form = CodeForm()
    if request.method == "POST" and request.POST.get("action") == "send" and not factors:
        try:
            proof.send_code(request, user)
        except DomainError as error:
            messages.error(request, str(error.message))
        return redirect("proof")
    if request.method == "POST" and factors.passkeys and "credential" in request.POST:
        answer = PasskeyForm(request.POST, user=user)
        if answer.is_valid():
            note_proof(request.session)
            return _onward(request)
        messages.error(request, _("The passkey was not read. Try again, or use a code."))
        return redirect("proof")
    if request.method == "POST":
        form = CodeForm(request.POST)
        if form.is_valid():
            try:
                proof.prove(request, user, form.cleaned_data["code"])
            except DomainError as error:
                add_domain_error(form, error)
            else:
                return _onward(request)
    context = {
        "form": form,
        "factors": factors,
        "is_sent": proof.has_code(request),
        "options": json.dumps(webauthn.begin_authentication(user)) if factors.passkeys else "",
    }
    return render(request, "pages/account/proof.html", context, status=400 if form.errors else 200)


def _onward(request: HttpRequest) -> HttpResponse:
    return redirect(own_address(request, request.session.pop(NEXT, "")) or "home")
