"""A coordinator adds a student by page, and corrects one."""

from typing import Any

from django import forms as inputs
from django.contrib import messages
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from backend.accounts.phones import parse_number
from backend.accounts.policies import municipalities_coordinated_by
from backend.applications.placing import place_student
from backend.applications.services import submit_application
from backend.common import clock
from backend.common.errors import DomainError, Invalid
from backend.common.weeks import format_weeks
from backend.offers.models import Offer, OfferPeriod
from backend.offers.search_distance import KilometresFrom
from backend.reference.enums import PositionSource
from backend.reference.models import Municipality, Programme
from backend.students.enrolment import EnrolmentDetails, enrol_student
from backend.students.enums import Studies
from backend.students.models import Student
from backend.students.records import SchoolFacts, correct_student
from backend.students.services import MAX_GUARDIANS
from backend.students.studies import asks_for_programme
from backend.web.access import coordinator
from backend.web.drafts import keeps_drafts, restore
from backend.web.employer import person
from backend.web.form_errors import add_domain_error
from backend.web.forms.contacts import phone_field
from backend.web.forms.student import date_input, form_choices, programme_choices
from backend.web.templatetags.praktiknavet import about_km
from backend.web.versions import unchanged, watch

PERIODS_SHOWN = 60
GUARDIANS = range(1, MAX_GUARDIANS + 1)


class SchoolForm(inputs.Form):
    """What a school answers for."""

    birth_date = inputs.DateField(label=gettext_lazy("Date of birth"), widget=date_input())
    school = inputs.CharField(label=gettext_lazy("School"), required=False, max_length=120)
    class_name = inputs.CharField(label=gettext_lazy("Class"), required=False, max_length=20)
    studies = inputs.ChoiceField(
        label=gettext_lazy("Studies"),
        choices=Studies.choices,
        widget=inputs.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what the student studies.")},
    )
    programme = inputs.ChoiceField(label=gettext_lazy("Programme"), required=False)
    forms = inputs.MultipleChoiceField(
        label=gettext_lazy("Looking for"),
        widget=inputs.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one kind of place.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kept = kwargs.pop("kept", None)
        super().__init__(*args, **kwargs)
        programmes = programme_choices()
        if kept and kept not in {code for code, _name in programmes}:
            programmes.append((kept, str(Programme.objects.get(pk=kept))))
        self.fields["programme"].choices = programmes  # type: ignore[attr-defined]
        self.fields["forms"].choices = form_choices()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not asks_for_programme(cleaned.get("studies", "")):
            cleaned["programme"] = ""
        return cleaned


class NewStudentForm(SchoolForm):
    """Somebody the service does not know yet, and the guardians of a minor."""

    municipality = inputs.ChoiceField(label=gettext_lazy("Municipality"))
    name = inputs.CharField(label=gettext_lazy("Name"), max_length=120)
    email = inputs.EmailField(
        label=gettext_lazy("E-mail address"), max_length=254, help_text=gettext_lazy("An invitation is sent there.")
    )
    guardian_email_1 = inputs.EmailField(label=gettext_lazy("Guardian’s e-mail address"), required=False)
    guardian_name_1 = inputs.CharField(label=gettext_lazy("Guardian’s name"), required=False, max_length=120)
    guardian_phone_1 = phone_field(gettext_lazy("Guardian’s telephone"))
    guardian_email_2 = inputs.EmailField(label=gettext_lazy("Second guardian’s e-mail address"), required=False)
    guardian_name_2 = inputs.CharField(label=gettext_lazy("Second guardian’s name"), required=False, max_length=120)
    guardian_phone_2 = phone_field(gettext_lazy("Second guardian’s telephone"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        places = kwargs.pop("places")
        super().__init__(*args, **kwargs)
        self.fields["municipality"].choices = [(each.pk, each.name) for each in places]  # type: ignore[attr-defined]
        # The order in which the errors are told is that of the page.
        self.order_fields(["municipality", "name", "email"])

    def field_of(self, name: str) -> str:
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for number in GUARDIANS:
            address, phone = f"guardian_email_{number}", f"guardian_phone_{number}"
            told = cleaned.get(f"guardian_name_{number}") or cleaned.get(phone)
            if told and not cleaned.get(address) and address not in self.errors:
                self.add_error(address, _("Write the guardian's e-mail address as well, or leave the guardian out."))
            try:
                parse_number(cleaned.get(phone, ""), field=phone)
            except Invalid as error:
                self.add_error(phone, str(error.message))
        return cleaned

    def details(self) -> EnrolmentDetails:
        cleaned = self.cleaned_data
        return EnrolmentDetails(
            email=cleaned["email"],
            name=cleaned["name"],
            birth_date=cleaned["birth_date"],
            school=cleaned["school"],
            class_name=cleaned["class_name"],
            programme=cleaned["programme"],
            studies=cleaned["studies"],
            forms=cleaned["forms"],
            guardians=[
                (
                    cleaned[f"guardian_email_{number}"],
                    cleaned[f"guardian_name_{number}"],
                    cleaned[f"guardian_phone_{number}"],
                )
                for number in GUARDIANS
                if cleaned[f"guardian_email_{number}"]
            ],
        )


@keeps_drafts
@coordinator
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """The student gets an account and an invitation; guardians are asked for consent."""
    user = person(request)
    places = list(Municipality.objects.filter(pk__in=municipalities_coordinated_by(user)))
    form = NewStudentForm(request.POST or None, places=places, initial={"municipality": places[0].pk})
    if request.method == "POST" and form.is_valid():
        try:
            student, outcome = enrol_student(
                actor=user, municipality_code=form.cleaned_data["municipality"], details=form.details()
            )
        except DomainError as error:
            if error.code.startswith("guardian."):
                form.add_error("guardian_email_1", str(error.message))
            else:
                add_domain_error(form, error)
        else:
            texts = {
                "created": _("The student is added, and an invitation is on its way."),
                "updated": _("The student was here already. School, class and programme are as you wrote them."),
                "unchanged": _("The student was here already, with just these details."),
            }
            messages.success(request, texts[outcome])
            return redirect("coordinator_student", student.pk)
    context = {"form": form, "draft_kept_at": restore(request, form), "is_only_place": len(places) == 1}
    return render(request, "pages/coordinator/student_new.html", context, status=400 if form.errors else 200)


@coordinator
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, student_id: int) -> HttpResponse:
    """What the school answers for. Somebody else's change in between is shown, and nothing that was typed is lost."""
    user = person(request)
    mine = Student.objects.unprotected().filter(municipality__in=municipalities_coordinated_by(user))
    found = get_object_or_404(mine.select_related("user"), pk=student_id)
    rows = Student.objects.filter(pk=found.pk)

    def made(data: Any = None) -> SchoolForm:
        now = rows.get()
        return SchoolForm(data, initial=_school_facts(now), kept=now.programme_id)

    form = watch(request, made(request.POST or None), made)
    if request.method == "POST" and form.is_valid():
        try:
            with unchanged(request, form, made, rows):
                correct_student(actor=user, student_id=found.pk, facts=SchoolFacts(**form.cleaned_data))
        except DomainError as error:
            if error.status in {403, 404}:
                raise
            add_domain_error(form, error)
        else:
            messages.success(request, _("The details are corrected. The student is told."))
            return redirect("coordinator_student", found.pk)
    context = {"form": form, "student": found}
    return render(request, "pages/coordinator/student_edit.html", context, status=400 if form.errors else 200)


class PlaceForm(inputs.Form):
    """A period with a free seat. do: "place" at once, or "apply" for the student."""

    period = inputs.TypedChoiceField(
        label=gettext_lazy("Place and weeks"),
        coerce=int,
        widget=inputs.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose a place."),
            "invalid_choice": gettext_lazy("Choose a place from the list."),
        },
    )
    motivation = inputs.CharField(
        label=gettext_lazy("Words to the organisation, with an application"),
        required=False,
        max_length=1500,
        widget=inputs.Textarea(attrs={"rows": 3}),
    )


@coordinator
@require_http_methods(["GET", "HEAD", "POST"])
def place(request: HttpRequest, student_id: int) -> HttpResponse:
    """Places of what the student looks for with a free seat: the coordinator decides at once, or applies for the student."""
    user = person(request)
    mine = Student.objects.unprotected().filter(municipality__in=municipalities_coordinated_by(user))
    found = get_object_or_404(mine.select_related("user"), pk=student_id)
    text = request.GET.get("q", "").strip()[:120]
    periods = list(_free_periods(found, text))
    form = PlaceForm(request.POST or None)
    form.fields["period"].choices = [(str(each.pk), _period_line(found, each)) for each in periods]  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        period_id = form.cleaned_data["period"]
        try:
            if request.POST.get("do") == "apply":
                submit_application(
                    actor=user, student_id=found.pk, period_id=period_id, motivation=form.cleaned_data["motivation"]
                )
                done = _("The application is sent for %(name)s, who is told.")
            else:
                place_student(actor=user, student_id=found.pk, period_id=period_id)
                done = _("%(name)s has the place. Everyone concerned is told.")
        except DomainError as error:
            if error.status in {403, 404}:
                raise
            add_domain_error(form, error)
        else:
            messages.success(request, done % {"name": found.user.name})
            return redirect("coordinator_student", found.pk)
    context = {
        "form": form,
        "student": found,
        "text": text,
        "is_cut": len(periods) == PERIODS_SHOWN,
        "any": bool(periods),
        "is_by_distance": found.lat is not None and found.lon is not None,
    }
    return render(request, "pages/coordinator/student_place.html", context, status=400 if form.errors else 200)


def _free_periods(student: Student, text: str) -> "QuerySet[OfferPeriod]":
    found = OfferPeriod.objects.filter(
        offer__in=Offer.objects.published(), offer__form__in=student.forms.all(), end__gte=clock.today()
    ).free()
    if text:
        found = found.filter(Q(offer__title__icontains=text) | Q(offer__organisation__name__icontains=text))
    found = found.select_related("offer__organisation", "offer__workplace")
    if student.lat is None or student.lon is None:
        return found.order_by("start", "offer__title", "pk")[:PERIODS_SHOWN]
    return found.annotate(distance=KilometresFrom(student.lat, student.lon, "offer__workplace__")).order_by(
        F("distance").asc(nulls_last=True), "start", "offer__title", "pk"
    )[:PERIODS_SHOWN]


def _period_line(student: Student, period: OfferPeriod) -> str:
    """Title, organisation, weeks, and how far it is where that is known."""
    site = period.offer.workplace
    parts = [period.offer.title, period.offer.organisation.name, format_weeks(period.start, period.end, with_year=True)]
    distance: float | None = getattr(period, "distance", None)
    if distance is not None:
        is_rough = PositionSource.MUNICIPALITY in {student.position_source, site.position_source}
        parts.append(about_km(distance, is_rough=is_rough))
    return ", ".join(parts)


def _school_facts(student: Student) -> dict[str, Any]:
    """What the form shows of a student."""
    return {
        "birth_date": student.birth_date,
        "school": student.school,
        "class_name": student.class_name,
        "studies": student.studies,
        "programme": student.programme_id or "",
        "forms": list(student.forms.values_list("pk", flat=True)),
    }
