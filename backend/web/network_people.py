"""Who acts for the municipalities and at the network office: the office invites, pauses and ends; the invited answer."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from backend.accounts import appointments
from backend.accounts.enums import RoleKind
from backend.accounts.models import Role, RoleInvitation
from backend.accounts.selectors import get_role_invitation_to, holds, list_open_role_invitations, list_roles
from backend.common.errors import DomainError
from backend.reference.models import Municipality
from backend.web.access import logged_in, network
from backend.web.employer import person
from backend.web.form_errors import add_domain_error


class PersonForm(forms.Form):
    """Invites one person to be a coordinator or a colleague at the office."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=appointments.LONGEST_NAME,
        required=False,
        help_text=gettext_lazy("Needed for someone who has no account yet."),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Work"), choices=RoleKind.choices, initial=RoleKind.COORDINATOR)
    municipality = forms.ChoiceField(
        label=gettext_lazy("Municipality"),
        required=False,
        help_text=gettext_lazy("Where a coordinator works. Leave it empty for the network office."),
        error_messages={"invalid_choice": gettext_lazy("Choose from the list.")},
    )
    valid_days = forms.IntegerField(
        label=gettext_lazy("Days to answer"),
        initial=appointments.USUAL_DAYS,
        min_value=1,
        max_value=appointments.LONGEST_DAYS,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["municipality"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Choose")), *Municipality.objects.values_list("pk", "name")]


@network
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """Everybody at the office and every coordinator, the open invitations, and a form for the next one."""
    user = person(request)
    asked = request.GET.get("municipality", "")
    form = PersonForm(request.POST if request.method == "POST" else None, initial={"municipality": asked})
    if form.is_bound and form.is_valid():
        cleaned = form.cleaned_data
        try:
            invited = appointments.invite_to_role(
                actor=user,
                email=cleaned["email"],
                name=cleaned["name"],
                kind=cleaned["kind"],
                municipality_code=cleaned["municipality"],
                valid_days=cleaned["valid_days"],
            )
        except DomainError as error:
            if error.status == 403:
                raise
            add_domain_error(form, error)
        else:
            messages.success(request, _("%(name)s is invited.") % {"name": invited.invitee.name})
            return redirect("network_people")
    roles = [_role_row(role, user.pk) for role in list_roles()]
    context = {
        "form": form,
        "office": [row for row in roles if row["role"].kind == RoleKind.NETWORK],
        "coordinators": [row for row in roles if row["role"].kind == RoleKind.COORDINATOR],
        "invitations": [{"row": each, "holds": holds(each)} for each in list_open_role_invitations()],
    }
    return render(request, "pages/network/people.html", context, status=400 if form.errors else 200)


def _role_row(role: Role, own_id: int) -> dict[str, Any]:
    return {"role": role, "is_self": role.user_id == own_id, "is_closed": not role.user.is_active}


def _button(command: Callable[..., Any], done: "str | Promise") -> Callable[..., HttpResponse]:
    """The view of a button on a row: does it, says so, and shows the list again."""

    @network
    @require_POST
    def view(request: HttpRequest, **kwargs: int) -> HttpResponse:
        try:
            command(actor=person(request), **kwargs)
        except DomainError as error:
            if error.status in {403, 404}:
                raise
            messages.error(request, str(error.message))
        else:
            messages.success(request, str(done))
        return redirect("network_people")

    return view


pause = _button(appointments.pause_role, gettext_lazy("Paused. The person is told."))
resume = _button(appointments.resume_role, gettext_lazy("Resumed. The person is told."))
resend = _button(appointments.resend_role_invitation, gettext_lazy("The invitation is sent again."))
withdraw = _button(appointments.withdraw_role_invitation, gettext_lazy("The invitation is taken back."))


@network
@require_POST
def end(request: HttpRequest, role_id: int) -> HttpResponse:
    """Ends a role for good. Whoever ends their own leaves the network office's pages with it."""
    user = person(request)
    own = Role.objects.filter(pk=role_id, user=user, kind=RoleKind.NETWORK).exists()
    try:
        appointments.end_role(actor=user, role_id=role_id)
    except DomainError as error:
        if error.status in {403, 404}:
            raise
        messages.error(request, str(error.message))
        return redirect("network_people")
    messages.success(request, _("Ended. The person is told."))
    return redirect("home" if own else "network_people")


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """The invited person reads what it is about, and answers. A GET, also a mail scanner's, only shows."""
    user = person(request)
    found = get_role_invitation_to(user, invitation_id)
    if found is None:
        raise Http404
    if request.method == "POST":
        return _answer(request, found)
    context = {"invitation": found, "is_open": holds(found), "is_coordinator": found.kind == RoleKind.COORDINATOR}
    return render(request, "pages/network/invitation.html", context)


def _answer(request: HttpRequest, found: RoleInvitation) -> HttpResponse:
    user = person(request)
    try:
        if request.POST.get("answer") == "no":
            appointments.decline_role_invitation(actor=user, invitation_id=found.pk)
            messages.success(request, _("You have said no to the invitation."))
            return redirect("home")
        appointments.accept_role_invitation(actor=user, invitation_id=found.pk)
    except DomainError as error:
        messages.error(request, str(error.message))
        return redirect("role_invitation", found.pk)
    messages.success(request, _("Welcome. Here is what is waiting for you."))
    return redirect("coordinator_home" if found.kind == RoleKind.COORDINATOR else "network_home")
