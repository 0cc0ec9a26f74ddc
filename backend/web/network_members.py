"""The members of the network as rows that can be kept, and the picture of what skills a municipality can supply."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from backend.common import clock
from backend.common.errors import DomainError
from backend.organisations.network_members import LONGEST_SOURCE, add_membership, end_membership
from backend.reference.enums import EvidenceGrade
from backend.reference.models import Municipality, NetworkMembership
from backend.web.access import network
from backend.web.employer import person
from backend.web.form_errors import add_domain_error, takes_form

Row = dict[str, Any]


class MemberForm(forms.Form):
    municipality = forms.ChoiceField(
        label=gettext_lazy("Municipality"), error_messages={"invalid_choice": gettext_lazy("Choose from the list.")}
    )
    valid_from = forms.DateField(
        label=gettext_lazy("Member from"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": gettext_lazy("Enter a date such as 2027-01-25.")},
    )
    evidence = forms.ChoiceField(label=gettext_lazy("How well it is known"), choices=EvidenceGrade.choices)
    source = forms.CharField(
        label=gettext_lazy("Source"),
        max_length=LONGEST_SOURCE,
        required=False,
        help_text=gettext_lazy("Where it stands, such as an address. A confirmed membership needs one."),
    )
    note = forms.CharField(
        label=gettext_lazy("Note"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["municipality"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Choose")), *Municipality.objects.values_list("pk", "name")]


@network
@require_http_methods(["GET", "HEAD", "POST"])
def members(request: HttpRequest) -> HttpResponse:
    """Every membership with its days and its evidence, those in force first. POST adds one."""
    form = MemberForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        cleaned = form.cleaned_data
        try:
            saved = add_membership(
                actor=person(request),
                municipality_code=cleaned["municipality"],
                valid_from=cleaned["valid_from"],
                evidence=cleaned["evidence"],
                note=cleaned["note"],
                source=cleaned["source"],
            )
        except DomainError as error:
            if error.status == 403:
                raise
            add_domain_error(form, error)
        else:
            messages.success(request, _("%(name)s is in the list.") % {"name": saved.municipality.name})
            return redirect("network_members")
    today = clock.today()
    rows = list(NetworkMembership.objects.select_related("municipality__county"))
    context = {
        "form": form,
        "standing": [row for row in rows if row.valid_to is None or row.valid_to >= today],
        "ended": [row for row in rows if row.valid_to is not None and row.valid_to < today],
        "confirmed": sum(row.evidence == EvidenceGrade.CONFIRMED and row.valid_to is None for row in rows),
    }
    return render(request, "pages/network/members.html", context, status=400 if form.errors else 200)


class EndForm(forms.Form):
    last_day = forms.DateField(
        label=gettext_lazy("Last day"),
        initial=clock.today,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": gettext_lazy("Enter a date such as 2027-01-25.")},
    )


def _members(request: HttpRequest, membership_id: int) -> str:
    get_object_or_404(NetworkMembership, pk=membership_id)
    return reverse("network_members")


@network
@takes_form(EndForm, page=_members)
def end(request: HttpRequest, form: EndForm, membership_id: int) -> HttpResponse:
    """Ends a membership after the day that was sent."""
    last_day = form.cleaned_data["last_day"]
    ended = end_membership(actor=person(request), membership_id=membership_id, last_day=last_day)
    messages.success(request, _("The membership of %(name)s is ended.") % {"name": ended.municipality.name})
    return redirect("network_members")
