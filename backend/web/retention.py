"""How long documents are kept: a municipality's rules, what they delete today, and the protocol of what went."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from backend.accounts.models import User
from backend.accounts.policies import municipalities_coordinated_by
from backend.common.errors import DomainError
from backend.privacy.enums import DocumentKind, RetentionAction, RetentionCondition, RetentionEvent
from backend.privacy.retention import (
    RuleDetails,
    end_retention_rule,
    list_due,
    list_rules,
    list_runs,
    rules_in_force,
    save_retention_rule,
)
from backend.privacy.weeding import WEEDERS
from backend.reference.models import Municipality
from backend.web.access import coordinator, network
from backend.web.form_errors import add_domain_error

KINDS = [(kind.value, kind.label) for kind in DocumentKind if kind in WEEDERS]


class RuleForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("Kind of document"), choices=KINDS)
    condition = forms.ChoiceField(label=gettext_lazy("Which of them"), choices=RetentionCondition.choices)
    action = forms.ChoiceField(label=gettext_lazy("What is done"), choices=RetentionAction.choices)
    years = forms.IntegerField(
        label=gettext_lazy("After how many years"),
        help_text=gettext_lazy("Only where they are weeded."),
        required=False,
        widget=forms.NumberInput(attrs={"min": 1, "max": 100, "inputmode": "numeric"}),
    )
    counted_from = forms.ChoiceField(
        label=gettext_lazy("Counted from"),
        choices=[("", "–"), *RetentionEvent.choices],
        help_text=gettext_lazy("Only where they are weeded."),
        required=False,
    )
    decision_number = forms.CharField(label=gettext_lazy("Number of the decision"), max_length=40)
    decided_by = forms.CharField(label=gettext_lazy("Decided by (board or committee)"), max_length=120)
    decided_on = forms.DateField(
        label=gettext_lazy("Date of the decision"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


@coordinator
@require_http_methods(["GET", "HEAD", "POST"])
def municipality(request: HttpRequest, municipality_code: str) -> HttpResponse:
    """The rules of one municipality, for its coordinators."""
    assert isinstance(request.user, User)
    if municipality_code not in municipalities_coordinated_by(request.user):
        raise Http404
    return _page(request, get_object_or_404(Municipality, pk=municipality_code))


@network
@require_http_methods(["GET", "HEAD", "POST"])
def defaults(request: HttpRequest) -> HttpResponse:
    """The rules for municipalities that have none of their own, for the network office."""
    return _page(request, None)


def _page(request: HttpRequest, place: Municipality | None) -> HttpResponse:
    user = request.user
    assert isinstance(user, User)
    code = None if place is None else place.pk
    form = RuleForm(request.POST if request.method == "POST" and "end" not in request.POST else None)
    if request.method == "POST":
        try:
            if "end" in request.POST:
                _end(user, request.POST["end"], code)
                messages.success(request, _("The rule has ended."))
                return redirect(request.path)
            if form.is_valid():
                details = RuleDetails(**form.cleaned_data)
                save_retention_rule(actor=user, municipality_code=code, details=details)
                messages.success(request, _("The rule is saved."))
                return redirect(request.path)
        except DomainError as error:
            if error.status == 404:
                raise
            if not form.is_bound:
                messages.error(request, str(error.message))
                return redirect(request.path)
            add_domain_error(form, error)
    context = {"form": form, "municipality": place, **_tables(user, code)}
    return render(request, "pages/coordinator/retention.html", context, status=400 if form.errors else 200)


def _end(user: User, rule: str, code: str | None) -> None:
    own = {str(each.pk): each.pk for each in list_rules(code)}
    if rule not in own:
        raise Http404
    end_retention_rule(actor=user, rule_id=own[rule])


def _tables(user: User, code: str | None) -> dict[str, Any]:
    in_force = rules_in_force(code) if code else {}
    rules = [rule for found in in_force.values() for rule in found] if code else list_rules(None)
    told = {rule.kind for rule in rules}
    return {
        "rules": [{"rule": rule, "is_own": rule.municipality_id == code} for rule in rules],
        "without": [label for kind, label in KINDS if kind not in told],
        "due": list_due(code) if code else [each for each in list_due() if each.rule.municipality_id is None],
        "runs": list_runs(user, code),
    }
