"""Webhooks, kept by people who are logged in: no token makes or ends one."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.api.conditional import require_match
from backend.api.schema import operation
from backend.api.serializers import Answer, ChangeSerializer, MunicipalityCode, NoBody, PageQuery, StrictSerializer
from backend.api.v1.offer_shapes import MAX_ID
from backend.api.v1.shapes import Brief, render
from backend.api.views import ApiView
from backend.exchange.enums import EndpointState, WebhookDeliveryState
from backend.exchange.models import WebhookEndpoint
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
    disabled_because = serializers.CharField(help_text="`silent`, or `gone` after an answer 410; empty otherwise.")


class NewWebhookAnswer(WebhookAnswer):
    secret = serializers.SerializerMethodField(help_text="Shown once. Null when an answer is repeated.")

    def get_secret(self, endpoint: Any) -> str | None:
        secret: str | None = self.context["secret"]
        return secret


class WebhookInput(StrictSerializer):
    url = serializers.CharField(max_length=300, help_text="https, on the open internet.")
    kinds = serializers.ListField(child=serializers.ChoiceField(CHOICES), min_length=1, max_length=len(CHOICES))
    organisation = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=MAX_ID)
    municipality = MunicipalityCode(required=False, default="", allow_blank=True)


class WebhookChange(ChangeSerializer):
    answer = WebhookAnswer
    url = serializers.CharField(required=False, max_length=300, help_text="https, on the open internet.")
    kinds = serializers.ListField(
        child=serializers.ChoiceField(CHOICES), required=False, min_length=1, max_length=len(CHOICES)
    )


class DeliveryAnswer(Answer):
    id = serializers.IntegerField(source="pk")
    message_id = serializers.UUIDField(help_text="The `webhook-id` of every attempt.")
    kind = serializers.CharField(source="event.kind")
    state = serializers.ChoiceField(WebhookDeliveryState.values)
    status = serializers.IntegerField(allow_null=True, help_text="Of the last answer.")
    attempts = serializers.IntegerField()
    error = serializers.CharField(source="last_error")
    created_at = serializers.DateTimeField()


class AttemptAnswer(Answer):
    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    status = serializers.IntegerField(allow_null=True, help_text="Of the answer; null when there was none.")
    outcome = serializers.CharField(help_text="`received`, or a short code of what went wrong.")
    milliseconds = serializers.IntegerField(help_text="How long the call took.")


class LoggedDelivery(DeliveryAnswer):
    log = AttemptAnswer(source="attempt_rows", many=True, help_text="Each attempt, the first one first.")


class DeliveryQuery(PageQuery):
    state = serializers.ChoiceField(WebhookDeliveryState.values, required=False)


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


class WebhookView(ApiView):
    def shown(self, endpoint_id: int) -> Response:
        return Response(WebhookAnswer(self.get_or_404(list_webhooks_of(self.person), endpoint_id)).data)

    def act(self, command: Callable[..., Any], endpoint_id: int) -> Response:
        self.parse(NoBody)
        command(actor=self.person, endpoint_id=endpoint_id)
        return self.shown(endpoint_id)


class OneWebhook(WebhookView):
    @operation("webhooks_read", "Read a webhook", tag=TAG, answer=WebhookAnswer)
    def get(self, request: Request, endpoint_id: int) -> Response:
        """Whether it is switched on, and since when it fails."""
        return self.shown(endpoint_id)

    @operation("webhooks_change", "Change a webhook", tag=TAG, body=WebhookChange, answer=WebhookAnswer)
    def patch(self, request: Request, endpoint_id: int) -> Response:
        """What is left out stays, the secret too."""
        data = self.parse(WebhookChange)
        with transaction.atomic():
            WebhookEndpoint.objects.select_for_update().filter(pk=endpoint_id).first()
            endpoint = self.get_or_404(list_webhooks_of(self.person), endpoint_id)
            require_match(request, WebhookAnswer(endpoint).data)
            services.change_webhook(
                actor=self.person,
                endpoint_id=endpoint_id,
                url=data.get("url", endpoint.url),
                kinds=data.get("kinds", endpoint.kinds),
            )
            return self.shown(endpoint_id)

    @operation("webhooks_delete", "Remove a webhook", tag=TAG, status=204)
    def delete(self, request: Request, endpoint_id: int) -> Response:
        """Nothing is sent there any more."""
        services.delete_webhook(actor=self.person, endpoint_id=endpoint_id)
        return Response(status=204)


class PauseWebhook(WebhookView):
    @operation("webhooks_pause", "Pause a webhook", tag=TAG, body=NoBody, answer=WebhookAnswer)
    def post(self, request: Request, endpoint_id: int) -> Response:
        """Nothing is sent for now; what happens meanwhile waits."""
        return self.act(services.pause_webhook, endpoint_id)


class ResumeWebhook(WebhookView):
    @operation("webhooks_resume", "Resume a webhook", tag=TAG, body=NoBody, answer=WebhookAnswer)
    def post(self, request: Request, endpoint_id: int) -> Response:
        """Also one that was switched off after failures. Sending goes on with what has waited."""
        return self.act(services.resume_webhook, endpoint_id)


class RenewSecret(WebhookView):
    @operation(
        "webhooks_renew_secret",
        "Renew the secret",
        tag=TAG,
        body=NoBody,
        answer=NewWebhookAnswer,
        keep=_without_secret,
    )
    def post(self, request: Request, endpoint_id: int) -> Response:
        """What is sent from now on is signed with the new one, which is in this answer and nowhere else."""
        self.parse(NoBody)
        secret = services.renew_secret(actor=self.person, endpoint_id=endpoint_id)
        endpoint = self.get_or_404(list_webhooks_of(self.person), endpoint_id)
        return Response(NewWebhookAnswer(endpoint, context={"secret": secret}).data)


class TryWebhook(WebhookView):
    @operation("webhooks_try", "Send a trial message", tag=TAG, body=NoBody, answer=DeliveryAnswer, status=201)
    def post(self, request: Request, endpoint_id: int) -> Response:
        """Without content, to see whether it arrives: read the deliveries."""
        self.parse(NoBody)
        delivery = services.send_trial(actor=self.person, endpoint_id=endpoint_id)
        return Response(DeliveryAnswer(delivery).data, status=201)


class WebhookDeliveries(ApiView):
    @operation(
        "webhook_deliveries_list", "What was sent", tag=TAG, query=DeliveryQuery, answer=LoggedDelivery, page=True
    )
    def get(self, request: Request, endpoint_id: int) -> Response:
        """The messages of the last 30 days, newest first, each with its attempts."""
        asked = self.query(DeliveryQuery)
        rows = list_deliveries_of(self.get_or_404(list_webhooks_of(self.person), endpoint_id))
        if "state" in asked:
            rows = rows.filter(state=asked["state"])
        return self.page(rows, ("-pk",), asked, lambda found: render(LoggedDelivery, found))


class ReplayDelivery(ApiView):
    @operation("webhook_deliveries_replay", "Send again", tag=TAG, body=NoBody, answer=DeliveryAnswer)
    def post(self, request: Request, delivery_id: int) -> Response:
        """The same message under the same id."""
        self.parse(NoBody)
        delivery = services.replay_delivery(actor=self.person, delivery_id=delivery_id)
        return Response(DeliveryAnswer(delivery).data)
