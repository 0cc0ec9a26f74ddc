"""The network office helps somebody who has lost their second factor: a reset after a wait, which the person can stop."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from backend.accounts import second_factor
from backend.accounts.models import SecondFactorReset
from backend.accounts.selectors import find_person_by_email
from backend.common.errors import DomainError
from backend.web.access import network
from backend.web.employer import person
from backend.web.form_errors import add_domain_error
from backend.web.numbers import number_in

SHOWN = 50


class ResetForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("The person's e-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    reason = forms.CharField(
        label=gettext_lazy("How you know that it is this person"),
        max_length=second_factor.LONGEST_REASON,
        help_text=gettext_lazy("For example: called on the number in the staff list. It is kept in the log."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


@network
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The resets under way, those that are over, and a form for the next one."""
    user = person(request)
    if request.POST.get("action", "").startswith("stop-"):
        return _stop(request)
    form = ResetForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        found = find_person_by_email(form.cleaned_data["email"])
        if found is None:
            form.add_error("email", _("Nobody has this address."))
        else:
            try:
                second_factor.ask_reset(actor=user, user=found, reason=form.cleaned_data["reason"])
            except DomainError as error:
                if error.status == 403:
                    raise
                add_domain_error(form, error)
            else:
                messages.success(request, _("In 24 hours the second step is gone. The person is told and can stop it."))
                return redirect("network_second_factor")
    rows = SecondFactorReset.objects.select_related("user", "asked_by").order_by("-pk")[:SHOWN]
    context = {
        "form": form,
        "open_rows": [row for row in rows if row.ended_at is None],
        "ended_rows": [row for row in rows if row.ended_at is not None],
    }
    return render(request, "pages/network/second_factor.html", context, status=400 if form.errors else 200)


def _stop(request: HttpRequest) -> HttpResponse:
    number = number_in(request.POST["action"].removeprefix("stop-")) or 0
    try:
        second_factor.stop_reset(actor=person(request), reset_id=number)
    except DomainError as error:
        if error.status in {403, 404}:
            raise
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("Stopped. The person is told."))
    return redirect("network_second_factor")
