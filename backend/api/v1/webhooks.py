"""Webhooks, kept by people who are logged in: no token makes or ends one."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.api.schema import operation
from backend.api.serializers import Answer, NoBody, PageQuery, StrictSerializer
from backend.api.v1.offer_shapes import MAX_ID
from backend.api.v1.shapes import Brief, render
from backend.api.views import ApiView
from backend.exchange.enums import EndpointState, WebhookDeliveryState
from backend.exchange.webhooks import services
from backend.exchange.webhooks.kinds import KINDS, TRIAL
from backend.exchange.webhooks.selectors import list_deliveries_of, list_webhooks_of
from backend.organisations.models import Organisation

TAG = "Webhooks"
CHOICES = [kind for kind in KINDS if kind != TRIAL]


class WebhookAnswer(Answer):
    id = serializers.IntegerField(source="pk")
    url = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField())
    state = serializers.ChoiceField(EndpointState.values)
    organisation = Brief(allow_null=True)
    municipality = serializers.CharField(source="municipality_id", allow_null=True, help_text="Four digits.")
    failing_since = serializers.DateTimeField(allow_null=True)


class NewWebhookAnswer(WebhookAnswer):
    secret = serializers.SerializerMethodField(help_text="Shown once. Null when an answer is repeated.")

    def get_secret(self, endpoint: Any) -> str | None:
        secret: str | None = self.context["secret"]
        return secret


class WebhookInput(StrictSerializer):
    url = serializers.CharField(max_length=300, help_text="https, on the open internet.")
    kinds = serializers.ListField(child=serializers.ChoiceField(CHOICES), min_length=1, max_length=len(CHOICES))
    organisation = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=MAX_ID)
    municipality = serializers.CharField(required=False, default="", allow_blank=True, max_length=4)


class DeliveryAnswer(Answer):
    id = serializers.IntegerField(source="pk")
    message_id = serializers.UUIDField(help_text="The `webhook-id` of every attempt.")
    kind = serializers.CharField(source="event.kind")
    state = serializers.ChoiceField(WebhookDeliveryState.values)
    status = serializers.IntegerField(allow_null=True, help_text="Of the last answer.")
    attempts = serializers.IntegerField()
    error = serializers.CharField(source="last_error")
    created_at = serializers.DateTimeField()


def _without_secret(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "secret": None}


class Webhooks(ApiView):
    @operation("webhooks_list", "Webhooks", tag=TAG, query=PageQuery, answer=WebhookAnswer, page=True)
    def get(self, request: Request) -> Response:
        """Those of organisations you own and municipalities you coordinate, newest first."""
        rows = list_webhooks_of(self.person)
        return self.page(rows, ("-pk",), self.query(PageQuery), lambda found: render(WebhookAnswer, found))

    @operation(
        "webhooks_create",
        "Register a webhook",
        tag=TAG,
        body=WebhookInput,
        answer=NewWebhookAnswer,
        status=201,
        keep=_without_secret,
    )
    def post(self, request: Request) -> Response:
        """The signing secret is in this answer and nowhere else, not even in a repeated one."""
        data = self.parse(WebhookInput)
        organisation = Organisation.objects.filter(pk=data.get("organisation") or 0).first()
        endpoint, secret = services.register_webhook(
            actor=self.person,
            url=data["url"],
            kinds=data["kinds"],
            organisation=organisation,
            municipality_code=data["municipality"],
        )
        return Response(NewWebhookAnswer(endpoint, context={"secret": secret}).data, status=201)


class OneWebhook(ApiView):
    @operation("webhooks_delete", "Remove a webhook", tag=TAG, status=204)
    def delete(self, request: Request, endpoint_id: int) -> Response:
        """Nothing is sent there any more."""
        services.delete_webhook(actor=self.person, endpoint_id=endpoint_id)
        return Response(status=204)


class WebhookDeliveries(ApiView):
    @operation("webhook_deliveries_list", "What was sent", tag=TAG, query=PageQuery, answer=DeliveryAnswer, page=True)
    def get(self, request: Request, endpoint_id: int) -> Response:
        """The messages of the last 30 days, newest first."""
        endpoint = self.get_or_404(list_webhooks_of(self.person), endpoint_id)
        rows = list_deliveries_of(endpoint).prefetch_related(None)
        return self.page(rows, ("-pk",), self.query(PageQuery), lambda found: render(DeliveryAnswer, found))


class ReplayDelivery(ApiView):
    @operation("webhook_deliveries_replay", "Send again", tag=TAG, body=NoBody, answer=DeliveryAnswer)
    def post(self, request: Request, delivery_id: int) -> Response:
        """The same message under the same id."""
        self.parse(NoBody)
        delivery = services.replay_delivery(actor=self.person, delivery_id=delivery_id)
        return Response(DeliveryAnswer(delivery).data)
