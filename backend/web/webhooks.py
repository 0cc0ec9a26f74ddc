"""Webhooks of an organisation or a municipality: register, see the secret once, follow what was sent, send again."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from backend.accounts.models import User
from backend.accounts.policies import municipalities_coordinated_by
from backend.common.errors import DomainError, NotFound
from backend.exchange.enums import EndpointState
from backend.exchange.models import WebhookEndpoint
from backend.exchange.webhooks import services
from backend.exchange.webhooks.kinds import KINDS, TRIAL
from backend.exchange.webhooks.selectors import get_webhook, list_deliveries_of, list_webhooks_of
from backend.organisations.enums import MembershipRole
from backend.organisations.models import Organisation
from backend.reference.models import Municipality
from backend.web.access import employer_or_coordinator
from backend.web.cursors import page_of
from backend.web.employer import person
from backend.web.form_errors import add_domain_error
from backend.web.versions import unchanged, watch

COLORS = {EndpointState.ACTIVE: "success", EndpointState.DISABLED: "danger"}
DELIVERY_COLORS = {"done": "success", "dead": "danger"}


def _owners(user: User) -> list[tuple[str, str]]:
    """Whose webhooks the user keeps: organisations owned, municipalities coordinated."""
    owned = Organisation.objects.filter(memberships__user=user, memberships__role=MembershipRole.OWNER)
    towns = Municipality.objects.filter(pk__in=municipalities_coordinated_by(user))
    return [(f"o{each.pk}", each.name) for each in owned.order_by("name", "pk")] + [
        (f"m{each.pk}", each.name) for each in towns
    ]


class WebhookForm(forms.Form):
    owner = forms.ChoiceField(label=gettext_lazy("For"))
    url = forms.URLField(
        label=gettext_lazy("Address"),
        max_length=300,
        assume_scheme="https",
        help_text=gettext_lazy("Where your system listens. It must begin with https:// and lead to the open internet."),
    )
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("What it is told"),
        choices=[(kind, label) for kind, label in KINDS.items() if kind != TRIAL],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, owners: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = owners  # type: ignore[attr-defined]
        if owners:
            self.fields["owner"].initial = owners[0][0]


@employer_or_coordinator
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The addresses, and a form for a new one. The answer to the form shows the secret, this once."""
    user = person(request)
    owners = _owners(user)
    form = WebhookForm(request.POST or None, owners=owners)
    secret, made = "", None
    if request.method == "POST" and form.is_valid():
        owner = form.cleaned_data["owner"]
        organisation = Organisation.objects.filter(pk=int(owner[1:])).first() if owner.startswith("o") else None
        try:
            made, secret = services.register_webhook(
                actor=user,
                url=form.cleaned_data["url"],
                kinds=form.cleaned_data["kinds"],
                organisation=organisation,
                municipality_code=owner[1:] if owner.startswith("m") else "",
            )
        except DomainError as error:
            add_domain_error(form, error)
    context = {
        "form": None if made or not owners else form,
        "several": len(owners) > 1,
        "made": made,
        "secret": secret,
        "rows": [_row(each) for each in list_webhooks_of(user)],
        "may_manage": bool(owners),
    }
    return render(request, "pages/exchange/webhooks.html", context, status=400 if form.errors else 200)


def _row(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {
        "endpoint": endpoint,
        "owner": endpoint.organisation or endpoint.municipality,
        "state": endpoint.get_state_display(),
        "color": COLORS.get(EndpointState(endpoint.state), "neutral"),
        "kinds": [str(KINDS.get(kind, kind)) for kind in endpoint.kinds],
    }


def _own(request: HttpRequest, endpoint_id: int) -> WebhookEndpoint:
    found = get_webhook(person(request), endpoint_id)
    if found is None:
        raise Http404
    return found


@employer_or_coordinator
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """What was sent to an address. POST changes the address or the kinds; `renew` shows a new secret, this once."""
    found = _own(request, endpoint_id)
    owner = f"o{found.organisation_id}" if found.organisation_id else f"m{found.municipality_id}"
    changes = request.method == "POST" and "renew" not in request.POST
    rows = WebhookEndpoint.objects.filter(pk=found.pk)

    def made(data: Any = None) -> WebhookForm:
        now = rows.get()
        return WebhookForm(data, owners=[(owner, "")], initial={"url": now.url, "kinds": now.kinds, "owner": owner})

    sent = {**request.POST.dict(), "kinds": request.POST.getlist("kinds"), "owner": owner} if changes else None
    form = watch(request, made(sent), made)
    secret = ""
    if request.method == "POST" and not changes:
        secret = services.renew_secret(actor=person(request), endpoint_id=found.pk)
    elif changes and form.is_valid():
        try:
            with unchanged(request, form, made, rows):
                services.change_webhook(
                    actor=person(request),
                    endpoint_id=found.pk,
                    url=form.cleaned_data["url"],
                    kinds=form.cleaned_data["kinds"],
                )
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("The address is saved."))
            return redirect("webhook", found.pk)
    page = page_of(list_deliveries_of(found), ("-pk",), request.GET.get("after", ""))
    deliveries = [
        {
            "row": each,
            "kind": KINDS.get(each.event.kind, each.event.kind),
            "state": each.get_state_display(),
            "color": DELIVERY_COLORS.get(each.state, "neutral"),
            "attempts": list(each.attempt_rows.all()),
            "can_replay": each.state in {"done", "dead"} and found.state == EndpointState.ACTIVE,
        }
        for each in page.rows
    ]
    context = {
        **_row(found),
        "form": form,
        "secret": secret,
        "deliveries": deliveries,
        "next_cursor": page.next_cursor,
        "is_active": found.state == EndpointState.ACTIVE,
    }
    return render(request, "pages/exchange/webhook.html", context, status=400 if form.errors else 200)


def _command(command: Callable[..., Any], done: Any, *, back: str = "webhook") -> Callable[..., HttpResponse]:
    @employer_or_coordinator
    @require_POST
    def view(request: HttpRequest, endpoint_id: int) -> HttpResponse:
        found = _own(request, endpoint_id)
        try:
            command(actor=person(request), endpoint_id=found.pk)
        except NotFound:
            raise
        except DomainError as error:
            messages.error(request, str(error.message))
        else:
            messages.success(request, str(done))
        return redirect("webhooks") if back == "webhooks" else redirect("webhook", found.pk)

    return view


pause = _command(services.pause_webhook, gettext_lazy("Paused. What happens meanwhile waits."))
resume = _command(services.resume_webhook, gettext_lazy("Switched on. What has waited is sent now."))
trial = _command(services.send_trial, gettext_lazy("A trial message is on its way. Reload the page to see its answer."))
delete = _command(services.delete_webhook, gettext_lazy("The address is removed."), back="webhooks")


@employer_or_coordinator
@require_POST
def replay(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Sends one message again, under the same id."""
    try:
        delivery = services.replay_delivery(actor=person(request), delivery_id=delivery_id)
    except NotFound:
        raise
    except DomainError as error:
        messages.error(request, str(error.message))
        return redirect("webhooks")
    messages.success(request, _("It is sent again under the same id."))
    return redirect("webhook", delivery.endpoint_id)
