"""A student's own: suggestions, alerts and the profile."""

from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.models import User
from backend.accounts.policies import is_coordinator, is_network_office
from backend.api.conditional import require_match
from backend.api.principals import not_found
from backend.api.schema import operation
from backend.api.serializers import (
    MAX_LIMIT,
    Answer,
    ChangeSerializer,
    CodeName,
    MunicipalityCode,
    NoBody,
    PageQuery,
    StrictSerializer,
)
from backend.api.v1.offer_shapes import OfferAnswer
from backend.api.v1.shapes import render
from backend.api.views import ApiView
from backend.common.errors import NotAllowed
from backend.reference.enums import PositionSource
from backend.students import services
from backend.students.enums import Studies
from backend.students.models import Alert, Student
from backend.students.services import AlertDetails, ProfileDetails
from backend.suggestions.models import Suggestion
from backend.suggestions.selectors import list_suggestions_for, reasons_texts
from backend.suggestions.services import dismiss_suggestion
from backend.tokens.enums import Scope

TAG = "Students"
R, W = Scope.PROFILE_READ, Scope.PROFILE_WRITE


class StudentView(ApiView):
    """For the student who is logged in or whom the token acts for."""

    @property
    def student(self) -> Student:
        student = Student.objects.select_related("user").filter(user=self.person).first()
        if student is None:
            raise NotAllowed("student.no_profile", _("Fill in your profile first."))
        return student


# --- suggestions -----------------------------------------------------------------------------------------------------


class SuggestionAnswer(Answer):
    id = serializers.IntegerField(source="pk")
    score = serializers.FloatField(help_text="0 to 1; higher fits better.")
    reasons = serializers.SerializerMethodField(help_text="Why it fits, strongest first.")
    offer = OfferAnswer()

    def get_reasons(self, suggestion: Suggestion) -> list[str]:
        reasons: list[str] = self.context["reasons"][suggestion.pk]
        return reasons


class SuggestionQuery(StrictSerializer):
    limit = serializers.IntegerField(required=False, default=20, min_value=1, max_value=MAX_LIMIT)


class Suggestions(StudentView):
    scopes = {"GET": R}

    @operation(
        "suggestions_list",
        "Places that fit you",
        tag=TAG,
        query=SuggestionQuery,
        answer=SuggestionAnswer,
        page=True,
    )
    def get(self, request: Request) -> Response:
        """The best ones that are still open, each with its reasons. One page; `next` is always null."""
        found = list_suggestions_for(self.student, self.query(SuggestionQuery)["limit"])
        prefetch_related_objects(found, "offer__programmes")
        context = {"reasons": reasons_texts(found)}
        return self.page_response(list(SuggestionAnswer(found, many=True, context=context).data), "")


class SuggestionAction(StudentView):
    scopes = {"POST": W}

    def act(self, suggestion_id: int, *, undo: bool) -> Response:
        self.parse(NoBody)
        dismiss_suggestion(actor=self.person, suggestion_id=suggestion_id, undo=undo)
        return Response({"is_dismissed": not undo})


class DismissedAnswer(Answer):
    is_dismissed = serializers.BooleanField()


class DismissSuggestion(SuggestionAction):
    @operation("suggestions_dismiss", "Hide a suggestion", tag=TAG, body=NoBody, answer=DismissedAnswer)
    def post(self, request: Request, suggestion_id: int) -> Response:
        """It is not shown any more. Harmless when repeated."""
        return self.act(suggestion_id, undo=False)


class RestoreSuggestion(SuggestionAction):
    @operation("suggestions_restore", "Show a suggestion again", tag=TAG, body=NoBody, answer=DismissedAnswer)
    def post(self, request: Request, suggestion_id: int) -> Response:
        """One that was hidden."""
        return self.act(suggestion_id, undo=True)


# --- alerts ----------------------------------------------------------------------------------------------------------


class AlertAnswer(Answer):
    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    text = serializers.CharField()
    form = serializers.CharField(source="form_id", allow_null=True)
    group = serializers.CharField(source="group_id", allow_null=True)
    municipality = serializers.CharField(source="municipality_id", allow_null=True)
    radius_km = serializers.IntegerField(allow_null=True)
    is_active = serializers.BooleanField()


class AlertChange(ChangeSerializer):
    """What is left out stays as it is."""

    answer = AlertAnswer

    name = serializers.CharField(required=False, max_length=80)
    text = serializers.CharField(required=False, allow_blank=True, max_length=80, help_text="Words that must occur.")
    form = serializers.CharField(required=False, allow_blank=True, max_length=30)
    group = serializers.CharField(required=False, allow_blank=True, max_length=4, help_text="Code of an occupation.")
    municipality = MunicipalityCode(required=False, allow_blank=True)
    radius_km = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2000)
    is_active = serializers.BooleanField(required=False)


class AlertInput(AlertChange):
    name = serializers.CharField(max_length=80)
    is_active = None  # type: ignore[assignment]  # a new alert always is


def _alert_details(data: dict[str, Any], before: AlertDetails) -> AlertDetails:
    given = {name: value for name, value in data.items() if name != "is_active"}
    if "municipality" in given:
        given["municipality_code"] = given.pop("municipality")
    return replace(before, **given)


class AlertView(StudentView):
    scopes = {"GET": R, "POST": W, "PATCH": W, "DELETE": W}

    def own(self, alert_id: int) -> Alert:
        return self.get_or_404(Alert.objects.filter(student__user=self.person), alert_id)


class Alerts(AlertView):
    @operation("alerts_list", "Alerts", tag=TAG, query=PageQuery, answer=AlertAnswer, page=True)
    def get(self, request: Request) -> Response:
        """Saved searches that tell when a new place fits."""
        rows = Alert.objects.filter(student=self.student)
        return self.page(rows, ("name", "pk"), self.query(PageQuery), lambda found: render(AlertAnswer, found))

    @operation("alerts_create", "Watch a search", tag=TAG, body=AlertInput, answer=AlertAnswer, status=201)
    def post(self, request: Request) -> Response:
        """At most 20. Empty fields do not restrict; a radius needs a municipality to start from."""
        details = _alert_details(self.parse(AlertInput), AlertDetails(name=""))
        alert = services.save_alert(actor=self.person, details=details)
        return self.created(AlertAnswer(alert).data, "alert", alert.pk)


class OneAlert(AlertView):
    @operation("alerts_read", "Read an alert", tag=TAG, answer=AlertAnswer)
    def get(self, request: Request, alert_id: int) -> Response:
        """One of your own."""
        return Response(AlertAnswer(self.own(alert_id)).data)

    @operation("alerts_change", "Change an alert", tag=TAG, body=AlertChange, answer=AlertAnswer)
    def patch(self, request: Request, alert_id: int) -> Response:
        """A change makes it active, unless `is_active` says otherwise."""
        data = self.parse(AlertChange)
        with transaction.atomic():
            Alert.objects.select_for_update().filter(pk=alert_id, student__user=self.person).first()
            alert = self.own(alert_id)
            require_match(request, AlertAnswer(alert).data)
            before = AlertDetails(
                name=alert.name,
                text=alert.text,
                form=alert.form_id or "",
                group=alert.group_id or "",
                municipality_code=alert.municipality_id or "",
                radius_km=alert.radius_km,
            )
            if data.keys() - {"is_active"}:
                services.save_alert(actor=self.person, details=_alert_details(data, before), alert_id=alert_id)
            if "is_active" in data:
                services.set_alert_active(actor=self.person, alert_id=alert_id, is_active=data["is_active"])
        return Response(AlertAnswer(self.own(alert_id)).data)

    @operation("alerts_delete", "Remove an alert", tag=TAG, status=204)
    def delete(self, request: Request, alert_id: int) -> Response:
        """For good."""
        services.delete_alert(actor=self.person, alert_id=alert_id)
        return Response(status=204)


# --- the profile -----------------------------------------------------------------------------------------------------


class WeeksAnswer(Answer):
    start = serializers.DateField(help_text="The first day.")
    end = serializers.DateField(help_text="The last day, included.")


class ProfileAnswer(Answer):
    name = serializers.CharField(source="user.name")
    birth_date = serializers.DateField()
    municipality = CodeName(allow_null=True)
    school = serializers.CharField()
    class_name = serializers.CharField()
    programme = CodeName(allow_null=True)
    studies = serializers.CharField(help_text="Empty while nobody has said.")
    has_finished_compulsory_school = serializers.BooleanField()
    forms = CodeName(many=True)
    interests = CodeName(many=True)
    skills = serializers.ListField(child=serializers.CharField())
    languages = serializers.ListField(child=serializers.CharField())
    availability = WeeksAnswer(source="availabilities", many=True, help_text="None = any time.")
    lat = serializers.FloatField(allow_null=True, help_text="Where journeys start, rounded to about a kilometre.")
    lon = serializers.FloatField(allow_null=True)
    home_place = serializers.CharField(source="home_town", help_text="The town they stand for; empty = not told.")
    position_source = serializers.ChoiceField(PositionSource.choices, help_text="How well the point is known.")
    max_distance_km = serializers.IntegerField(allow_null=True)
    wants_suggestions = serializers.BooleanField()


class WeeksInput(StrictSerializer):
    start = serializers.DateField(help_text="The first day.")
    end = serializers.DateField(help_text="The last day, included.")


def _codes(text: str) -> serializers.ListField:
    child = serializers.CharField(max_length=40)
    return serializers.ListField(child=child, required=False, max_length=50, help_text=text)


class ProfileChange(ChangeSerializer):
    """What is left out stays as it is. A new profile needs at least `birth_date`, and `studies` or `forms`."""

    answer = ProfileAnswer

    name = serializers.CharField(required=False, max_length=120)
    birth_date = serializers.DateField(required=False)
    municipality = MunicipalityCode(required=False, allow_blank=True)
    school = serializers.CharField(required=False, allow_blank=True, max_length=120)
    class_name = serializers.CharField(required=False, allow_blank=True, max_length=20)
    programme = serializers.CharField(required=False, allow_blank=True, max_length=8)
    studies = serializers.ChoiceField(
        required=False,
        allow_blank=True,
        choices=Studies.choices,
        help_text="Decides `has_finished_compulsory_school`, and `forms` where a new profile names none.",
    )
    has_finished_compulsory_school = serializers.BooleanField(
        required=False, help_text="Counts while `studies` is empty; false until it is said."
    )
    forms = _codes("Codes of placement forms looked for.")
    interests = _codes("Codes of occupations.")
    skills = _codes("Short words.")
    languages = _codes("Such as `sv`.")
    availability = WeeksInput(many=True, required=False, max_length=20)  # type: ignore[call-arg]
    lat = serializers.FloatField(required=False, allow_null=True, min_value=-90, max_value=90)
    lon = serializers.FloatField(required=False, allow_null=True, min_value=-180, max_value=180)
    home_place = serializers.CharField(
        required=False, allow_blank=True, max_length=80, help_text="Town or postcode instead of lat and lon."
    )
    max_distance_km = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2000)
    wants_suggestions = serializers.BooleanField(required=False)


def _details_of(student: Student) -> ProfileDetails:
    return ProfileDetails(
        birth_date=student.birth_date,
        municipality_code=student.municipality_id or "",
        school=student.school,
        class_name=student.class_name,
        programme=student.programme_id or "",
        studies=student.studies,
        has_finished_compulsory_school=student.has_finished_compulsory_school,
        forms=[form.pk for form in student.forms.all()],
        interests=[group.pk for group in student.interests.all()],
        skills=student.skills,
        languages=student.languages,
        availability=[(row.start, row.end) for row in student.availabilities.all()],
        max_distance_km=student.max_distance_km,
        wants_suggestions=student.wants_suggestions,
    )


def _works_here(user: User) -> bool:
    """Whether the account is an office's, as on the profile's page. A guardian or an employer may study as well."""
    return is_coordinator(user) or is_network_office(user)


class Profile(StudentView):
    scopes = {"GET": R, "PATCH": W}

    def own(self) -> Student | None:
        return (
            Student.objects.filter(user=self.person)
            .select_related("user", "municipality", "programme")
            .prefetch_related("forms", "interests", "availabilities")
            .first()
        )

    @operation("me_profile_read", "Your profile", tag=TAG, answer=ProfileAnswer)
    def get(self, request: Request) -> Response:
        """404 while you have none."""
        student = self.own()
        if student is None:
            raise not_found()
        return Response(ProfileAnswer(student).data)

    @operation("me_profile_change", "Change your profile", tag=TAG, body=ProfileChange, answer=ProfileAnswer)
    def patch(self, request: Request) -> Response:
        """Makes the profile when there is none. New suggestions follow within seconds."""
        data = self.parse(ProfileChange)
        with transaction.atomic():
            Student.objects.select_for_update(of=("self",)).filter(user=self.person).first()
            student = self.own()
            if student is not None:
                require_match(request, ProfileAnswer(student).data)
            elif _works_here(self.person):
                raise NotAllowed("profile.not_student", _("Only students have a profile."))
            elif "birth_date" not in data:
                missing = serializers.ErrorDetail(str(_("Check the date of birth.")), code="required")
                raise serializers.ValidationError({"birth_date": [missing]})
            name = data.pop("name", "")
            if "municipality" in data:
                data["municipality_code"] = data.pop("municipality")
            if "availability" in data:
                data["availability"] = [(row["start"], row["end"]) for row in data["availability"]]
            details = replace(_details_of(student), **data) if student else ProfileDetails(**data)
            services.save_profile(actor=self.person, details=details, name=name)
        saved = self.own()
        return Response(ProfileAnswer(saved).data)
