"""Who an organisation is: what is known of whoever registered it, and a form for what a coordinator has checked."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from backend.accounts.policies import is_network_office
from backend.common.errors import DomainError
from backend.offers.models import Offer
from backend.organisations import confirmation, policies
from backend.organisations.enums import OrganisationKind
from backend.organisations.models import Organisation
from backend.organisations.selectors import contacts_of
from backend.web.access import coordinator_or_network
from backend.web.employer import person
from backend.web.form_errors import add_domain_error, takes_form
from backend.web.forms.reasons import ReasonForm


class ConfirmForm(forms.Form):
    how = forms.ChoiceField(
        label=gettext_lazy("What have you checked?"),
        choices=[(each.value, each.label) for each in confirmation.BY_HAND],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what you have checked.")},
    )
    note = forms.CharField(
        label=gettext_lazy("Note for the colleagues"), max_length=confirmation.LONGEST_NOTE, required=False
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=OrganisationKind.choices)

    def __init__(self, *args: Any, may_choose_kind: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_choose_kind:
            del self.fields["kind"]


def _organisation(request: HttpRequest, organisation_id: int) -> Organisation:
    rows = Organisation.objects.select_related("registered_by", "confirmed_by", "municipality")
    found = get_object_or_404(rows, pk=organisation_id)
    if not policies.can_see_confirmation(person(request), found):
        raise Http404
    return found


@coordinator_or_network
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, organisation_id: int) -> HttpResponse:
    """What is known of it; says that somebody has made sure."""
    user, organisation = person(request), _organisation(request, organisation_id)
    form = ConfirmForm(
        request.POST if request.method == "POST" else None,
        may_choose_kind=is_network_office(user),
        initial={"kind": organisation.kind},
    )
    if form.is_bound and form.is_valid():
        try:
            confirmation.confirm_organisation(actor=user, organisation_id=organisation.pk, **form.cleaned_data)
        except DomainError as error:
            if error.status in {403, 404}:
                raise
            add_domain_error(form, error)
        else:
            messages.success(request, _("%(name)s is confirmed.") % {"name": organisation.name})
            return redirect("organisation_confirm", organisation.pk)
    context = {
        "form": form,
        "organisation": organisation,
        "may_choose_kind": is_network_office(user),
        "may_confirm": policies.can_confirm(user, organisation),
        "workplaces": organisation.workplaces.select_related("municipality").order_by("name", "pk"),
        "contacts": contacts_of([organisation.pk]).get(organisation.pk, []),
        "published": Offer.objects.filter(organisation=organisation, published_at__isnull=False).count(),
    }
    return render(request, "pages/coordinator/organisation_confirm.html", context, status=400 if form.errors else 200)


def _page(request: HttpRequest, organisation_id: int) -> str:
    _organisation(request, organisation_id)
    return reverse("organisation_confirm", args=[organisation_id])


@coordinator_or_network
@takes_form(ReasonForm, page=_page)
def unconfirm(request: HttpRequest, form: ReasonForm, organisation_id: int) -> HttpResponse:
    """It turned out otherwise."""
    found = confirmation.unconfirm_organisation(
        actor=person(request), organisation_id=organisation_id, reason=form.cleaned_data["reason"]
    )
    messages.success(request, _("%(name)s is unconfirmed again, and trusted nowhere.") % {"name": found.name})
    return redirect("organisation_confirm", organisation_id)
