"""The pages where a code is asked for and typed: how many tries are left, and what to do when the code is worth nothing."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.views import ConfirmEmailVerificationCodeView, ConfirmLoginCodeView, RequestLoginCodeView
from allauth.core.exceptions import RateLimited
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backend.accounts.code_forms import TOO_MANY, SixDigits
from backend.accounts.login_by_code import ask_for_code, open_account, send_code_again
from backend.accounts.sessions import REMEMBER
from backend.web.access import public


class CountsTries:
    """A wrong code is answered with the tries that are left; the last wrong one ends the code."""

    request: HttpRequest
    _process: Any

    def form_invalid(self, form: Any) -> HttpResponse:
        if not isinstance(form, SixDigits):
            return super().form_invalid(form)  # type: ignore[misc]
        if form.has_error("code", TOO_MANY):
            # Nothing was compared, so nothing is counted.
            return self.render_to_response(self.get_context_data(form=form))  # type: ignore[attr-defined]
        if not self._process.record_invalid_attempt():
            messages.error(
                self.request, _("That was one wrong code too many, so the code no longer works. Ask for a new one.")
            )
            return _to_login(self.request)
        left = self._process.max_attempts - self._process.state["failed_attempts"]
        tries = ngettext("You have %(number)d try left.", "You have %(number)d tries left.", left) % {"number": left}
        form.errors["code"] = form.error_class([f"{form.errors['code'][0]} {tries}"])
        return self.render_to_response(self.get_context_data(form=form))  # type: ignore[attr-defined]


class LoginCodeView(CountsTries, ConfirmLoginCodeView):
    def form_valid(self, form: Any) -> HttpResponse:
        if not isinstance(form, SixDigits):
            return self._send_again()
        self.request.session[REMEMBER] = bool(form.cleaned_data.get("remember"))
        if self._process.user is None:
            open_account(self._process)
        response: HttpResponse = super().form_valid(form)
        return response

    def _send_again(self) -> HttpResponse:
        try:
            send_code_again(self._process)
        except RateLimited:
            messages.error(self.request, get_adapter().error_messages["rate_limited"])
        return HttpResponseRedirect(self.passthrough_next_url(reverse("account_confirm_login_code")))


class EmailCodeView(CountsTries, ConfirmEmailVerificationCodeView):
    pass


class CodeRequestView(RequestLoginCodeView):
    """A login and a new account are the same question; what the page says differs."""

    def form_valid(self, form: Any) -> HttpResponse:
        ask_for_code(self.request, user=form._user, email=form.cleaned_data["email"])  # noqa: SLF001 - as the library does
        return HttpResponseRedirect(self.get_success_url())


@public
def request_code(request: HttpRequest) -> HttpResponse:
    return CodeRequestView.as_view()(request)


@public
def sign_up(request: HttpRequest) -> HttpResponse:
    return CodeRequestView.as_view(template_name="account/signup.html")(request)


@public
def confirm_code(request: HttpRequest) -> HttpResponse:
    """The code of a login. Where allauth gives up (too late, an old page) this says so, and does not forget where the
    person was going."""
    return _or_to_login(request, LoginCodeView.as_view()(request), reverse("account_request_login_code"))


@public
def confirm_email(request: HttpRequest) -> HttpResponse:
    """The code of a further address."""
    return _or_to_login(request, EmailCodeView.as_view()(request), reverse("account_login"))


def _or_to_login(request: HttpRequest, response: HttpResponse, given_up: str) -> HttpResponse:
    if response.status_code != 302 or response["Location"] != given_up:
        return response
    if not len(messages.get_messages(request)):
        messages.error(request, _("The code is no longer valid. Ask for a new one."))
    return _to_login(request)


def _to_login(request: HttpRequest) -> HttpResponse:
    return redirect_to_login(request.POST.get("next") or request.GET.get("next") or reverse("home"))
