"""Applications: send, read, answer, accept, withdraw."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.models import User
from backend.api.schema import operation
from backend.api.serializers import Answer, NoBody, PageQuery, StrictSerializer
from backend.api.v1.offer_shapes import MAX_ID
from backend.api.v1.shapes import OfferBrief, PeriodAnswer, StudentBrief, student_for
from backend.api.views import ApiView
from backend.applications import changes, services, undoing
from backend.applications.enums import ApplicationState, DeclineReason
from backend.applications.models import Application
from backend.applications.selectors import ROW, list_visible_applications
from backend.tokens.enums import Scope

TAG = "Applications"


class FactsShape(Answer):
    form = serializers.CharField()
    workplace = serializers.IntegerField()
    hazards = serializers.ListField(child=serializers.CharField())
    is_remote = serializers.BooleanField()
    start = serializers.DateField()
    end = serializers.DateField()


class ChangeAnswerShape(Answer):
    id = serializers.IntegerField(source="pk")
    before = FactsShape(help_text="What was asked for.")
    after = FactsShape(help_text="What it is now.")
    asked_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(help_text="When silence ends the application.")


class ApplicationAnswer(Answer):
    id = serializers.IntegerField(source="pk")
    state = serializers.ChoiceField(ApplicationState.values)
    offer = OfferBrief(source="period.offer")
    period = PeriodAnswer()
    student = serializers.SerializerMethodField()
    motivation = serializers.CharField()
    message = serializers.CharField(help_text="The organisation's words to the student.")
    submitted_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)
    answer_due_at = serializers.DateTimeField(help_text="When silence is passed on to a coordinator.")
    answered_at = serializers.DateTimeField(allow_null=True)
    hold_expires_at = serializers.DateTimeField(allow_null=True, help_text="Until when an offered seat is held.")
    waiting_rank = serializers.IntegerField(allow_null=True, help_text="Place on the waiting list, 1 first.")
    decline_reason = serializers.CharField()
    release_reason = serializers.CharField()
    own_words = serializers.CharField(help_text="Why the student said no to a seat; may be empty.")
    undo_until = serializers.DateTimeField(allow_null=True, help_text="Until when the organisation can undo its offer.")
    match = serializers.IntegerField(source="match_id", allow_null=True)
    change = serializers.SerializerMethodField(
        help_text="What changed since the application, while it waits for an answer."
    )

    @extend_schema_field(ChangeAnswerShape(allow_null=True))
    def get_change(self, application: Application) -> Any:
        waiting = next((each for each in application.change_questions.all() if not each.answer), None)
        return ChangeAnswerShape(waiting).data if waiting else None

    @extend_schema_field(StudentBrief)
    def get_student(self, application: Application) -> Any:
        return StudentBrief(student_for(self.context["viewer"], application.student)).data


class ApplicationQuery(PageQuery):
    state = serializers.ChoiceField(ApplicationState.values, required=False)
    offer = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    period = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)


class ApplicationInput(StrictSerializer):
    period = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    motivation = serializers.CharField(required=False, default="", allow_blank=True, max_length=1500)
    student = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_ID,
        help_text="For whom a coordinator applies; yourself when left out.",
    )


class MessageInput(StrictSerializer):
    message = serializers.CharField(required=False, default="", allow_blank=True, max_length=1500)


class DeclineInput(MessageInput):
    reason = serializers.ChoiceField(DeclineReason.values, help_text="Becomes a polite text.")


class TurnDownInput(StrictSerializer):
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=services.LONGEST_REASON)


class FitsInput(StrictSerializer):
    question = serializers.IntegerField(min_value=1, max_value=MAX_ID, help_text="`change.id` of the application.")
    fits = serializers.BooleanField(help_text="Whether the changed place still fits; no takes the application back.")


class ApplicationView(ApiView):
    def visible(self) -> Any:
        path = "period__offer__organisation"
        return list_visible_applications(self.person).filter(**self.principal.only(path))

    def render(self, rows: list[Application]) -> list[Any]:
        viewer: User = self.person
        return list(ApplicationAnswer(rows, many=True, context={"viewer": viewer}).data)

    def one(self, application_id: int) -> Any:
        return self.render([self.get_or_404(self.visible(), application_id)])[0]


class Applications(ApplicationView):
    scopes = {"GET": Scope.APPLICATIONS_READ, "POST": Scope.APPLICATIONS_WRITE}

    @operation(
        "applications_list", "Applications", tag=TAG, query=ApplicationQuery, answer=ApplicationAnswer, page=True
    )
    def get(self, request: Request) -> Response:
        """Your own, those to your organisations, and those of the students you coordinate. Newest first."""
        asked = self.query(ApplicationQuery)
        rows = self.visible()
        for name, path in (("state", "state"), ("offer", "period__offer"), ("period", "period")):
            if name in asked:
                rows = rows.filter(**{path: asked[name]})
        return self.page(rows, ("-submitted_at", "-pk"), asked, self.render)

    @operation("applications_create", "Apply", tag=TAG, body=ApplicationInput, answer=ApplicationAnswer, status=201)
    def post(self, request: Request) -> Response:
        """A student asks for a period of a published place, or a coordinator does so for a student of the municipality."""
        data = self.parse(ApplicationInput)
        made = services.submit_application(
            actor=self.person,
            period_id=data["period"],
            motivation=data["motivation"],
            student_id=data.get("student"),
        )
        return self.created(self.one(made.pk), "application", made.pk)


class OneApplication(ApplicationView):
    scopes = {"GET": Scope.APPLICATIONS_READ}

    @operation("applications_read", "Read an application", tag=TAG, answer=ApplicationAnswer)
    def get(self, request: Request, application_id: int) -> Response:
        """Reading it here does not mark it as read."""
        return Response(self.one(application_id))


class ApplicationAction(ApplicationView):
    """One decision about an application. People take them, so no token opens these."""

    command: Callable[..., Any]

    def act(self, application_id: int, **words: Any) -> Response:
        type(self).command(actor=self.person, application_id=application_id, **words)
        return Response(self.one(application_id))


def one_of_anybody(view: ApplicationAction, application_id: int) -> Any:
    """The command has let the caller in, perhaps as a guardian, who has no list of applications."""
    row = Application.objects.select_related(*ROW).get(pk=application_id)
    return view.render([row])[0]


class ReadApplication(ApplicationAction):
    command = staticmethod(services.mark_read)

    @operation("applications_mark_read", "Mark as read", tag=TAG, body=NoBody, answer=ApplicationAnswer)
    def post(self, request: Request, application_id: int) -> Response:
        """The student sees that somebody at the organisation has opened it. Harmless when repeated."""
        self.parse(NoBody)
        return self.act(application_id)


class OfferSeat(ApplicationAction):
    command = staticmethod(services.offer_seat)

    @operation("applications_offer_seat", "Offer a seat", tag=TAG, body=MessageInput, answer=ApplicationAnswer)
    def post(self, request: Request, application_id: int) -> Response:
        """The organisation offers one of its seats; it is held until the student answers or the hold ends."""
        return self.act(application_id, **self.parse(MessageInput))


class Waitlist(ApplicationAction):
    command = staticmethod(services.waitlist_application)

    @operation("applications_waitlist", "Put on the waiting list", tag=TAG, body=MessageInput, answer=ApplicationAnswer)
    def post(self, request: Request, application_id: int) -> Response:
        """Last on the period's list; a freed seat goes to the first of it."""
        return self.act(application_id, **self.parse(MessageInput))


class Decline(ApplicationAction):
    command = staticmethod(services.decline_application)

    @operation("applications_decline", "Decline an application", tag=TAG, body=DeclineInput, answer=ApplicationAnswer)
    def post(self, request: Request, application_id: int) -> Response:
        """With a reason, which becomes a polite text."""
        return self.act(application_id, **self.parse(DeclineInput))


class Accept(ApplicationAction):
    command = staticmethod(services.accept_seat)

    @operation("applications_accept", "Accept a seat", tag=TAG, body=NoBody, answer=ApplicationAnswer)
    def post(self, request: Request, application_id: int) -> Response:
        """The student says yes: a match waits for the coordinator, other applications for these days are released."""
        self.parse(NoBody)
        return self.act(application_id)


class TurnDown(ApplicationAction):
    command = staticmethod(services.turn_down_seat)

    @operation("applications_turn_down", "Turn down a seat", tag=TAG, body=TurnDownInput, answer=ApplicationAnswer)
    def post(self, request: Request, application_id: int) -> Response:
        """The student, or a minor's guardian, says no to an offered seat; why, if they like. The seat goes on at once."""
        return self.act(application_id, **self.parse(TurnDownInput))

    one = one_of_anybody


class UndoOffer(ApplicationAction):
    command = staticmethod(undoing.undo_offered_seat)

    @operation("applications_undo_offer", "Undo an offered seat", tag=TAG, body=NoBody, answer=ApplicationAnswer)
    def post(self, request: Request, application_id: int) -> Response:
        """By the organisation, while the municipality's time to undo lasts and the student has not answered."""
        self.parse(NoBody)
        return self.act(application_id)


class AnswerChange(ApplicationAction):
    command = staticmethod(changes.answer_change)

    @operation("applications_answer_change", "Answer about a change", tag=TAG, body=FitsInput, answer=ApplicationAnswer)
    def post(self, request: Request, application_id: int) -> Response:
        """The place was changed after the application: whether it still fits. A no takes the application back."""
        data = self.parse(FitsInput)
        return self.act(application_id, question_id=data["question"], fits=data["fits"])

    one = one_of_anybody


class Withdraw(ApplicationAction):
    command = staticmethod(services.withdraw_application)

    @operation("applications_withdraw", "Withdraw an application", tag=TAG, body=NoBody, answer=ApplicationAnswer)
    def post(self, request: Request, application_id: int) -> Response:
        """The student, a minor's guardian or the coordinator takes it back. A held seat is freed."""
        self.parse(NoBody)
        return self.act(application_id)

    one = one_of_anybody
