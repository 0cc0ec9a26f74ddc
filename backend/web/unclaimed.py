"""Organisations that nobody here belongs to: who stands in, whom they invite, and who asks to answer for them."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backend.applications import services
from backend.applications.board import list_unclaimed_applications
from backend.applications.models import Application
from backend.common.errors import DomainError
from backend.common.weeks import ago
from backend.organisations import claims, policies, team
from backend.organisations.enums import ClaimState
from backend.organisations.models import Organisation, OrganisationClaim
from backend.organisations.selectors import contacts_of, list_claims_to_decide, whom_to_call
from backend.web.access import coordinator_or_network, logged_in
from backend.web.cursors import page_of
from backend.web.employer import person
from backend.web.employer_forms import DeclineForm
from backend.web.form_errors import add_domain_error, takes_form


@coordinator_or_network
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Who waits where nobody answers, oldest first, and who asks to answer there."""
    user = person(request)
    page = page_of(list_unclaimed_applications(user), ("submitted_at", "pk"), request.GET.get("after", ""))
    contacts = contacts_of([each.period.offer.organisation_id for each in page.rows])
    rows = [
        {
            "pk": each.pk,
            "name": each.student.display_name,
            "motivation": each.motivation,
            "offer": each.period.offer,
            "organisation": each.period.offer.organisation,
            "start": each.period.start,
            "end": each.period.end,
            "waited": ago(each.submitted_at),
            "contact": whom_to_call(
                contacts.get(each.period.offer.organisation_id, []), each.period.offer.workplace_id
            ),
        }
        for each in page.rows
    ]
    asked = [{"claim": claim, "speaks_for": claims.speaks_for(claim)} for claim in list_claims_to_decide(user)]
    context = {"rows": rows, "next_cursor": page.next_cursor, "claims": asked}
    return render(request, "pages/coordinator/unclaimed.html", context)


def _waiting(request: HttpRequest, application_id: int) -> Application:
    return get_object_or_404(list_unclaimed_applications(person(request)), pk=application_id)


def _page_of_application(request: HttpRequest, application_id: int) -> str:
    _waiting(request, application_id)
    return reverse("coordinator_unclaimed")


@coordinator_or_network
@require_POST
def offer_seat(request: HttpRequest, application_id: int) -> HttpResponse:
    """On behalf of the organisation, after a call: a seat is offered and held."""
    found = _waiting(request, application_id)
    try:
        services.offer_seat(actor=person(request), application_id=found.pk)
    except DomainError as error:
        if error.status in {403, 404}:
            raise
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("%(name)s is offered a seat.") % {"name": found.student.display_name})
    return redirect("coordinator_unclaimed")


@coordinator_or_network
@takes_form(DeclineForm, page=_page_of_application)
def decline(request: HttpRequest, form: DeclineForm, application_id: int) -> HttpResponse:
    """On behalf of the organisation: no, with a reason."""
    found = _waiting(request, application_id)
    services.decline_application(actor=person(request), application_id=found.pk, **form.cleaned_data)
    messages.success(request, _("%(name)s has your answer.") % {"name": found.student.display_name})
    return redirect("coordinator_unclaimed")


class InviteForm(forms.Form):
    """Somebody from the organisation, who answers from then on."""

    email = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=254)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120, required=False)


def _nobodys(request: HttpRequest, organisation_id: int) -> Organisation:
    """404 unless the reader stands in for the organisation."""
    organisation = get_object_or_404(Organisation, pk=organisation_id)
    if not policies.can_stand_in_for(person(request), organisation):
        raise Http404
    return organisation


def _page_of_organisation(request: HttpRequest, organisation_id: int) -> str:
    _nobodys(request, organisation_id)
    return reverse("coordinator_unclaimed")


@coordinator_or_network
@takes_form(InviteForm, page=_page_of_organisation)
def invite(request: HttpRequest, form: InviteForm, organisation_id: int) -> HttpResponse:
    """Asks somebody from the organisation to join; whoever says yes first becomes its owner."""
    organisation = _nobodys(request, organisation_id)
    team.invite_colleague(actor=person(request), organisation=organisation, **form.cleaned_data)
    messages.success(request, _("The invitation is sent. It holds for 14 days."))
    return redirect("coordinator_unclaimed")


class DecisionForm(forms.Form):
    """Yes, or no with a reason."""

    answer = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=[("yes", gettext_lazy("Yes, they answer for it")), ("no", gettext_lazy("No"))],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose yes or no.")},
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=claims.LONGEST_REASON,
        required=False,
        help_text=gettext_lazy("Needed for a no. The person reads it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


def _page_of_claim(request: HttpRequest, claim_id: int) -> str:
    """404 for a claim that somebody else decides, or that is decided."""
    get_object_or_404(list_claims_to_decide(person(request)), pk=claim_id)
    return reverse("coordinator_unclaimed")


@coordinator_or_network
@takes_form(DecisionForm, page=_page_of_claim)
def decide(request: HttpRequest, form: DecisionForm, claim_id: int) -> HttpResponse:
    """Yes or no to somebody who says that they work there."""
    cleaned = form.cleaned_data
    claims.decide_claim(
        actor=person(request), claim_id=claim_id, approves=cleaned["answer"] == "yes", reason=cleaned["reason"]
    )
    messages.success(request, _("Decided. The person is told."))
    return redirect("coordinator_unclaimed")


class ClaimForm(forms.Form):
    """What somebody says about themselves, with an address they have proved."""

    role = forms.CharField(
        label=gettext_lazy("What you do there"),
        max_length=claims.LONGEST_ROLE,
        help_text=gettext_lazy("Such as: production manager"),
    )
    email = forms.ChoiceField(
        label=gettext_lazy("Your work address"),
        help_text=gettext_lazy(
            "One that you have confirmed here. An address of the organisation's own is decided fastest."
        ),
        error_messages={"invalid_choice": gettext_lazy("Choose an address that you have confirmed.")},
    )

    def __init__(self, *args: Any, addresses: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["email"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(each.lower(), each) for each in addresses]


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: HttpRequest, organisation_id: int) -> HttpResponse:
    """Somebody asks to answer for the organisation they work at. 404 for one that has never been imported."""
    user = person(request)
    organisation = get_object_or_404(Organisation.objects.exclude(source=""), pk=organisation_id)
    form = ClaimForm(request.POST if request.method == "POST" else None, addresses=claims.proved_addresses(user))
    if form.is_bound and form.is_valid():
        try:
            claims.claim_organisation(actor=user, organisation_id=organisation.pk, **form.cleaned_data)
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("You have asked. You hear when it is decided."))
            return redirect("organisation_claim", organisation.pk)
    context = {
        "form": form,
        "organisation": organisation,
        "has_people": policies.has_people(organisation.pk),
        "last": OrganisationClaim.objects.filter(organisation=organisation, user=user).order_by("-pk").first(),
        "open_state": ClaimState.OPEN,
    }
    return render(request, "pages/employer/claim.html", context, status=400 if form.errors else 200)
