"""Logging in through another service, against a provider on loopback that can be made to lie."""

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from joserfc.jwk import RSAKey

from backend.accounts import checks, identities, openid
from backend.accounts.models import OpenIdentity
from backend.accounts.openid import Claim, read_providers
from backend.common import clock
from backend.common.models import LogEntry
from tests.accounts.openid_provider import CLIENT_ID, CLIENT_SECRET, running_provider
from tests.factories import CoordinatorFactory, StudentFactory, UserFactory
from tests.factories.refusals import refused
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server():
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(server, settings):
    server.person, server.claims, server.refuse, server.key = "elev-17", {}, "", None
    server.algorithm, server.called = "RS256", ""
    row = {"slug": "skolan", "name": "Skolkonto", "issuer": server.issuer}
    settings.OIDC_PROVIDERS = json.dumps([row | {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}])
    openid.forget_clients()
    return server


def back_from(client: Client, after: str = "") -> str:
    """The address the provider sends the browser back to."""
    start = client.get(reverse("openid_start", args=["skolan"]), {"next": after} if after else {})
    assert start.status_code == 302
    answer = httpx.get(start["Location"])
    return answer.headers["Location"].removeprefix("http://testserver")


def come_back(client: Client, after: str = ""):
    return client.get(back_from(client, after))


def is_logged_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def connected(user, provider, subject="elev-17"):
    return identities.connect_identity(actor=user, claim=Claim(provider.issuer, subject))


class TestLogin:
    def test_a_connected_login_opens_the_account_and_leads_on(self, client, provider):
        user = StudentFactory().user
        identity = connected(user, provider)
        answer = come_back(client, reverse("notifications"))
        assert answer["Location"] == reverse("notifications")
        assert client.session["_auth_user_id"] == str(user.pk)
        identity.refresh_from_db()
        assert identity.last_used_on == clock.today()

    def test_it_takes_the_place_of_the_mail_and_not_of_the_second_step(self, client, provider):
        connected(CoordinatorFactory(), provider)
        answer = come_back(client, reverse("notifications"))
        assert answer["Location"] == reverse("mfa_authenticate")
        assert not is_logged_in(client)

    def test_it_never_leads_to_another_site(self, client, provider):
        connected(UserFactory(), provider)
        assert come_back(client, "https://evil.example/")["Location"] == reverse("home")

    def test_who_is_not_connected_logs_in_once_and_is_asked(self, client, provider):
        provider.claims = {"email": "elin@skolan.example", "email_verified": True}
        user = UserFactory(email="elin@skolan.example")
        answer = come_back(client)
        assert urlsplit(answer["Location"]).path == reverse("account_login")
        assert not is_logged_in(client)
        assert not OpenIdentity.objects.exists()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        page = client.get(parse_qs(urlsplit(answer["Location"]).query)["next"][0]).text
        assert "Skolkonto" in page
        assert "elin@skolan.example" in page, "whose login it is"
        client.post(reverse("connections"), {"action": "connect"})
        assert not OpenIdentity.objects.exists(), "an answer without the question's key"
        client.get(reverse("connections"))
        come_back(client)
        client.post(reverse("connections"), {"action": "connect", "key": client.session["openid_pending"]["key"]})
        assert OpenIdentity.objects.get().subject == "elev-17"
        later = Client()
        come_back(later)
        assert later.session["_auth_user_id"] == str(user.pk)

    def test_a_question_begun_by_one_is_not_asked_of_another(self, provider):
        client = logged_in(UserFactory())
        come_back(client)
        kept = client.session["openid_pending"]
        other = logged_in(UserFactory())
        session = other.session
        session["openid_pending"] = kept
        session.save()
        other.post(reverse("connections"), {"action": "connect", "key": kept["key"]})
        assert not OpenIdentity.objects.exists()

    def test_saying_no_connects_nothing(self, provider):
        client = logged_in(UserFactory())
        come_back(client)
        client.post(reverse("connections"), {"action": "forget"})
        client.post(reverse("connections"), {"action": "connect"})
        assert not OpenIdentity.objects.exists()

    def test_an_hour_later_the_question_is_gone(self, provider, frozen_clock):
        client = logged_in(UserFactory())
        come_back(client)
        frozen_clock.shift(timedelta(hours=1))
        client.post(reverse("connections"), {"action": "connect"})
        assert not OpenIdentity.objects.exists()

    def test_another_subject_and_another_issuer_are_other_people(self, client, provider):
        user = UserFactory()
        connected(user, provider, "elev-18")
        identities.connect_identity(actor=UserFactory(), claim=Claim("https://other.example", "elev-17"))
        come_back(client)
        assert not is_logged_in(client)

    def test_a_changed_address_changes_nothing(self, client, provider):
        user = UserFactory()
        connected(user, provider)
        provider.claims = {"email": "new@skolan.example"}
        come_back(client)
        assert client.session["_auth_user_id"] == str(user.pk)

    def test_a_closed_account_stays_closed(self, client, provider):
        connected(UserFactory(is_active=False), provider)
        assert come_back(client)["Location"] == reverse("account_login")
        assert not is_logged_in(client)

    def test_somebody_elses_login_is_not_taken_over(self, provider):
        connected(UserFactory(), provider)
        client = logged_in(UserFactory())
        come_back(client)
        client.post(reverse("connections"), {"action": "connect"})
        assert OpenIdentity.objects.count() == 1


class TestLies:
    @pytest.mark.parametrize(
        "claims",
        [
            {"iss": "https://other.example"},
            {"iss": None},
            {"aud": "another-client"},
            {"aud": None},
            {"nonce": "not-ours"},
            {"nonce": None},
            {"exp": 1},
            {"exp": None},
            {"sub": None},
            {"sub": ""},
            {"sub": "x" * 300},
            {"sub": "nul\0"},
        ],
        ids=str,
    )
    def test_a_token_that_is_not_for_us_opens_nothing(self, client, provider, claims):
        connected(UserFactory(), provider)
        provider.claims = claims
        assert come_back(client)["Location"] == reverse("account_login")
        assert not is_logged_in(client)

    def test_a_forged_signature(self, client, provider):
        connected(UserFactory(), provider)
        provider.key = RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256"})
        come_back(client)
        assert not is_logged_in(client)

    def test_an_answer_works_once_and_only_where_it_was_asked_for(self, client, provider):
        connected(UserFactory(), provider)
        address = back_from(client)
        stranger = Client()
        stranger.get(address)
        assert not is_logged_in(stranger)
        client.get(back_from(client))
        assert is_logged_in(client)
        client.logout()
        client.get(address)
        assert not is_logged_in(client)

    def test_another_state(self, client, provider):
        connected(UserFactory(), provider)
        address = back_from(client)
        client.get(address.split("state=")[0] + "state=guessed")
        assert not is_logged_in(client)

    def test_who_says_no_there_is_told_so(self, client, provider):
        provider.refuse = "access_denied"
        answer = client.get(back_from(client), follow=True)
        assert "code" in answer.text or "kod" in answer.text
        assert not is_logged_in(client)

    def test_a_provider_that_is_away(self, client, provider, settings):
        rows = json.loads(settings.OIDC_PROVIDERS)
        settings.OIDC_PROVIDERS = json.dumps([rows[0] | {"issuer": "http://127.0.0.1:9"}])
        answer = client.get(reverse("openid_start", args=["skolan"]), follow=True)
        assert answer.status_code == 200
        assert "Skolkonto" in answer.text

    def test_one_that_is_not_set_up(self, client, provider):
        assert client.get(reverse("openid_start", args=["annan"])).status_code == 404
        assert client.get(reverse("openid_answer", args=["annan"])).status_code == 404


class TestChangedProvider:
    """Nobody waits for a restart when a provider changes."""

    def test_another_algorithm(self, client, provider, monkeypatch):
        connected(UserFactory(), provider)
        come_back(client)
        assert is_logged_in(client)
        client.logout()
        provider.algorithm = "PS256"
        monkeypatch.setattr(provider, "published", RSAKey.generate_key(2048, {"kid": "one", "alg": "PS256"}))
        come_back(client)
        assert is_logged_in(client)

    def test_another_key_under_the_same_id(self, client, provider, monkeypatch):
        connected(UserFactory(), provider)
        come_back(client)
        client.logout()
        monkeypatch.setattr(provider, "published", RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256"}))
        come_back(client)
        assert is_logged_in(client)

    def test_the_description_is_read_again_after_an_hour(self, provider, frozen_clock):
        asked = openid.list_providers()[0]
        assert openid.read_issuer(asked) == provider.issuer
        provider.called = provider.issuer + "/"
        assert openid.read_issuer(asked) == provider.issuer
        frozen_clock.shift(openid.DESCRIPTION_KEPT_SECONDS + 1)
        assert openid.read_issuer(asked) == provider.issuer + "/"

    def test_a_slash_at_the_end_locks_nobody_out_and_is_named(self, client, provider):
        provider.called = provider.issuer + "/"
        user = UserFactory()
        identities.connect_identity(actor=user, claim=Claim(provider.called, "elev-17"))
        come_back(client)
        assert is_logged_in(client)
        assert "Skolkonto" in client.get(reverse("connections")).text
        named = [message.id for message in checks.providers_answer(None)]
        assert named == ["accounts.W002"]

    def test_another_issuer_opens_nothing_and_is_named(self, client, provider):
        provider.called = "https://other.example"
        assert client.get(reverse("openid_start", args=["skolan"]))["Location"] == reverse("account_login")
        assert [message.id for message in checks.providers_answer(None)] == ["accounts.E001"]

    def test_a_provider_that_does_not_answer_is_a_warning(self, provider, settings):
        rows = json.loads(settings.OIDC_PROVIDERS)
        settings.OIDC_PROVIDERS = json.dumps([rows[0] | {"issuer": "http://127.0.0.1:9"}])
        assert [message.id for message in checks.providers_answer(None)] == ["accounts.W001"]


class TestConnections:
    def test_connecting_twice_is_once_and_is_logged_without_the_subject(self, provider):
        user = UserFactory()
        assert connected(user, provider) == connected(user, provider)
        entry = LogEntry.objects.get(action="identity.connected")
        assert "elev-17" not in json.dumps(entry.data)
        other, same = Claim(provider.issuer, "elev-99"), Claim(provider.issuer, "elev-17")
        refused("identity.other_connected", identities.connect_identity, actor=user, claim=other)
        refused("identity.taken", identities.connect_identity, actor=UserFactory(), claim=same)

    def test_the_database_holds_one_account_for_each_login(self, provider):
        identity = connected(UserFactory(), provider)
        with pytest.raises(IntegrityError), transaction.atomic():
            OpenIdentity.objects.create(
                user=UserFactory(), issuer=identity.issuer, subject=identity.subject, connected_at=clock.now()
            )

    def test_the_page_ends_the_own_and_nobody_elses(self, client, provider):
        user = UserFactory()
        mine, other = connected(user, provider), connected(UserFactory(), provider, "elev-2")
        page = logged_in(user)
        assert "Skolkonto" in page.get(reverse("connections")).text
        page.post(reverse("connections"), {"action": f"disconnect-{other.pk}"})
        page.post(reverse("connections"), {"action": f"disconnect-{mine.pk}"})
        assert list(OpenIdentity.objects.all()) == [other]
        come_back(client)
        assert not is_logged_in(client)

    def test_the_login_page_offers_it_only_where_it_is_set_up(self, client, provider, settings):
        address = reverse("openid_start", args=["skolan"])
        assert address in client.get(reverse("account_login")).text
        settings.OIDC_PROVIDERS = ""
        assert address not in client.get(reverse("account_login")).text


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[1]",
        '[{"slug": "a"}]',
        '[{"slug": "Å", "name": "A", "issuer": "https://a.example", "client_id": "a", "client_secret": "b"}]',
        '[{"slug": "a", "name": "A", "issuer": "http://a.example", "client_id": "a", "client_secret": "b"}]',
        "["
        + ",".join(
            ['{"slug": "a", "name": "A", "issuer": "https://a.example", "client_id": "a", "client_secret": "b"}'] * 2
        )
        + "]",
    ],
)
def test_a_mistake_in_the_setting_is_named(text):
    with pytest.raises(ImproperlyConfigured, match="OIDC_PROVIDERS"):
        read_providers(text)
