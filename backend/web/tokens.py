"""Tokens for the API: what there are, a new one whose secret is shown once, and the end of one."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from backend.accounts.models import User
from backend.common import clock
from backend.common.errors import DomainError
from backend.tokens import services
from backend.tokens.enums import Scope
from backend.tokens.selectors import list_owned_organisations, list_tokens
from backend.tokens.services import USUAL_DAYS, TokenDetails
from backend.web.access import employer_or_coordinator
from backend.web.employer import person
from backend.web.form_errors import add_domain_error

OWN = "own"
OF_STUDENTS = {Scope.APPLICATIONS_WRITE, Scope.PROFILE_WRITE}
DAYS = [
    (30, gettext_lazy("30 days")),
    (USUAL_DAYS, gettext_lazy("90 days")),
    (365, gettext_lazy("One year")),
]


class TokenForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=60,
        help_text=gettext_lazy("For example, the system that will use it."),
    )
    organisation = forms.ChoiceField(label=gettext_lazy("Acts for"))
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it opens"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("Holds for"), choices=DAYS, coerce=int, initial=USUAL_DAYS, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owned = [(str(each.pk), each.name) for each in list_owned_organisations(user)]
        self.fields["organisation"].choices = [*owned, (OWN, _("Only yourself"))]  # type: ignore[attr-defined]
        if not hasattr(user, "student"):
            # What only students have: a token for it would open nothing.
            usable = [choice for choice in Scope.choices if choice[0] not in OF_STUDENTS]
            self.fields["scopes"].choices = usable  # type: ignore[attr-defined]

    def details(self) -> TokenDetails:
        """The valid form as the command's input."""
        data = self.cleaned_data
        owner = None if data["organisation"] == OWN else int(data["organisation"])
        return TokenDetails(data["name"], data["scopes"], owner, data["days"])


@employer_or_coordinator
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The tokens, and a form for a new one. The answer to the form shows the secret, this once."""
    user = person(request)
    form = TokenForm(request.POST or None, user=user)
    made = None
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_token(actor=user, user=user, details=form.details())
        except DomainError as error:
            add_domain_error(form, error)
    context = {
        "form": None if made else form,
        "several": len(form.fields["organisation"].choices) > 1,  # type: ignore[attr-defined]
        "made": made,
        "rows": [_row(token, user) for token in list_tokens(user)],
    }
    return render(request, "pages/account/tokens.html", context, status=400 if form.errors else 200)


def _row(token: Any, user: User) -> dict[str, Any]:
    return {
        "token": token,
        "owner": token.organisation.name if token.organisation else _("Only yourself"),
        "maker": "" if token.user_id == user.pk else token.user.name,
        "scopes": [str(Scope(scope).label) for scope in token.scopes],
        "has_ended": token.expires_at <= clock.now(),
    }


@employer_or_coordinator
@require_POST
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    services.revoke_token(actor=person(request), token_id=token_id)
    messages.success(request, _("The token opens nothing any more."))
    return redirect("tokens")
