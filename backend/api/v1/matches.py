"""Matches that wait for a coordinator, and the placements that come of them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.contacts import Contact
from backend.api.schema import operation
from backend.api.serializers import Answer, CodeName, NoBody, PageQuery, StrictSerializer
from backend.api.v1.shapes import OfferBrief, StudentBrief, student_for
from backend.api.views import ApiView
from backend.placements import rest, services
from backend.placements.enums import MatchSource, MatchState, PlacementState
from backend.placements.gates import gates_for
from backend.placements.models import Match, Placement
from backend.placements.policies import can_decide_match
from backend.placements.selectors import list_matches_to_decide, list_visible_matches, list_visible_placements
from backend.placements.supervisors import replace_supervisor
from backend.tokens.enums import Scope

TAG = "Matches and placements"
ORGANISATION = "period__offer__organisation"


class GateAnswer(Answer):
    code = serializers.CharField()
    text = serializers.CharField()
    is_open = serializers.BooleanField()
    is_blocking = serializers.BooleanField(help_text="Refuses the approval while it is not open.")


class MatchAnswer(Answer):
    id = serializers.IntegerField(source="pk")
    state = serializers.ChoiceField(MatchState.values)
    source = serializers.ChoiceField(MatchSource.values)  # type: ignore[assignment]
    student = serializers.SerializerMethodField()
    offer = OfferBrief(source="period.offer")
    start = serializers.DateField(help_text="The first day.")
    end = serializers.DateField(help_text="The last day, included.")
    deciding_municipality = CodeName(allow_null=True, help_text="Null: the network office decides.")
    proposed_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)
    decision_reason = serializers.CharField()
    gates = serializers.SerializerMethodField(help_text="For those who decide: what must be true first. Else null.")

    @extend_schema_field(StudentBrief)
    def get_student(self, match: Match) -> Any:
        return StudentBrief(student_for(self.context["viewer"], match.student)).data

    @extend_schema_field(GateAnswer(many=True, allow_null=True))
    def get_gates(self, match: Match) -> Any:
        gates = self.context["gates"].get(match.pk)
        return None if gates is None else GateAnswer(gates, many=True).data


class PlacementAnswer(Answer):
    id = serializers.IntegerField(source="pk")
    state = serializers.ChoiceField(PlacementState.values)
    match = serializers.IntegerField(source="match_id")
    student = serializers.SerializerMethodField()
    offer = OfferBrief(source="period.offer")
    start = serializers.DateField(help_text="The first day.")
    end = serializers.DateField(help_text="The last day, included.")
    supervisor_name = serializers.CharField()
    supervisor_email = serializers.CharField()
    supervisor_phone = serializers.CharField(help_text="E.164, such as `+4612285000`; empty when not known.")
    ended_reason = serializers.CharField()

    @extend_schema_field(StudentBrief)
    def get_student(self, placement: Placement) -> Any:
        return StudentBrief(student_for(self.context["viewer"], placement.student)).data


class MatchQuery(PageQuery):
    state = serializers.ChoiceField(MatchState.values, required=False)
    to_decide = serializers.BooleanField(
        required=False, default=False, help_text="Only those that wait for your decision."
    )


class PlacementQuery(PageQuery):
    state = serializers.ChoiceField(PlacementState.values, required=False)


class RejectInput(StrictSerializer):
    reason = serializers.CharField(max_length=2000, help_text="Is sent to the student and the organisation.")


class MatchView(ApiView):
    def visible(self) -> Any:
        return list_visible_matches(self.person).filter(**self.principal.only(ORGANISATION))

    def render(self, rows: list[Match]) -> list[Any]:
        """Gates only for matches the caller decides; the organisation's token decides none."""
        decided = [] if self.principal.token else [row for row in rows if can_decide_match(self.person, row)]
        context = {"viewer": self.person, "gates": gates_for(decided)}
        return list(MatchAnswer(rows, many=True, context=context).data)

    def one(self, match_id: int) -> Any:
        return self.render([self.get_or_404(self.visible(), match_id)])[0]


class Matches(MatchView):
    scopes = {"GET": Scope.PLACEMENTS_READ}

    @operation("matches_list", "Matches", tag=TAG, query=MatchQuery, answer=MatchAnswer, page=True)
    def get(self, request: Request) -> Response:
        """Your own, your organisations', and those of your municipality. Longest waiting first."""
        asked = self.query(MatchQuery)
        rows = self.visible()
        if asked["to_decide"]:
            rows = rows.filter(pk__in=list_matches_to_decide(self.person).order_by().values("pk"))
        if "state" in asked:
            rows = rows.filter(state=asked["state"])
        return self.page(rows, ("proposed_at", "pk"), asked, self.render)


class OneMatch(MatchView):
    scopes = {"GET": Scope.PLACEMENTS_READ}

    @operation("matches_read", "Read a match", tag=TAG, answer=MatchAnswer)
    def get(self, request: Request, match_id: int) -> Response:
        """With what must be true before it can be approved."""
        return Response(self.one(match_id))


class Approve(MatchView):
    @operation("matches_approve", "Approve a match", tag=TAG, body=NoBody, answer=MatchAnswer)
    def post(self, request: Request, match_id: int) -> Response:
        """A coordinator says yes: the placement stands."""
        self.parse(NoBody)
        services.approve_match(actor=self.person, match_id=match_id)
        return Response(self.one(match_id))


class Reject(MatchView):
    @operation("matches_reject", "Reject a match", tag=TAG, body=RejectInput, answer=MatchAnswer)
    def post(self, request: Request, match_id: int) -> Response:
        """A coordinator says no, and why. The seat is free again."""
        services.reject_match(actor=self.person, match_id=match_id, reason=self.parse(RejectInput)["reason"])
        return Response(self.one(match_id))


class UndoApproval(MatchView):
    @operation("matches_undo_approval", "Undo an approval", tag=TAG, body=NoBody, answer=MatchAnswer)
    def post(self, request: Request, match_id: int) -> Response:
        """While the municipality's time to undo lasts: the match waits again, the placement is gone."""
        self.parse(NoBody)
        services.undo_match_approval(actor=self.person, match_id=match_id)
        return Response(self.one(match_id))


class UndoRejection(MatchView):
    @operation("matches_undo_rejection", "Undo a rejection", tag=TAG, body=NoBody, answer=MatchAnswer)
    def post(self, request: Request, match_id: int) -> Response:
        """While the municipality's time to undo lasts and the seat is still free."""
        self.parse(NoBody)
        services.undo_match_rejection(actor=self.person, match_id=match_id)
        return Response(self.one(match_id))


class PlacementView(ApiView):
    scopes = {"GET": Scope.PLACEMENTS_READ}

    def visible(self) -> Any:
        return list_visible_placements(self.person).filter(**self.principal.only(ORGANISATION))

    def render(self, rows: list[Placement]) -> list[Any]:
        return list(PlacementAnswer(rows, many=True, context={"viewer": self.person}).data)


class Placements(PlacementView):
    @operation("placements_list", "Placements", tag=TAG, query=PlacementQuery, answer=PlacementAnswer, page=True)
    def get(self, request: Request) -> Response:
        """Approved matches: your own, your organisations', your municipality's. The first to begin first."""
        asked = self.query(PlacementQuery)
        rows = self.visible()
        if "state" in asked:
            rows = rows.filter(state=asked["state"])
        return self.page(rows, ("start", "pk"), asked, self.render)


class OnePlacement(PlacementView):
    @operation("placements_read", "Read a placement", tag=TAG, answer=PlacementAnswer)
    def get(self, request: Request, placement_id: int) -> Response:
        """Dates, supervisor, and how it stands."""
        return Response(self.render([self.get_or_404(self.visible(), placement_id)])[0])


class EndPlacement(PlacementView):
    scopes = {}

    @operation("placements_end", "End a placement", tag=TAG, body=RejectInput, answer=PlacementAnswer)
    def post(self, request: Request, placement_id: int) -> Response:
        """By the coordinator: cancelled before its first day, interrupted after. The seat of a cancelled one is free."""
        reason = self.parse(RejectInput)["reason"]
        ended = services.end_placement(actor=self.person, placement_id=placement_id, reason=reason)
        return Response(self.render([self.get_or_404(self.visible(), ended.pk)])[0])


class OpenRest(PlacementView):
    scopes = {}

    @operation("placements_open_rest", "Give the rest on", tag=TAG, body=NoBody, answer=PlacementAnswer)
    def post(self, request: Request, placement_id: int) -> Response:
        """By the organisation of an interrupted placement: the days that are left go to the next in line."""
        self.parse(NoBody)
        rest.open_rest(actor=self.person, placement_id=placement_id)
        return Response(self.render([self.get_or_404(self.visible(), placement_id)])[0])


class DeclineRest(PlacementView):
    scopes = {}

    @operation("placements_decline_rest", "Take nobody else", tag=TAG, body=NoBody, answer=PlacementAnswer)
    def post(self, request: Request, placement_id: int) -> Response:
        """By the organisation of an interrupted placement: nobody else comes for the days that are left."""
        self.parse(NoBody)
        rest.decline_rest(actor=self.person, placement_id=placement_id)
        return Response(self.render([self.get_or_404(self.visible(), placement_id)])[0])


class SupervisorInput(StrictSerializer):
    name = serializers.CharField(max_length=120)
    email = serializers.CharField(required=False, allow_blank=True, max_length=254)
    phone = serializers.CharField(
        required=False, allow_blank=True, max_length=40, help_text="As people write it, or E.164."
    )


class ReplaceSupervisor(PlacementView):
    scopes = {}

    @operation("placements_supervisor", "Replace the supervisor", tag=TAG, body=SupervisorInput, answer=PlacementAnswer)
    def post(self, request: Request, placement_id: int) -> Response:
        """By the organisation or the coordinator. Everybody concerned is told, also the old and the new supervisor."""
        chosen = self.parse(SupervisorInput)
        changed = replace_supervisor(actor=self.person, placement_id=placement_id, supervisor=Contact(**chosen))
        return Response(self.render([self.get_or_404(self.visible(), changed.pk)])[0])
