"""A student's alerts: saved searches that tell when a new place fits."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backend.accounts.models import User
from backend.common.errors import DomainError
from backend.reference.models import OccupationGroup, PlacementForm
from backend.reference.places import find_places
from backend.reference.selectors import list_municipalities
from backend.students import services
from backend.students.models import Alert
from backend.students.services import AlertDetails
from backend.web.access import logged_in, student
from backend.web.context import works_for_an_office
from backend.web.form_errors import add_domain_error
from backend.web.student import needs_profile

ANY = gettext_lazy("Any")


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _forms() -> list[tuple[str, Any]]:
    return [("", ANY), *((form.pk, form.name) for form in PlacementForm.objects.order_by("position"))]


def _groups() -> list[tuple[str, Any]]:
    groups = sorted(OccupationGroup.objects.current(), key=lambda group: group.name)
    return [("", ANY), *((group.pk, group.name) for group in groups)]


def _municipalities() -> list[tuple[str, Any]]:
    return [("", gettext_lazy("All of Sweden")), *((place.pk, place.name) for place in list_municipalities())]


class AlertForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name of the alert"), max_length=80)
    text = forms.CharField(
        label=gettext_lazy("Words"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("All of them must stand in the place’s text, such as: svets"),
    )
    form = forms.ChoiceField(label=gettext_lazy("Kind of place"), choices=_forms, required=False)
    group = forms.ChoiceField(label=gettext_lazy("Occupation"), choices=_groups, required=False)
    municipality = forms.ChoiceField(label=gettext_lazy("Around"), choices=_municipalities, required=False)
    radius_km = forms.IntegerField(label=gettext_lazy("Within, km"), required=False, min_value=1, max_value=2000)

    def details(self) -> AlertDetails:
        """The valid form as the command's input."""
        data = self.cleaned_data
        return AlertDetails(
            name=data["name"],
            text=data["text"],
            form=data["form"],
            group=data["group"],
            municipality_code=data["municipality"],
            radius_km=data["radius_km"],
        )


def _summary(alert: Alert) -> str:
    """What the alert looks for, in one line."""
    parts = [alert.text, alert.form.name if alert.form else "", alert.group.name if alert.group else ""]
    if alert.municipality:
        around = alert.municipality.name
        parts.append(f"{around}, {alert.radius_km} km" if alert.radius_km else around)
    return " · ".join(part for part in parts if part) or _("Every new place")


@logged_in
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The student's alerts, with what each looks for. Without a profile there are none yet, and the page says how."""
    alerts = Alert.objects.filter(student__user=_person(request)).select_related("form", "group", "municipality")
    rows = [{"alert": alert, "summary": _summary(alert)} for alert in alerts]
    # Someone who has just signed up is led to the profile first; people of other roles have no use for alerts.
    can_add = hasattr(request.user, "student") or not works_for_an_office(_person(request))
    return render(request, "pages/student/alerts.html", {"rows": rows, "can_add": can_add})


def _initial(request: HttpRequest, alert: Alert | None) -> dict[str, Any]:
    """From the alert, or from the address of the search that someone wants to watch."""
    if alert is not None:
        return {
            "name": alert.name,
            "text": alert.text,
            "form": alert.form_id,
            "group": alert.group_id,
            "municipality": alert.municipality_id,
            "radius_km": alert.radius_km,
        }
    asked = request.GET
    place = next(iter(find_places(asked.get("where", "")[:80])), None)
    text = asked.get("q", "").strip()[:80]
    km = asked.get("km", "")
    return {
        "name": " ".join(part for part in (text, place.name if place else "") if part)[:80] or _("New places"),
        "text": text,
        "form": asked.get("form", ""),
        "municipality": place.municipality_code if place else asked.get("municipality", ""),
        "radius_km": int(km) if km.isascii() and km.isdigit() and len(km) < 5 else None,
    }


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
@needs_profile
def edit(request: HttpRequest, alert_id: int | None = None) -> HttpResponse:
    """A new alert, or one of one's own. Nothing typed is lost when something is wrong."""
    person = _person(request)
    alert = Alert.objects.filter(pk=alert_id, student__user=person).first() if alert_id is not None else None
    if alert_id is not None and alert is None:
        raise Http404
    form = AlertForm(request.POST or None, initial=_initial(request, alert))
    if request.method == "POST" and form.is_valid():
        try:
            services.save_alert(actor=person, details=form.details(), alert_id=alert_id)
        except DomainError as refusal:
            add_domain_error(form, refusal)
        else:
            messages.success(request, _("Saved. We tell you when a new place fits."))
            return redirect("alerts")
    status = 400 if form.errors else 200
    return render(request, "pages/student/alert_form.html", {"form": form, "alert": alert}, status=status)


@student
@require_POST
def pause(request: HttpRequest, alert_id: int) -> HttpResponse:
    """Pauses an alert, or starts it again with `active=yes`."""
    services.set_alert_active(actor=_person(request), alert_id=alert_id, is_active=request.POST.get("active") == "yes")
    return redirect("alerts")


@student
@require_POST
def delete(request: HttpRequest, alert_id: int) -> HttpResponse:
    services.delete_alert(actor=_person(request), alert_id=alert_id)
    messages.success(request, _("The alert is removed."))
    return redirect("alerts")
