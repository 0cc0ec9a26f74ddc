"""What changes who may come in asks once more who one is, is logged, and is told to every address of the person."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.urls import reverse

from backend.accounts import sessions
from backend.accounts.models import ProtectedGrant
from backend.accounts.services import give_grant
from backend.common import clock
from backend.common.models import LogEntry
from backend.notifications.channels.email.channel import EmailChannel
from backend.notifications.models import Delivery, Notification
from backend.tokens.models import ApiToken
from backend.web.second_factor_wall import ASKED_AGAIN
from tests.api.desk import API, session
from tests.factories import CoordinatorFactory, MembershipFactory, NetworkOfficerFactory, StudentFactory, UserFactory
from tests.factories.rows import FINSPANG
from tests.factories.work import handle_events
from tests.security.house import every_route, fill
from tests.security.test_second_factor import code_now
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db

PROOF = reverse("proof")
TOKEN = {"name": "Affärssystemet", "scopes": ["offers:read"], "organisation": "own", "days": "90"}


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


def later(clock_of_test, minutes: int = 16) -> None:
    clock_of_test.shift(timedelta(minutes=minutes))


def mailed_code() -> str:
    found = re.search(r"^(\d{6})$", mail.outbox[-1].body, re.MULTILINE)
    assert found
    return found[1]


def test_every_such_address_asks_when_the_login_is_old(frozen_clock):
    """By name out of the resolver; with a fresh login none does."""
    user = CoordinatorFactory()
    user.roles.create(kind="network")
    MembershipFactory(user=user, role="owner")
    client, asked = logged_in(user), set()
    later(frozen_clock)
    for route, pattern in every_route():
        if pattern.name not in ASKED_AGAIN:
            continue
        answer = client.post(fill(route, {}), {"decision": "clear"})
        refused = answer.status_code == 403 and "login.not_fresh" in answer.text
        assert refused or answer.headers.get("Location", "").startswith(PROOF), route
        asked.add(pattern.name)
    assert asked == ASKED_AGAIN


def test_within_a_quarter_of_an_hour_of_the_login_nobody_asks(frozen_clock):
    user = CoordinatorFactory()
    client = logged_in(user)
    later(frozen_clock, 14)
    assert client.post(reverse("tokens"), TOKEN).status_code in {200, 400}


def test_what_was_written_is_sent_after_the_proof(frozen_clock):
    user = CoordinatorFactory()
    client = logged_in(user)
    later(frozen_clock)
    answer = client.post(reverse("tokens"), TOKEN)
    assert not ApiToken.objects.exists()
    page = client.get(answer["Location"]).text
    assert "Six digits from your app" in page
    assert client.post(PROOF, {"code": "000000"}).status_code == 400
    onward = client.post(PROOF, {"code": code_now()})["Location"]
    assert onward == reverse("unsent")
    assert "Affärssystemet" in client.get(onward).text
    client.post(reverse("tokens"), TOKEN)
    assert ApiToken.objects.count() == 1


def test_without_a_second_factor_a_code_is_mailed(frozen_clock):
    user = StudentFactory().user
    client = logged_in(user)
    later(frozen_clock)
    assert client.post(reverse("account_email"), {"action_add": "", "email": "ny@home.example"})["Location"].startswith(
        PROOF
    )
    client.post(PROOF, {"action": "send"})
    code = mailed_code()
    stored = str(dict(client.session.items()))
    assert code not in stored
    wrong = "000000" if code != "000000" else "000001"
    assert client.post(PROOF, {"code": wrong}).status_code == 400
    assert client.post(PROOF, {"code": code}).status_code == 302
    assert sessions.is_fresh(client.session)
    # Used up with it.
    assert client.post(PROOF, {"code": code}).status_code == 400


@pytest.mark.parametrize("case", ["too late", "too often"])
def test_a_mailed_code_ends(frozen_clock, case):
    client = logged_in(StudentFactory().user)
    later(frozen_clock)
    client.post(PROOF, {"action": "send"})
    code = mailed_code()
    if case == "too late":
        later(frozen_clock, 11)
    else:
        for _try in range(5):
            client.post(PROOF, {"code": "999999" if code != "999999" else "999998"})
        cache.clear()
    assert client.post(PROOF, {"code": code}).status_code == 400
    assert not sessions.is_fresh(client.session)


def test_the_mailbox_is_no_proof_for_who_has_a_second_factor(frozen_clock):
    client = logged_in(CoordinatorFactory())
    later(frozen_clock)
    sent = len(mail.outbox)
    client.post(PROOF, {"action": "send"})
    assert len(mail.outbox) == sent


def test_a_program_with_the_cookie_is_told(frozen_clock):
    client = session(MembershipFactory(role="owner").user)
    later(frozen_clock)
    answer = client.post(f"{API}tokens/", {"name": "X", "scopes": ["offers:read"]}, format="json")
    assert answer.status_code == 403
    assert answer.json()["code"] == "login.not_fresh"
    assert client.get(f"{API}tokens/").status_code == 200


def test_it_is_told_to_every_confirmed_address():
    user, office = CoordinatorFactory(), NetworkOfficerFactory()
    EmailAddress.objects.create(user=user, email="privat@home.example", verified=True)
    EmailAddress.objects.create(user=user, email="obekraftad@home.example", verified=False)
    give_grant(
        actor=office,
        user=user,
        municipality_code=FINSPANG,
        valid_until=clock.today() + timedelta(days=9),
        reason="Vikarie.",
    )
    handle_events()
    told = Notification.objects.filter(kind="grant.given")
    assert {each.recipient_id for each in told} == {user.pk, office.pk}
    row = Delivery.objects.get(notification__kind="grant.given", recipient=user, channel="email")
    prepared = EmailChannel().prepare(row)
    assert prepared.recipients == (user.email, "privat@home.example")
    assert LogEntry.objects.filter(action="grant.given", subject_id=ProtectedGrant.objects.get().pk).exists()


def test_addresses_are_logged_and_the_one_that_goes_hears_of_it():
    user = UserFactory()
    EmailAddress.objects.create(user=user, email="privat@home.example", verified=True)
    browser = logged_in(user)
    browser.post(reverse("account_email"), {"action_primary": "", "email": "privat@home.example"})
    browser.post(reverse("account_email"), {"action_remove": "", "email": user.email})
    actions = LogEntry.objects.filter(subject_id=user.pk, action__startswith="address.").order_by("pk")
    assert [each.action for each in actions] == ["address.changed", "address.removed"]
    assert mail.outbox[-1].to == [user.email]
    handle_events()
    assert Notification.objects.filter(recipient=user, kind="address.removed").exists()
