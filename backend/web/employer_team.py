"""Colleagues: who belongs to the organisation, inviting one more, and asking one to answer an applicant."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from backend.applications import forwarding
from backend.applications.selectors import get_application
from backend.common import clock
from backend.common.errors import DomainError
from backend.organisations import team as commands
from backend.organisations.enums import MembershipRole
from backend.organisations.models import Organisation
from backend.organisations.selectors import (
    get_invitation_to,
    list_colleagues,
    list_member_users,
    list_open_invitations,
    list_organisations_of,
)
from backend.web.access import employer, logged_in
from backend.web.employer import person
from backend.web.form_errors import add_domain_error, takes_form


class InvitationForm(forms.Form):
    """Invites one person by e-mail."""

    organisation = forms.ChoiceField(label=gettext_lazy("Organisation"))
    email = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=254)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120, required=False)

    def __init__(self, *args: object, organisations: list[Organisation], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choices = self.fields["organisation"]
        assert isinstance(choices, forms.ChoiceField)
        choices.choices = [(str(each.pk), each.name) for each in organisations]
        choices.initial = choices.choices[0][0]


@employer
@require_http_methods(["GET", "HEAD", "POST"])
def team(request: HttpRequest) -> HttpResponse:
    """The colleagues of each own organisation, the open invitations, and a form for the next one."""
    user = person(request)
    organisations = list_organisations_of(user)
    form = InvitationForm(request.POST or None, organisations=organisations)
    if request.method == "POST" and form.is_valid():
        chosen = next(each for each in organisations if str(each.pk) == form.cleaned_data["organisation"])
        try:
            commands.invite_colleague(
                actor=user, organisation=chosen, email=form.cleaned_data["email"], name=form.cleaned_data["name"]
            )
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("The invitation has been sent. It is valid for 14 days."))
            return redirect("employer_team")
    members = list_colleagues(user)
    owned = {each.organisation_id for each in members if each.user_id == user.pk and each.role == MembershipRole.OWNER}
    context = {
        "form": form,
        "several": len(organisations) > 1,
        "waits_for_confirmation": not any(each.is_confirmed for each in organisations),
        "invitations": list_open_invitations(user),
        "members": [
            {
                "membership": each,
                "is_self": each.user_id == user.pk,
                "can_change": each.organisation_id in owned and each.user_id != user.pk,
                "remove_url": reverse("employer_member_remove", args=[each.pk]),
                "is_owner": each.role == MembershipRole.OWNER,
            }
            for each in members
        ],
    }
    return render(request, "pages/employer/team.html", context, status=400 if form.errors else 200)


@employer
@require_POST
def role(request: HttpRequest, membership_id: int) -> HttpResponse:
    """An owner changes a colleague's role."""
    try:
        commands.set_role(actor=person(request), membership_id=membership_id, role=request.POST.get("role", ""))
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("The role is changed."))
    return redirect("employer_team")


@employer
@require_POST
def remove(request: HttpRequest, membership_id: int) -> HttpResponse:
    """An owner removes a colleague, or somebody leaves."""
    user = person(request)
    try:
        commands.remove_member(actor=user, membership_id=membership_id)
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("The person no longer belongs to the organisation."))
    return redirect("employer_team" if user.memberships.exists() else "home")


@employer
@require_POST
def withdraw(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """Takes an open invitation back."""
    try:
        commands.withdraw_invitation(actor=person(request), invitation_id=invitation_id)
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("The invitation is taken back."))
    return redirect("employer_team")


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """The invited person reads who asks, and answers. A GET, also a mail scanner's, only shows."""
    user = person(request)
    found = get_invitation_to(user, invitation_id)
    if found is None:
        raise Http404
    if request.method == "POST":
        try:
            if request.POST.get("answer") == "no":
                commands.decline_invitation(actor=user, invitation_id=found.pk)
            else:
                commands.accept_invitation(actor=user, invitation_id=found.pk)
        except DomainError as error:
            messages.error(request, str(error.message))
            return redirect("invitation", found.pk)
        if request.POST.get("answer") == "no":
            messages.success(request, _("You have said no to the invitation."))
            return redirect("home")
        messages.success(request, _("Welcome to %(organisation)s.") % {"organisation": found.organisation.name})
        return redirect("employer_home")
    is_open = found.ended_at is None and found.expires_at > clock.now()
    return render(request, "pages/employer/invitation.html", {"invitation": found, "is_open": is_open})


class ColleagueForm(forms.Form):
    """Whom to ask to answer an applicant."""

    colleague = forms.TypedChoiceField(
        label=gettext_lazy("Colleague"),
        coerce=int,
        error_messages={"invalid_choice": gettext_lazy("Choose one of your colleagues.")},
    )


def _colleagues(request: HttpRequest, data: Any, auto_id: str, application_id: int) -> ColleagueForm:
    found = get_application(person(request), application_id)
    if found is None:
        raise Http404
    form, organisation = ColleagueForm(data, auto_id=auto_id), found.period.offer.organisation_id
    people = [(each.pk, each.name) for each in list_member_users(organisation) if each != request.user]
    form.fields["colleague"].choices = people  # type: ignore[attr-defined]
    return form


@employer
@takes_form(_colleagues, page="employer_application")
def ask_colleague(request: HttpRequest, form: ColleagueForm, application_id: int) -> HttpResponse:
    """Sends a colleague to an applicant."""
    forwarding.ask_colleague(
        actor=person(request), application_id=application_id, colleague_id=form.cleaned_data["colleague"]
    )
    messages.success(request, _("Your colleague is asked."))
    return redirect("employer_application", application_id)
