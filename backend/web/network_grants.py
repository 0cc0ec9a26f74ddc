"""The network office gives and takes back grants for protected identities, and sees how they are used."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from backend.accounts.enums import RoleKind
from backend.accounts.models import ProtectedGrant, Role
from backend.accounts.services import LONGEST_REASON, give_grant, revoke_grant
from backend.common import clock
from backend.common.errors import DomainError
from backend.exchange.words import in_words
from backend.reference.models import Municipality
from backend.students.protection import list_looks
from backend.web.access import network
from backend.web.cursors import page_of
from backend.web.employer import person
from backend.web.form_errors import add_domain_error

ENDED_SHOWN = 20


class GrantForm(forms.Form):
    """user: "<role id>", which names the person and the municipality at once."""

    user = forms.ChoiceField(
        label=gettext_lazy("Coordinator"),
        error_messages={"invalid_choice": gettext_lazy("Choose a coordinator from the list.")},
    )
    valid_until = forms.DateField(
        label=gettext_lazy("Valid until"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("A year at most. It ends by itself."),
        error_messages={"invalid": gettext_lazy("Enter a date such as 2027-01-25.")},
    )
    reason = forms.CharField(
        label=gettext_lazy("Why this person needs to know"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.roles = {
            str(role.pk): role
            for role in Role.objects.in_force()
            .filter(kind=RoleKind.COORDINATOR)
            .select_related("user", "municipality")
            .order_by("municipality__name", "user__name", "pk")
        }
        field = self.fields["user"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Choose"))] + [
            (pk, f"{role.municipality.name if role.municipality else ''}: {role.user.name}")
            for pk, role in self.roles.items()
        ]


@network
@require_http_methods(["GET", "HEAD", "POST"])
def grants(request: HttpRequest) -> HttpResponse:
    """Who may know, until when and why; and every look, without saying at whom."""
    form = GrantForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        role = form.roles[form.cleaned_data["user"]]
        try:
            give_grant(
                actor=person(request),
                user=role.user,
                municipality_code=role.municipality_id or "",
                valid_until=form.cleaned_data["valid_until"],
                reason=form.cleaned_data["reason"],
            )
        except DomainError as error:
            if error.status == 403:
                raise
            add_domain_error(form, error)
        else:
            messages.success(request, _("%(name)s has a grant now.") % {"name": role.user.name})
            return redirect("network_grants")
    today = clock.today()
    rows = ProtectedGrant.objects.select_related("user", "municipality", "granted_by", "revoked_by")
    standing = rows.filter(revoked_at__isnull=True, valid_until__gte=today).order_by(
        "municipality__name", "user__name", "pk"
    )
    ended = rows.exclude(revoked_at__isnull=True, valid_until__gte=today).order_by("-granted_at", "-pk")
    looks = page_of(list_looks(), ("-pk",), request.GET.get("after", ""))
    names = dict(Municipality.objects.filter(pk__in={_place(each) for each in looks.rows}).values_list("pk", "name"))
    return render(
        request,
        "pages/network/grants.html",
        {
            "form": form,
            "standing": standing,
            "ended": ended[:ENDED_SHOWN],
            "looks": [
                {
                    "at": each.at,
                    "who": each.actor.name if each.actor else "",
                    "what": in_words(each.action),
                    "where": names.get(_place(each), ""),
                }
                for each in looks.rows
            ],
            "next_cursor": looks.next_cursor,
        },
        status=400 if form.errors else 200,
    )


def _place(entry: Any) -> str:
    return str(entry.data.get("municipality", ""))


@network
@require_POST
def revoke(request: HttpRequest, grant_id: int) -> HttpResponse:
    """Ends a grant at once."""
    try:
        grant = revoke_grant(actor=person(request), grant_id=grant_id)
    except DomainError as error:
        if error.status in {403, 404}:
            raise
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("The grant of %(name)s is taken back.") % {"name": grant.user.name})
    return redirect("network_grants")
