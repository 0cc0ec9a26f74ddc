"""The members of the network as rows that can be kept, and the picture of what skills a municipality can supply."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, F, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backend.common import clock
from backend.common.errors import DomainError
from backend.offers.enums import OfferState
from backend.offers.models import DemandSignal, OfferPeriod
from backend.organisations.network_members import LONGEST_SOURCE, add_membership, end_membership
from backend.placements.enums import PlacementState
from backend.placements.models import Placement
from backend.reference.enums import EvidenceGrade
from backend.reference.models import Municipality, NetworkMembership, OccupationField, Programme
from backend.students.models import Student
from backend.web.access import network
from backend.web.employer import person
from backend.web.form_errors import add_domain_error
from backend.web.municipality_map import MapMember, build_map
from backend.web.network import FEWEST_SHOWN, suppressed

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
        "today": today.isoformat(),
    }
    return render(request, "pages/network/members.html", context, status=400 if form.errors else 200)


@network
@require_POST
def end(request: HttpRequest, membership_id: int) -> HttpResponse:
    """Ends a membership after the day that was sent, today when none was."""
    text = request.POST.get("last_day", "")
    try:
        last_day = date.fromisoformat(text) if text else clock.today()
        ended = end_membership(actor=person(request), membership_id=membership_id, last_day=last_day)
    except ValueError:
        messages.error(request, _("Enter a date such as 2027-01-25."))
    except DomainError as error:
        if error.status in {403, 404}:
            raise
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("The membership of %(name)s is ended.") % {"name": ended.municipality.name})
    return redirect("network_members")


@network
@require_safe
def skills(request: HttpRequest) -> HttpResponse:
    """What a municipality, or the whole network, can supply: who trains for what, where the places are, what is asked for."""
    places = list(
        Municipality.objects.filter(Q(students__isnull=False) | Q(workplaces__offers__isnull=False)).distinct()
    )
    place = next((each for each in places if each.pk == request.GET.get("municipality")), None)
    code = place.pk if place else None
    training = _programme_rows(code)
    work = _field_rows(code)
    return render(
        request,
        "pages/network/skills.html",
        {
            "place": place,
            "code": code or "",
            "options": [("", _("The whole network")), *((each.pk, each.name) for each in places)],
            "training": training,
            "work": work,
            "drawing": build_map(_seats_on_map()) if place is None else None,
            "figures": [
                {"value": sum(row["shown"] for row in training), "label": _("in training"), "kind": "a", "mark": False},
                {"value": sum(row["seats"] for row in work), "label": _("seats at work"), "kind": "b", "mark": False},
                {"value": sum(row["vacancies"] for row in work), "label": _("vacancies"), "kind": "d", "mark": False},
            ],
        },
    )


def _in(queryset: "QuerySet[Any]", field: str, code: str | None) -> "QuerySet[Any]":
    return queryset.filter(**{field: code}) if code else queryset


def _programme_rows(code: str | None) -> list[Row]:
    """Students and placements of each programme, most students first. A count under five is text and has no bar."""
    students = _counted(_in(Student.objects.unprotected(), "municipality", code), "programme")
    settled = [PlacementState.UPCOMING, PlacementState.ONGOING, PlacementState.COMPLETED]
    placed = _counted(
        _in(Placement.objects.filter(student__is_protected=False, state__in=settled), "student__municipality", code),
        "student__programme",
        "student",
    )
    programmes = Programme.objects.in_bulk(students)
    most = max(students.values(), default=0)
    return [
        {
            "name": programmes[pk].name,
            "code": pk,
            "students": suppressed(number),
            "shown": number if number >= FEWEST_SHOWN else 0,
            "most": most,
            "placed": suppressed(placed.get(pk, 0)),
        }
        for pk, number in sorted(students.items(), key=lambda pair: (-pair[1], pair[0]))
        if number >= FEWEST_SHOWN
    ]


def _counted(queryset: "QuerySet[Any]", field: str, distinct: str = "pk") -> dict[str, int]:
    rows = queryset.exclude(**{field: None}).order_by().values_list(field)
    return dict(rows.annotate(number=Count(distinct, distinct=True)))


def _field_rows(code: str | None) -> list[Row]:
    """Seats of open places and vacancies in advertisements, by occupation field; most seats first."""
    open_periods = OfferPeriod.objects.filter(offer__state=OfferState.PUBLISHED, end__gte=clock.today())
    seats = _summed(_in(open_periods, "offer__workplace__municipality", code), "offer__occupation__field", "capacity")
    signals = DemandSignal.objects.filter(removed_at__isnull=True)
    vacancies = _summed(_in(signals, "municipality", code), "group__field", "vacancies")
    fields = OccupationField.objects.in_bulk({*seats, *vacancies})
    most = max([*seats.values(), *vacancies.values()], default=0)
    rows = [
        {"name": field.name, "seats": seats.get(pk, 0), "vacancies": vacancies.get(pk, 0), "most": most}
        for pk, field in fields.items()
    ]
    return sorted(rows, key=lambda row: (-row["seats"], -row["vacancies"], row["name"]))


def _summed(queryset: "QuerySet[Any]", field: str, number: str) -> dict[str, int]:
    rows = queryset.exclude(**{field: None}).order_by().values_list(field)
    return dict(rows.annotate(total=Sum(F(number))))


def _seats_on_map() -> Iterable[MapMember]:
    """The confirmed members with the number of their published places."""
    offers = dict(
        OfferPeriod.objects.filter(offer__state=OfferState.PUBLISHED, end__gte=clock.today())
        .exclude(offer__workplace__municipality=None)
        .order_by()
        .values_list("offer__workplace__municipality")
        .annotate(number=Count("offer", distinct=True))
    )
    for place in Municipality.objects.network_members(clock.today()):
        yield MapMember(place.pk, place.name, offers.get(place.pk, 0))
