"""What a browser is told with every page, as a deployment sends it: cookies, HSTS, what may run, what may be kept."""

import email
import email.policy
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings as live
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from backend.applications import services as applications
from backend.notifications.channels.email.channel import EmailChannel
from backend.notifications.models import Delivery
from tests.factories import CoordinatorFactory, MembershipFactory, OfferFactory, StudentFactory
from tests.factories.work import handle_events
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db

DEPLOYED = {
    "SECRET_KEY": "a-key-for-this-test-that-is-long-enough-and-has-öäå-many-different-letters-0123456789",
    "ALLOWED_HOSTS": "praktik.example",
    "SITE_URL": "https://praktik.example",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SMTP_URL": "smtp://127.0.0.1:1",
}
TAKEN_OVER = ("DEVICE_COOKIE_NAME", "MESSAGES_COOKIE_NAME", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS")


def production(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The settings of a deployment, read anew from their file."""
    for name, value in DEPLOYED.items():
        monkeypatch.setenv(name, value)
    path = Path(live.BASE_DIR) / "backend/config/settings/production.py"
    spec = importlib.util.spec_from_file_location("backend.config.settings.production_for_test", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """The test's process answers as a deployment does."""
    for name, value in vars(production(monkeypatch)).items():
        if name.startswith(("SECURE_", "SESSION_COOKIE", "CSRF_COOKIE", "LANGUAGE_COOKIE")) or name in TAKEN_OVER:
            setattr(settings, name, value)


def test_the_deployment_checks_find_nothing() -> None:
    """`check --deploy` in a process of its own, warnings counted as errors."""
    env = {**os.environ, **DEPLOYED, "DJANGO_SETTINGS_MODULE": "backend.config.settings.production"}
    command = [sys.executable, "-m", "backend.manage", "check", "--deploy", "--fail-level", "WARNING"]
    found = subprocess.run(
        command, cwd=live.BASE_DIR, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_cookies_belong_to_this_host_alone(deployed: None) -> None:
    """The prefix makes browsers hold us to it: secure, for the whole host, never for its neighbours."""
    client = Client(SERVER_NAME="praktik.example")
    response = client.get(reverse("account_login"), secure=True)
    client.post(reverse("account_request_login_code"), {"email": StudentFactory().user.email}, secure=True)
    cookies = {**client.cookies, **response.cookies}
    client.post(reverse("set_language"), {"language": "en"}, secure=True)
    client.force_login(StudentFactory().user)
    client.get(reverse("profile"), secure=True)
    cookies |= client.cookies
    names = {f"__Host-{name}" for name in ("session", "csrf", "messages", "language", "device")}
    assert set(cookies) == names
    for name in names:
        assert cookies[name]["secure"]
        assert (cookies[name]["path"], cookies[name]["domain"] or "") == ("/", "")
        assert cookies[name]["samesite"] == "Lax"
    assert cookies["__Host-session"]["httponly"]


def test_plain_http_is_redirected_and_forgotten_for_a_year(deployed: None) -> None:
    client = Client(SERVER_NAME="praktik.example")
    assert client.get("/")["Location"] == "https://praktik.example/"
    hsts = client.get(reverse("for_employers"), secure=True)["Strict-Transport-Security"]
    assert hsts == "max-age=31536000; includeSubDomains; preload"
    assert client.get("/health/").status_code == 200


def test_a_deployment_counts_visitors_and_not_its_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both who count: the pages of the login, and the API."""
    found = production(monkeypatch)
    assert (found.ALLAUTH_TRUSTED_PROXY_COUNT, found.REST_FRAMEWORK["NUM_PROXIES"]) == (1, 1)
    monkeypatch.setenv("TRUSTED_PROXIES", "2")
    found = production(monkeypatch)
    assert (found.ALLAUTH_TRUSTED_PROXY_COUNT, found.REST_FRAMEWORK["NUM_PROXIES"]) == (2, 2)


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("SECRET_KEY", "change-me-please-change-me-please-change-me-please", "could be guessed"),
        ("SECRET_KEY", "short", "could be guessed"),
        ("SECRET_KEY", "a" * 60, "could be guessed"),
        ("SECRET_KEY_FALLBACKS", "short", "could be guessed"),
        ("SMTP_URL", None, "SMTP_URL"),
    ],
)
def test_a_deployment_does_not_start_half_set_up(monkeypatch, variable: str, value: str | None, says: str) -> None:
    monkeypatch.delenv(variable, raising=False)
    if value is None:
        monkeypatch.delitem(DEPLOYED, variable)
    else:
        monkeypatch.setitem(DEPLOYED, variable, value)
    with pytest.raises(ImproperlyConfigured, match=says):
        production(monkeypatch)


PUBLIC = ("start", "search", "for_employers", "privacy", "account_login", "open_data", "feed_training", "api:offers")
PERSONAL = {
    "student": (
        "student_home",
        "student_applications",
        "student_applications_csv",
        "notifications",
        "api:me",
        "calendar",
    ),
    "employer": ("employer_home", "employer_offers", "employer_offers_xlsx", "tokens", "webhooks", "search"),
    "coordinator": ("coordinator_home", "coordinator_students", "coordinator_students_csv", "coordinator_protected"),
}


def address(name: str) -> str:
    return reverse(name) if ":" not in name else f"/api/v1/{name.partition(':')[2]}/"


def policy(response: Any) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in response["Content-Security-Policy"].split(";"))
    return {name: value for name, _space, value in parts}


def everywhere(response: Any) -> None:
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Referrer-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]
    assert "publickey-credentials-get=(self)" in response["Permissions-Policy"]
    rules = policy(response)
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self'"
    assert rules["base-uri"] == "'none'"
    assert not {"unsafe-inline", "unsafe-eval", "*"} & set(" ".join(rules.values()).replace("'", "").split())


@pytest.mark.parametrize("name", PUBLIC)
def test_nothing_foreign_runs_in_a_page(name: str) -> None:
    response = Client().get(address(name))
    assert response.status_code == 200
    everywhere(response)
    assert policy(response)["frame-ancestors"] == "'none'"


@pytest.mark.parametrize("name", ["start", "search", "account_login", "account_signup", "contact"])
def test_a_proxy_keeps_no_page_with_a_visitors_token(name: str) -> None:
    response = Client().get(address(name))
    assert "X-CSRFToken" in response.text
    assert {"private", "no-cache"} <= set(response["Cache-Control"].split(", "))


@pytest.mark.parametrize("name", ["/kommuner/finns-inte/", "/samordnare/", "/api/v1/offers/0/"])
def test_nor_in_what_goes_wrong(name: str) -> None:
    everywhere(logged_in(StudentFactory().user).get(name))


@pytest.mark.parametrize("who", PERSONAL)
def test_a_shared_computer_keeps_no_page_of_a_persons(who: str) -> None:
    people = {
        "student": lambda: StudentFactory().user,
        "employer": lambda: MembershipFactory().user,
        "coordinator": CoordinatorFactory,
    }
    client = logged_in(people[who]())
    for name in PERSONAL[who]:
        response = client.get(address(name))
        assert response.status_code == 200, name
        assert "no-store" in response["Cache-Control"], name
        everywhere(response)


ELSEWHERE = ("https://evil.example/", "//evil.example/", "/\\evil.example", "https:evil.example", "javascript:evil()")


@pytest.mark.parametrize("target", ELSEWHERE)
class TestOnlyOurOwnAddressesAreLedTo:
    def test_after_the_choice_of_a_language(self, target: str) -> None:
        response = Client().post(reverse("set_language"), {"language": "en", "next": target})
        assert "evil" not in response["Location"]

    def test_after_logging_in(self, target: str) -> None:
        response = logged_in(StudentFactory().user).get(reverse("account_login"), {"next": target})
        assert response.status_code == 302
        assert "evil" not in response["Location"]

    def test_from_a_refusal(self, target: str) -> None:
        page = logged_in(StudentFactory().user).get("/samordnare/", headers={"referer": target})
        assert page.status_code == 403
        assert "evil" not in page.text


def test_a_line_break_adds_no_header_to_a_mail() -> None:
    """Titles and names that come from people, in the subject and in the text of the mail that is sent."""
    broken = "Svets\r\nBcc: evil@example.com\r\n\r\nHej"
    offer: Any = OfferFactory(title=broken, organisation__name=broken)
    owner = MembershipFactory(organisation=offer.organisation, user__name=broken).user
    student: Any = StudentFactory(user__name=broken)
    applications.submit_application(actor=student.user, period_id=offer.periods.get().pk, motivation=broken)
    applications.offer_seat(actor=owner, application_id=student.applications.get().pk, message=broken)
    handle_events()
    mails = list(Delivery.objects.filter(channel="email"))
    assert {row.recipient_id for row in mails} >= {owner.pk, student.user.pk}
    for row in mails:
        sent = email.message_from_bytes(EmailChannel().prepare(row).raw, policy=email.policy.default)
        assert sent["Bcc"] is None
        assert sent.get_all("To") == [row.recipient.email]
        assert "evil" not in " ".join(name for name, _value in sent.items())
