"""The pages where the code of a mail is typed: how many tries are left, and what to do when the code is worth nothing."""

from typing import Any

from allauth.account.views import ConfirmEmailVerificationCodeView, ConfirmLoginCodeView
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backend.accounts.code_forms import TOO_MANY, SixDigits
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
        if isinstance(form, SixDigits):
            self.request.session[REMEMBER] = bool(form.cleaned_data.get("remember"))
        response: HttpResponse = super().form_valid(form)
        return response


class EmailCodeView(CountsTries, ConfirmEmailVerificationCodeView):
    pass


@public
def confirm_code(request: HttpRequest) -> HttpResponse:
    """The code of a login. Where allauth gives up (too late, an old page) this says so, and does not forget where the
    person was going."""
    return _or_to_login(request, LoginCodeView.as_view()(request), reverse("account_request_login_code"))


@public
def confirm_email(request: HttpRequest) -> HttpResponse:
    """The code of a new account or of a further address."""
    return _or_to_login(request, EmailCodeView.as_view()(request), reverse("account_login"))


def _or_to_login(request: HttpRequest, response: HttpResponse, given_up: str) -> HttpResponse:
    if response.status_code != 302 or response["Location"] != given_up:
        return response
    if not len(messages.get_messages(request)):
        messages.error(request, _("The code is no longer valid. Ask for a new one."))
    return _to_login(request)


def _to_login(request: HttpRequest) -> HttpResponse:
    return redirect_to_login(request.POST.get("next") or request.GET.get("next") or reverse("home"))
