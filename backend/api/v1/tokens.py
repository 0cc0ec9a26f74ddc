"""Tokens, managed by people who are logged in: no token makes or ends another one."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.api.schema import operation
from backend.api.serializers import Answer, PageQuery, StrictSerializer
from backend.api.v1.offer_shapes import MAX_ID
from backend.api.v1.shapes import Brief, render
from backend.api.views import ApiView
from backend.common.errors import NotAllowed
from backend.tokens import services
from backend.tokens.enums import Scope
from backend.tokens.policies import can_have_tokens
from backend.tokens.selectors import list_tokens
from backend.tokens.services import LONGEST_DAYS, USUAL_DAYS, TokenDetails

TAG = "Tokens"


class TokenAnswer(Answer):
    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="How the token begins.")
    scopes = serializers.ListField(child=serializers.ChoiceField(Scope.values))
    organisation = Brief(allow_null=True, help_text="Null: the person's own.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_on = serializers.DateField(allow_null=True, help_text="A day, no moment.")


class NewTokenAnswer(TokenAnswer):
    secret = serializers.SerializerMethodField(help_text="Shown once. Null when an answer is repeated.")

    def get_secret(self, token: Any) -> str | None:
        secret: str | None = self.context["secret"]
        return secret


class TokenInput(StrictSerializer):
    name = serializers.CharField(max_length=60, help_text="For example, the system that will use it.")
    scopes = serializers.ListField(child=serializers.ChoiceField(Scope.values), min_length=1, max_length=len(Scope))
    organisation = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=MAX_ID, help_text="Makes it the organisation's."
    )
    days = serializers.IntegerField(
        required=False, default=USUAL_DAYS, min_value=1, max_value=LONGEST_DAYS, help_text="Until it ends."
    )


def _without_secret(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "secret": None}


class TokenView(ApiView):
    """For organisations and coordinators."""

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        if self.principal.user is not None and not can_have_tokens(self.principal.user):
            raise NotAllowed("token.not_allowed", _("Tokens are for organisations and coordinators."))


class Tokens(TokenView):
    @operation("tokens_list", "Tokens", tag=TAG, query=PageQuery, answer=TokenAnswer, page=True)
    def get(self, request: Request) -> Response:
        """Your own, and those of the organisations you own. Newest first."""
        rows = list_tokens(self.person)
        return self.page(rows, ("-pk",), self.query(PageQuery), lambda found: render(TokenAnswer, found))

    @operation(
        "tokens_create",
        "Make a token",
        tag=TAG,
        body=TokenInput,
        answer=NewTokenAnswer,
        status=201,
        keep=_without_secret,
    )
    def post(self, request: Request) -> Response:
        """The secret is in this answer and nowhere else, not even in a repeated one."""
        data = self.parse(TokenInput)
        details = TokenDetails(data["name"], data["scopes"], data.get("organisation"), data["days"])
        made = services.create_token(actor=self.person, user=self.person, details=details)
        return Response(NewTokenAnswer(made.token, context={"secret": made.secret}).data, status=201)


class OneToken(TokenView):
    @operation("tokens_revoke", "Revoke a token", tag=TAG, status=204)
    def delete(self, request: Request, token_id: int) -> Response:
        """It opens nothing from now on."""
        services.revoke_token(actor=self.person, token_id=token_id)
        return Response(status=204)
