"""Webhooks: signed as the standard says, sent only where it is safe, without people, again until received, replayable."""

import json
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from backend.common import events, outbox
from backend.common.clock import DbNow
from backend.common.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from backend.common.models import DomainEvent, LogEntry
from backend.exchange.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from backend.exchange.webhooks import calling, sending, services
from backend.exchange.webhooks.addresses import UnreachableError, is_public, target_of
from backend.exchange.webhooks.signing import secret_of, sign
from tests.factories import ApplicationFactory, CoordinatorFactory, MembershipFactory, OfferFactory, UserFactory

URL = "https://hook.example.com/in?key=1"
PUBLIC = "93.184.215.14"


def test_the_signature_of_the_standards_own_example():
    signature = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_belongs_to_seed_and_service(settings):
    one = secret_of(b"1" * 32)
    assert one.startswith("whsec_")
    assert one != secret_of(b"2" * 32)
    settings.SECRET_KEY = "another"
    assert secret_of(b"1" * 32) != one


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "198.18.0.1", "192.0.0.8", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254",
        "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
        "2001:db8::1", "2001::1", "fec0::1", "localhost", "",
    ],
)  # fmt: skip
def test_addresses_that_are_never_called(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::808:808"])
def test_addresses_of_the_open_internet(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "https://", "https://localhost/", "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1/",
        "https://user:pass@example.com/", "https://example.com/#x", "ftp://example.com/", "https://exa mple.com/",
        "https://example.com:0/", "https://example.com:99999/", "https://[::ffff:10.0.0.1]/", "javascript:alert(1)",
        "https://intranet/", "https://exämple.com/", f"https://example.com/{'x' * 300}", "https://example.com/\n",
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_urls_that_are_refused(url):
    with pytest.raises(Invalid) as refused:
        services.register_webhook(
            actor=CoordinatorFactory(), municipality_code="0562", url=url, kinds=["offer.published"]
        )
    assert refused.value.field == "url"
    assert not WebhookEndpoint.objects.exists()


def test_one_private_address_among_the_answers_refuses_all():
    with pytest.raises(UnreachableError):
        target_of(URL, look_up=lambda host, port: [PUBLIC, "10.0.0.1"])
    assert target_of(URL, look_up=lambda host, port: [PUBLIC]).address == PUBLIC


def answering(handler: Callable[[httpx.Request], httpx.Response]) -> Callable[[], httpx.Client]:
    return lambda: httpx.Client(transport=httpx.MockTransport(handler), follow_redirects=False)


def call(handler: Callable[[httpx.Request], httpx.Response]) -> calling.Answer:
    return calling.call(
        URL, b"{}", {"webhook-id": "1"}, look_up=lambda host, port: [PUBLIC], make_client=answering(handler)
    )


def test_the_call_goes_to_the_checked_address_under_the_name():
    seen: list[httpx.Request] = []

    def receive(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204, stream=httpx.ByteStream(b""))

    assert call(receive).is_received
    assert str(seen[0].url) == f"https://{PUBLIC}/in?key=1"
    assert seen[0].headers["host"] == "hook.example.com"
    assert seen[0].extensions["sni_hostname"] == "hook.example.com"


def test_a_redirect_is_no_receipt_and_is_not_followed():
    calls: list[str] = []

    def move(request: httpx.Request) -> httpx.Response:
        calls.append(str(request.url))
        where = {"location": "http://169.254.169.254/latest/meta-data/"}
        return httpx.Response(302, headers=where, stream=httpx.ByteStream(b"moved"))

    assert call(move).outcome == "status_302"
    assert len(calls) == 1


def test_an_endless_answer_is_read_up_to_a_bound():
    read = 0

    class Endless(httpx.SyncByteStream):
        def __iter__(self):
            nonlocal read
            while True:
                read += 4_096
                yield b"x" * 4_096

    assert call(lambda request: httpx.Response(200, stream=Endless())).is_received
    assert read <= calling.MOST_ANSWER_BYTES + 8_192


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(httpx.ReadTimeout("x"), "timeout"), (httpx.ConnectError("secret host"), "no_answer:ConnectError")],
)
def test_what_goes_wrong_is_a_code(error, outcome):
    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    assert call(fail).outcome == outcome


def test_the_real_client_trusts_no_proxy_and_follows_nothing(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with calling.client() as http:
        assert not http.follow_redirects
        assert not http.trust_env


# --- from an event to a receipt ------------------------------------------------------------------------------------


@pytest.fixture
def receiver(monkeypatch):
    """Answers of the other side, first to last; the last one again and again. Calls are kept."""
    state = {"answers": [calling.Answer(200, calling.RECEIVED, 5)], "calls": []}

    def fake(url, body, headers):
        state["calls"].append((url, json.loads(body), headers))
        return state["answers"].pop(0) if len(state["answers"]) > 1 else state["answers"][0]

    monkeypatch.setattr(sending, "call", fake)
    return state


def hand_out() -> int:
    """What the dispatcher and a worker do with everything that is due."""
    source = next(each for each in outbox.sources() if each.name == "webhooks")
    ids = outbox.claim(source, 50)
    for pk in ids:
        sending.deliver(pk)
    return len(ids)


def endpoint_of(offer, **fields) -> WebhookEndpoint:
    owner = MembershipFactory(organisation=offer.organisation, role="owner").user
    kinds = ["offer.published", "application.submitted"]
    endpoint, _secret = services.register_webhook(actor=owner, organisation=offer.organisation, url=URL, kinds=kinds)
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(**fields)
    endpoint.refresh_from_db()
    return endpoint


def happen(kind: str, subject) -> DomainEvent:
    event = events.record(kind, subject)
    services.write_deliveries(event)
    return event


@pytest.mark.django_db
def test_an_event_arrives_signed_with_ids_only(receiver):
    application = ApplicationFactory()
    endpoint = endpoint_of(application.period.offer)
    happen("application.submitted", application)
    assert hand_out() == 1
    url, payload, headers = receiver["calls"][0]
    delivery = WebhookDelivery.objects.get()
    assert (url, delivery.state, delivery.status) == (URL, "done", 200)
    assert payload["type"] == "application.submitted"
    assert payload["data"]["application"] == application.pk
    assert payload["data"]["link"].endswith(f"/till/application/{application.pk}/")
    assert application.student.user.name not in json.dumps(payload)
    assert headers["webhook-id"] == str(delivery.message_id)
    body = json.dumps(payload, separators=(",", ":")).encode()
    expected = sign(secret_of(endpoint.seed), headers["webhook-id"], int(headers["webhook-timestamp"]), body)
    assert headers["webhook-signature"] == expected


@pytest.mark.django_db
def test_the_same_event_is_written_once(receiver):
    offer = OfferFactory()
    endpoint_of(offer)
    event = happen("offer.published", offer)
    services.write_deliveries(event)
    assert WebhookDelivery.objects.count() == 1


@pytest.mark.django_db
def test_nobody_else_hears_of_it(receiver):
    offer, other = OfferFactory(), OfferFactory()
    endpoint_of(other)
    far, _secret = services.register_webhook(
        actor=CoordinatorFactory(municipality="2081"),
        municipality_code="2081",
        url=URL,
        kinds=["offer.published"],
    )
    happen("offer.published", offer)
    assert not WebhookDelivery.objects.exists()
    assert far.state == "active"


@pytest.mark.django_db
def test_a_protected_student_is_never_in_an_event_also_when_protected_later(receiver):
    application = ApplicationFactory()
    endpoint_of(application.period.offer)
    happen("application.submitted", application)
    student = application.student
    student.is_protected, student.alias = True, "Elev 7"
    student.save()
    hand_out()
    assert receiver["calls"] == []
    assert WebhookDelivery.objects.get().last_error == "not_to_be_told"
    happen("application.submitted", application)
    assert WebhookDelivery.objects.count() == 1


@pytest.mark.django_db
def test_failures_are_tried_again_and_the_endpoint_rests_after_some(receiver):
    receiver["answers"] = [calling.Answer(500, "status_500", 5)]
    offer = OfferFactory()
    endpoint = endpoint_of(offer)
    happen("offer.published", offer)
    for attempt in range(1, sending.FAILURES_BEFORE_REST + 1):
        assert hand_out() == 1
        WebhookDelivery.objects.update(due_at=DbNow())
        assert WebhookAttempt.objects.count() == attempt
    endpoint.refresh_from_db()
    assert endpoint.failing_since is not None
    assert hand_out() == 0, "a resting endpoint is left alone"
    WebhookEndpoint.objects.update(open_until=DbNow())
    receiver["answers"] = [calling.Answer(200, calling.RECEIVED, 5)]
    assert hand_out() == 1
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.failing_since, endpoint.open_until) == (0, None, None)


@pytest.mark.django_db
def test_it_is_given_up_in_the_end_and_can_be_replayed_under_the_same_id(receiver):
    receiver["answers"] = [calling.Answer(None, "timeout", 5)]
    offer = OfferFactory()
    endpoint = endpoint_of(offer)
    happen("offer.published", offer)
    for _attempt in range(outbox.MAX_ATTEMPTS):
        WebhookDelivery.objects.update(due_at=DbNow())
        WebhookEndpoint.objects.update(open_until=None)
        hand_out()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.attempts) == ("dead", outbox.MAX_ATTEMPTS)
    receiver["answers"] = [calling.Answer(200, calling.RECEIVED, 5)]
    WebhookEndpoint.objects.update(open_until=None)
    services.replay_delivery(actor=endpoint.created_by, delivery_id=delivery.pk)
    with pytest.raises(Conflict):
        services.replay_delivery(actor=endpoint.created_by, delivery_id=delivery.pk)
    hand_out()
    delivery.refresh_from_db()
    assert delivery.state == "done"
    assert {headers["webhook-id"] for _url, _body, headers in receiver["calls"]} == {str(delivery.message_id)}
    assert LogEntry.objects.filter(action="webhook.replayed").count() == 1


@pytest.mark.django_db
def test_a_vanished_workers_delivery_is_due_again(receiver):
    offer = OfferFactory()
    endpoint_of(offer)
    happen("offer.published", offer)
    row = WebhookDelivery.objects.get()
    row.state, row.lease_token, row.lease_until = "sending", row.message_id, row.created_at - timedelta(hours=1)
    row.save()
    assert sending.sweep() == 1
    assert hand_out() == 1


@pytest.mark.django_db
def test_an_address_that_is_gone_is_left_alone_at_once_and_its_owner_told(receiver):
    receiver["answers"] = [calling.Answer(410, "status_410", 5)]
    offer = OfferFactory()
    endpoint = endpoint_of(offer)
    happen("offer.published", offer)
    assert hand_out() == 1
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.disabled_because) == ("disabled", "gone")
    assert WebhookDelivery.objects.get().state == "dead"
    assert endpoint.created_by.notifications.get().kind == "webhook.disabled"
    assert hand_out() == 0
    resumed = services.resume_webhook(actor=endpoint.created_by, endpoint_id=endpoint.pk)
    assert (resumed.state, resumed.disabled_because) == ("active", "")


@pytest.mark.django_db
def test_a_receiver_with_the_former_secret_understands_for_a_day(receiver, frozen_clock):
    offer = OfferFactory()
    endpoint = endpoint_of(offer)
    former = secret_of(endpoint.seed)
    renewed = services.renew_secret(actor=endpoint.created_by, endpoint_id=endpoint.pk)

    def is_understood(secret: str) -> bool:
        happen("offer.published", offer)
        hand_out()
        _url, payload, headers = receiver["calls"][-1]
        try:
            Webhook(secret).verify(json.dumps(payload, separators=(",", ":")), headers)
        except WebhookVerificationError:
            return False
        return True

    assert is_understood(former)
    assert is_understood(renewed)
    frozen_clock.shift(services.FORMER_SECRET_KEPT)
    assert not is_understood(former)
    assert is_understood(renewed)


@pytest.mark.django_db
def test_five_days_of_failure_switch_it_off_and_tell_the_owner():
    offer = OfferFactory()
    endpoint = endpoint_of(offer, failing_since=DbNow() - services.DISABLED_AFTER + timedelta(hours=1))
    assert services.disable_failing() == 0
    WebhookEndpoint.objects.update(failing_since=DbNow() - services.DISABLED_AFTER)
    assert services.disable_failing() == 1
    endpoint.refresh_from_db()
    assert endpoint.state == "disabled"
    told = endpoint.created_by.notifications.get()
    assert told.kind == "webhook.disabled"
    resumed = services.resume_webhook(actor=endpoint.created_by, endpoint_id=endpoint.pk)
    assert (resumed.state, resumed.failing_since) == ("active", None)


@pytest.mark.django_db
def test_only_owners_and_coordinators_keep_them():
    offer = OfferFactory()
    endpoint = endpoint_of(offer)
    member = MembershipFactory(organisation=offer.organisation).user
    strangers = [member, UserFactory(), CoordinatorFactory(), MembershipFactory(role="owner").user]
    for stranger in strangers:
        with pytest.raises(NotAllowed):
            services.register_webhook(
                actor=stranger, organisation=offer.organisation, url=URL, kinds=["offer.published"]
            )
        for command in (services.pause_webhook, services.delete_webhook, services.renew_secret, services.send_trial):
            with pytest.raises(NotFound):
                command(actor=stranger, endpoint_id=endpoint.pk)
    assert WebhookEndpoint.objects.get().state == "active"


@pytest.mark.django_db
def test_kinds_and_number_are_bounded():
    coordinator = CoordinatorFactory()

    def register(kinds):
        return services.register_webhook(actor=coordinator, municipality_code="0562", url=URL, kinds=kinds)

    for kinds in ([], ["student.enrolled"], ["webhook.trial"]):
        with pytest.raises(DomainError) as refused:
            register(kinds)
        assert refused.value.field == "kinds"
    for _number in range(services.MOST_ENDPOINTS):
        register(["offer.published"])
    with pytest.raises(Conflict):
        register(["offer.published"])


@pytest.mark.django_db
def test_a_trial_arrives_and_a_removed_endpoint_hears_nothing(receiver):
    offer = OfferFactory()
    endpoint = endpoint_of(offer)
    services.send_trial(actor=endpoint.created_by, endpoint_id=endpoint.pk)
    hand_out()
    assert receiver["calls"][0][1]["type"] == "webhook.trial"
    happen("offer.published", offer)
    services.delete_webhook(actor=endpoint.created_by, endpoint_id=endpoint.pk)
    assert hand_out() == 0
    happen("offer.published", offer)
    assert len(receiver["calls"]) == 1
