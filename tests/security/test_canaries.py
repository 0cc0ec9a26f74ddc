"""Names, addresses and what people write stand in the database and in what is sent to those it is for, nowhere else.

Everything happens to a student whose names stand nowhere else; then what the service has written is searched for them:
log lines, Valkey, events, webhooks, the error of every row of work, and the addresses of pages.
"""

import json
import logging
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.db import models
from django.test import Client
from django.urls import reverse
from redis import Redis

from backend.accounts.services import give_grant
from backend.api.throttling import RateThrottle
from backend.common import clock
from backend.common.models import DomainEvent, OutboxRow
from backend.exchange import services as imports
from backend.exchange.models import ImportJob, WebhookDelivery
from backend.exchange.webhooks import services as webhooks
from backend.exchange.webhooks.kinds import KINDS, concerned_by, payload_of
from backend.notifications.about_logins import CHANGES
from backend.notifications.channels.email.channel import EmailChannel
from backend.notifications.models import Delivery
from backend.tokens.enums import Scope
from tests.api.desk import anonymous, token_of, with_token
from tests.exchange.files import CLASS_HEADINGS, csv_file, work
from tests.factories import CoordinatorFactory, MembershipFactory, NetworkOfficerFactory, OfferFactory
from tests.factories.rows import FINSPANG
from tests.security import hidden
from tests.security.hidden import ALIAS, CANARIES, EMAIL, NAME, Employer, Hidden
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db

HOST = "203.0.113.77"


def found_in(text: str, *more: str) -> list[str]:
    return [word for word in (*CANARIES, *more) if word in text]


@pytest.fixture
def employer() -> Employer:
    decider: Any = CoordinatorFactory()
    give_grant(
        actor=NetworkOfficerFactory(),
        user=decider,
        municipality_code=FINSPANG,
        valid_until=clock.today().replace(year=2027),
        reason="Ansvarig.",
    )
    return hidden.make_employer(decider)


@pytest.fixture
def somebody(employer: Employer, caplog: pytest.LogCaptureFixture) -> Hidden:
    caplog.set_level(logging.DEBUG)
    for organisation in [employer.owner.memberships.get().organisation]:
        kinds = [kind for kind in KINDS if kind != "webhook.trial"]
        webhooks.register_webhook(
            actor=employer.owner, organisation=organisation, url="https://hook.example.com/in", kinds=kinds
        )
    webhooks.register_webhook(
        actor=employer.decider, municipality_code=FINSPANG, url="https://hook.example.com/in", kinds=kinds
    )
    return hidden.apply_for_everything(employer)


def test_no_line_of_the_log_names_anybody(somebody: Hidden, caplog: pytest.LogCaptureFixture) -> None:
    """Nor what a page, a wrong request, a login and an import leave there."""
    person = somebody.student.user
    client = logged_in(person)
    client.get(reverse("student_home"))
    Client().post(reverse("account_request_login_code"), {"email": EMAIL}, REMOTE_ADDR=HOST)
    Client().post(reverse("account_login"), {"login": EMAIL}, REMOTE_ADDR=HOST)
    client.get(f"/finns-inte/{EMAIL}/?q={NAME}")
    token = with_token(token_of(person, Scope.PROFILE_READ))
    token.get("/api/v1/me/")
    token.patch("/api/v1/me/profile/", {"name": NAME, "e-mail": EMAIL}, format="json")
    anonymous().get(f"/api/v1/offers/?q={NAME}")
    failing_import()
    text = "\n".join(f"{record.getMessage()} {record.exc_text or ''}" for record in caplog.records)
    assert found_in(text, HOST) == []


def failing_import() -> ImportJob:
    """A class list with a row that is right and one with a birth date that is none."""
    desk = CoordinatorFactory()
    rows = [[NAME if "Namn" in title else EMAIL if "post" in title else "x" for title in CLASS_HEADINGS]]
    job = imports.upload_import(
        actor=desk, kind="class_list", content=csv_file([CLASS_HEADINGS, *rows]), file_name="klass.csv",
        municipality_code=FINSPANG,
    )  # fmt: skip
    imports.check_import(actor=desk, job_id=job.pk, mapping=job.mapping)
    return work(job)


def test_valkey_holds_no_name_and_no_address(somebody: Hidden) -> None:
    """Neither in what is kept there nor in what it is kept under: rate limits are counted by address."""
    cache.clear()
    Client().post(reverse("account_request_login_code"), {"email": EMAIL}, REMOTE_ADDR=HOST)
    Client().post(reverse("account_signup"), {"email": EMAIL}, REMOTE_ADDR=HOST)
    anonymous().get("/api/v1/offers/", REMOTE_ADDR=HOST)
    server: Any = Redis.from_url(settings.REDIS_URL)
    keys = list(server.scan_iter())
    assert any(key.startswith(RateThrottle.prefix.encode()) for key in keys)
    assert len(keys) > 2
    words = [word.encode() for word in (*CANARIES, HOST)]
    for key in keys:
        value = server.dump(key) or b""
        assert not [word for word in words if word in key or word in value], key


def test_no_event_holds_more_than_ids(somebody: Hidden) -> None:
    rows = list(DomainEvent.objects.values_list("kind", "subject_type", "data"))
    assert len(rows) > 10
    assert found_in(json.dumps(rows, ensure_ascii=False), ALIAS) == []


def test_no_webhook_tells_of_somebody_hidden(somebody: Hidden) -> None:
    """Nor does any payload of an ordinary student hold more than ids."""
    about_them = {("application", pk) for pk in somebody.student.applications.values_list("pk", flat=True)}
    about_them |= {("match", pk) for pk in somebody.student.matches.values_list("pk", flat=True)}
    for row in WebhookDelivery.objects.select_related("event"):
        assert (row.event.subject_type, row.event.subject_id) not in about_them
    for event in DomainEvent.objects.all():
        assert found_in(json.dumps(payload_of(event, concerned_by(event)), ensure_ascii=False), ALIAS) == []


def test_no_error_of_work_names_anybody(somebody: Hidden) -> None:
    failing_import()
    for model in apps.get_models():
        names = [field.name for field in model._meta.fields if field.name in {"last_error", "reason_code", "error"}]
        if names and issubclass(model, OutboxRow | models.Model):
            for values in model._default_manager.values_list(*names):
                assert found_in(" ".join(map(str, values))) == [], model


def test_mails_name_the_student_to_the_student_the_guardian_and_those_with_a_grant(
    somebody: Hidden, employer: Employer
) -> None:
    MembershipFactory(organisation=OfferFactory().organisation)
    student = somebody.student
    may_know = {student.user_id, employer.decider.pk, *student.guardianships.values_list("guardian_id", flat=True)}
    told = Delivery.objects.filter(channel="email").exclude(notification__kind__in=CHANGES)
    others = [row for row in told if row.recipient_id not in may_know]
    assert {row.recipient_id for row in others} == {employer.owner.pk}
    for row in others:
        prepared = EmailChannel().prepare(row)
        text = f"{prepared.mail.subject} {prepared.mail.text} {prepared.mail.html}".replace(hidden.WORDS, "")
        assert found_in(text) == []
        assert ALIAS in text
