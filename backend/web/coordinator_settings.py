"""What a municipality decides for itself, on one page: how long things may take, and who is trusted."""

from dataclasses import asdict
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from backend.accounts.phones import format_phone
from backend.accounts.policies import municipalities_coordinated_by
from backend.common import clock
from backend.common.errors import DomainError
from backend.common.models import LogEntry
from backend.organisations.models import TrustedOrganisation
from backend.organisations.municipality_settings import (
    LONGEST_HELP,
    RANGES,
    MunicipalityChoices,
    choices_of,
    save_municipality_settings,
)
from backend.reference.models import Municipality, PlacementFormVersion
from backend.web.access import coordinator
from backend.web.employer import person
from backend.web.form_errors import add_domain_error
from backend.web.forms.contacts import phone_field
from backend.web.versions import unchanged, watch

NO_NUMBER = gettext_lazy("Enter a whole number.")


def _number(name: str, label: Any, help_text: Any, *, required: bool = False) -> forms.IntegerField:
    """Its limits are the command's own; the browser is told them too."""
    lowest, highest = RANGES[name]
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        required=required,
        widget=forms.NumberInput(attrs={"min": lowest, "max": highest, "inputmode": "numeric"}),
        error_messages={"invalid": NO_NUMBER, "required": NO_NUMBER},
    )


class SettingsForm(forms.Form):
    """One field for each choice of a municipality."""

    answer_days = _number(
        "answer_days",
        gettext_lazy("Working days to answer an application"),
        gettext_lazy("After that you are asked to help. Empty: as the form says."),
    )
    hold_hours = _number(
        "hold_hours",
        gettext_lazy("Hours a seat is held for a student"),
        gettext_lazy("Then it goes to the next one. Empty: as the form says."),
    )
    max_live_applications = _number(
        "max_live_applications",
        gettext_lazy("Open applications at the same time"),
        gettext_lazy("For each of your students. The form’s own number cannot be exceeded."),
    )
    unplaced_days = _number(
        "unplaced_days",
        gettext_lazy("Days without a place until it is urgent"),
        gettext_lazy("Those who have waited longest come first."),
        required=True,
    )
    undo_minutes = _number(
        "undo_minutes",
        gettext_lazy("Minutes in which a decision can be undone"),
        gettext_lazy("Everyone who was notified is told about the correction. 0: never."),
        required=True,
    )
    trusted_may_publish = forms.BooleanField(
        label=gettext_lazy("Places of trusted organisations are published without review"),
        help_text=gettext_lazy("You still read the places of all others before they are shown."),
        required=False,
    )

    help_text = forms.CharField(
        label=gettext_lazy("What people should know before they ask"),
        help_text=gettext_lazy(
            "For example, when somebody answers. Shown to everyone, like the number and the address."
        ),
        max_length=LONGEST_HELP,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    help_phone = phone_field(gettext_lazy("Telephone for questions"))
    help_email = forms.EmailField(label=gettext_lazy("E-mail address for questions"), max_length=254, required=False)


def _shown(municipality_code: str) -> dict[str, Any]:
    values = asdict(choices_of(municipality_code))
    return {**values, "help_phone": format_phone(values["help_phone"])}


@coordinator
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest, municipality_code: str) -> HttpResponse:
    """The settings of one of the own municipalities, and who changed them last."""
    user = person(request)
    codes = municipalities_coordinated_by(user)
    place = get_object_or_404(Municipality, pk=municipality_code, pk__in=codes)

    def made(data: Any = None) -> SettingsForm:
        return SettingsForm(data, initial=_shown(place.pk))

    form = watch(request, made(request.POST if request.method == "POST" else None), made)
    if form.is_bound and form.is_valid():
        try:
            # The municipality's row serialises two first saves, which have no settings to lock yet.
            with unchanged(request, form, made, Municipality.objects.filter(pk=place.pk)):
                save_municipality_settings(
                    actor=user, municipality_code=place.pk, choices=MunicipalityChoices(**form.cleaned_data)
                )
        except DomainError as error:
            if error.status == 403:
                raise
            add_domain_error(form, error)
        else:
            messages.success(request, _("The settings are saved."))
            return redirect("coordinator_settings", place.pk)
    last = (
        LogEntry.objects.filter(action="municipality.settings_saved", data__municipality=place.pk)
        .select_related("actor")
        .order_by("-id")
        .first()
    )
    return render(
        request,
        "pages/coordinator/settings.html",
        {
            "municipality": place,
            "municipalities": list(Municipality.objects.filter(pk__in=codes)),
            "form": form,
            "forms": PlacementFormVersion.objects.valid_on(clock.today())
            .select_related("form")
            .order_by("form__position", "form"),
            "trusted": TrustedOrganisation.objects.filter(municipality=place).count(),
            "last": last,
        },
        status=400 if form.errors else 200,
    )
