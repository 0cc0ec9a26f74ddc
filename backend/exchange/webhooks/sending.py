"""From an id in a worker to an answer in the row: claim, check again, call, record. Each step is a commit of its own."""

import json
import logging
import time
import uuid
from datetime import timedelta

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from backend.common import clock
from backend.common.clock import DbNow
from backend.common.outbox import BACKOFF_SECONDS, MAX_ATTEMPTS
from backend.exchange.enums import DisabledReason, EndpointState, WebhookDeliveryState
from backend.exchange.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from backend.exchange.webhooks.calling import Answer, call
from backend.exchange.webhooks.kinds import concerned_by, payload_of
from backend.exchange.webhooks.services import disable_endpoint
from backend.exchange.webhooks.signing import headers_for, secret_of

logger = logging.getLogger(__name__)

S = WebhookDeliveryState
LEASE = timedelta(seconds=60)
QUEUED_FOR = timedelta(seconds=60)
# After so many failures in a row the endpoint rests, first and at most so many seconds.
FAILURES_BEFORE_REST = 5
REST_SECONDS = (30, 3600)
GONE = 410


def servable() -> Q:
    """Which due deliveries may go: those of active endpoints that do not rest."""
    awake = WebhookEndpoint.objects.filter(
        Q(open_until__isnull=True) | Q(open_until__lte=DbNow()), state=EndpointState.ACTIVE
    )
    return Q(endpoint__in=awake)


def deliver(delivery_id: int) -> None:
    """Handles one id from the broker. A doubled or stale id ends at the claim."""
    token = uuid.uuid4()
    try:
        delivery = _claim(delivery_id, token)
        if delivery is None:
            return
        body = _body(delivery)
        if body is None:
            _held(delivery).update(state=S.DEAD, last_error="not_to_be_told", done_at=DbNow(), lease_until=None)
            return
    except (OperationalError, InterfaceError) as error:
        # Nothing was called: the sweeper makes the row due again.
        logger.warning("webhook delivery %s: database away (%s)", delivery_id, type(error).__name__)
        connection.close()
        return
    headers = headers_for(_secrets(delivery.endpoint), str(delivery.message_id), int(time.time()), body)
    record(delivery, call(delivery.endpoint.url, body, headers))


def _secrets(endpoint: WebhookEndpoint) -> list[str]:
    """What a message is signed with now, the newest first."""
    seeds = [endpoint.seed]
    if endpoint.former_seed and endpoint.former_until and endpoint.former_until > clock.now():
        seeds.append(endpoint.former_seed)
    return [secret_of(seed) for seed in seeds]


def _claim(delivery_id: int, token: uuid.UUID) -> WebhookDelivery | None:
    won = WebhookDelivery.objects.filter(pk=delivery_id, state=S.QUEUED, endpoint__state=EndpointState.ACTIVE).update(
        state=S.SENDING,
        lease_token=token,
        lease_until=DbNow() + LEASE,
        queued_until=None,
        attempts=F("attempts") + 1,
    )
    if not won:
        return None
    return WebhookDelivery.objects.select_related("endpoint", "event").get(pk=delivery_id)


def _held(delivery: WebhookDelivery) -> "QuerySet[WebhookDelivery]":
    """The row, if it is still ours."""
    return WebhookDelivery.objects.filter(pk=delivery.pk, lease_token=delivery.lease_token, state=S.SENDING)


def _body(delivery: WebhookDelivery) -> bytes | None:
    """What is sent; None when the event has become nobody's to hear, such as by a protected identity."""
    concerned = concerned_by(delivery.event)
    if concerned.is_silent:
        return None
    return json.dumps(payload_of(delivery.event, concerned), separators=(",", ":")).encode()


@transaction.atomic
def record(delivery: WebhookDelivery, answer: Answer) -> None:
    """Writes what came of the call, and what it says about the endpoint."""
    WebhookAttempt.objects.create(
        delivery=delivery,
        number=delivery.attempts,
        status=answer.status,
        outcome=answer.outcome,
        milliseconds=answer.milliseconds,
    )
    settled = {"status": answer.status, "lease_until": None, "lease_token": None}
    endpoint = WebhookEndpoint.objects.filter(pk=delivery.endpoint_id)
    if answer.is_received:
        _held(delivery).update(state=S.DONE, done_at=DbNow(), last_error="", **settled)
        endpoint.update(failures=0, failing_since=None, open_until=None)
        return
    if answer.status == GONE:
        # The standard's word for "never again": more attempts would be a nuisance.
        _held(delivery).update(state=S.DEAD, done_at=DbNow(), last_error=answer.outcome, **settled)
        disable_endpoint(delivery.endpoint_id, DisabledReason.GONE)
        return
    if delivery.attempts >= MAX_ATTEMPTS:
        _held(delivery).update(state=S.DEAD, done_at=DbNow(), last_error=answer.outcome, **settled)
    else:
        wait = timedelta(seconds=BACKOFF_SECONDS[min(delivery.attempts, len(BACKOFF_SECONDS)) - 1])
        _held(delivery).update(state=S.PENDING, due_at=DbNow() + wait, last_error=answer.outcome, **settled)
    endpoint.update(failures=F("failures") + 1, failing_since=Coalesce("failing_since", DbNow()))
    failures = endpoint.values_list("failures", flat=True).first() or 0
    if failures >= FAILURES_BEFORE_REST:
        first, longest = REST_SECONDS
        seconds = min(longest, first * 2 ** min(failures - FAILURES_BEFORE_REST, 10))
        endpoint.update(open_until=DbNow() + timedelta(seconds=seconds))


def sweep() -> int:
    """Deliveries whose worker vanished are due again: receivers know a second copy by its id. Returns how many."""
    return WebhookDelivery.objects.filter(state=S.SENDING, lease_until__lt=DbNow()).update(
        state=S.PENDING, due_at=DbNow(), lease_until=None, lease_token=None, last_error="worker_vanished"
    )
