"""The code that opens an account: short-lived, used once, taken by nothing but the form, and it tells nobody who has one."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.db import connections
from django.http import SimpleCookie
from django.test import Client
from django.urls import reverse

from backend.accounts.models import User
from tests.factories import UserFactory

ASK, CONFIRM = reverse("account_request_login_code"), reverse("account_confirm_login_code")
AT_ONCE = 20


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    """Each test has its own rate limits."""
    cache.clear()


def code_of(message: Any) -> str:
    found = re.search(r"^\s*([A-Z0-9]{4,}(?:-[A-Z0-9]+)*)\s*$", message.body, re.MULTILINE)
    assert found is not None, message.body
    return found[1]


def asked(email: str, client: Client | None = None) -> tuple[Client, str]:
    """A client that waits for the code, and the code."""
    client = client or Client()
    assert client.post(ASK, {"email": email}).status_code == 302
    return client, code_of(mail.outbox[-1])


def not_(code: str) -> str:
    return "000000" if code != "000000" else "000001"


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def at_once(number: int, work: Callable[[int], Any]) -> list[Any]:
    """What each of so many threads found, all let go at the same moment."""
    found, barrier = list[Any](), threading.Barrier(number)

    def run(each: int) -> None:
        try:
            barrier.wait(timeout=30)
            found.append(work(each))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(each,)) for each in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == number
    return found


def same_visitor(client: Client) -> Client:
    """Another tab of the same browser."""
    other = Client()
    other.cookies = SimpleCookie(client.cookies)
    return other


@pytest.mark.django_db(transaction=True)
def test_sent_twenty_times_at_once_it_opens_one_session():
    client, code = asked(UserFactory().email)

    def send(_number: int) -> bool:
        tab = same_visitor(client)
        tab.post(CONFIRM, {"code": code})
        return is_in(tab)

    assert sorted(at_once(AT_ONCE, send)) == [False] * (AT_ONCE - 1) + [True]


@pytest.mark.django_db(transaction=True)
def test_guesses_at_once_are_counted_one_by_one():
    """After five wrong ones the right one is worth nothing, however fast they come."""
    client, code = asked(UserFactory().email)
    wrong = "ZZZZZZ" if code != "ZZZZZZ" else "YYYYYY"
    at_once(
        settings.ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS, lambda _number: same_visitor(client).post(CONFIRM, {"code": wrong})
    )
    client.post(CONFIRM, {"code": code})
    assert not is_in(client)


@pytest.mark.django_db
class TestOneCode:
    def test_it_works_once(self):
        client, code = asked(UserFactory().email)
        client.post(CONFIRM, {"code": code})
        assert is_in(client)
        client.post(reverse("account_logout"))
        client.post(CONFIRM, {"code": code})
        assert not is_in(client)

    def test_it_is_worth_nothing_in_another_browser(self):
        user = UserFactory()
        _client, code = asked(user.email)
        stranger, own = asked(UserFactory().email)
        assert own != code
        stranger.post(CONFIRM, {"code": code})
        assert not is_in(stranger)
        visitor = Client()
        visitor.post(CONFIRM, {"code": code})
        assert not is_in(visitor)

    @pytest.mark.parametrize(("minutes", "opens"), [(9, True), (11, False)])
    def test_it_holds_ten_minutes(self, frozen_clock, minutes, opens):
        client, code = asked(UserFactory().email)
        frozen_clock.shift(timedelta(minutes=minutes))
        client.post(CONFIRM, {"code": code})
        assert is_in(client) is opens

    def test_looking_at_it_takes_nothing(self):
        """Mail scanners open what they find: a link with the code in it changes nothing and opens nothing."""
        client, code = asked(UserFactory().email)
        for method in ("get", "head", "options"):
            getattr(client, method)(f"{CONFIRM}?code={code}")
            assert not is_in(client)
        client.post(CONFIRM, {"code": code})
        assert is_in(client)

    def test_it_is_six_digits_that_a_phone_fills_in(self):
        client, code = asked(UserFactory().email)
        assert re.fullmatch(r"\d{6}", code)
        field = re.search(r'<input[^>]*name="code"[^>]*>', client.get(CONFIRM).text)
        assert field is not None
        assert 'autocomplete="one-time-code"' in field[0]
        assert 'inputmode="numeric"' in field[0]
        assert "placeholder" not in field[0]
        client.post(CONFIRM, {"code": f" {code[:3]} {code[3:]} "})
        assert is_in(client)

    def test_the_mail_says_what_for_and_how_long(self):
        asked(UserFactory(language="sv").email)
        message = mail.outbox[-1]
        assert message.subject == "Din kod för att logga in på Praktiknavet"
        assert "tio minuter" in message.body
        assert "en gång" in message.body

    def test_a_wrong_one_is_told_how_many_tries_are_left(self):
        client, code = asked(UserFactory().email)
        for left in ("4 försök", "3 försök", "2 försök", "1 försök"):
            answer = client.post(CONFIRM, {"code": not_(code)})
            assert answer.status_code == 400
            assert left in answer.text
        answer = client.post(CONFIRM, {"code": not_(code)}, follow=True)
        assert "Be om en ny" in answer.text
        assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))
        client.post(CONFIRM, {"code": code})
        assert not is_in(client)

    def test_a_further_address_is_confirmed_in_the_same_way(self):
        client, code = asked(UserFactory().email)
        client.post(CONFIRM, {"code": code})
        client.post(reverse("account_email"), {"action_add": "", "email": "ny@school.example"})
        code = code_of(mail.outbox[-1])
        assert re.fullmatch(r"\d{6}", code)
        page = reverse("account_email_verification_sent")
        assert "4 försök" in client.post(page, {"code": not_(code)}).text
        client.post(page, {"code": code})
        assert EmailAddress.objects.get(email="ny@school.example").verified


@pytest.mark.django_db
class TestOneDoor:
    """Whoever types an address gets a code there: it logs in, or makes the account."""

    NEW = "ny@home.example"

    @pytest.mark.parametrize(
        ("page", "name"),
        [("account_login", "login"), ("account_request_login_code", "email"), ("account_signup", "email")],
    )
    def test_an_address_nobody_has_becomes_an_account_when_its_code_is_typed(self, page, name):
        client = Client()
        answer = client.post(reverse(page), {name: self.NEW, "next": "/foretag/registrera/"})
        assert not User.objects.exists(), "an address that somebody else typed leaves nothing behind"
        assert "skapar ett" in mail.outbox[-1].body
        where = answer["Location"]
        assert client.post(where, {"code": not_(code_of(mail.outbox[-1]))}).status_code == 400
        assert not User.objects.exists()
        answer = client.post(where, {"code": code_of(mail.outbox[-1])})
        assert answer["Location"] == "/foretag/registrera/", "where the person was going is not forgotten"
        user = User.objects.get()
        assert user.email == self.NEW
        assert EmailAddress.objects.get(user=user).verified
        assert client.session["_auth_user_id"] == str(user.pk)

    @pytest.mark.parametrize("page", ["account_signup", "account_login"])
    def test_an_address_that_has_an_account_logs_in(self, page):
        user, client = UserFactory(), Client()
        client.post(reverse(page), {"email": user.email, "login": user.email})
        client.post(CONFIRM, {"code": code_of(mail.outbox[-1])})
        assert client.session["_auth_user_id"] == str(user.pk)
        assert User.objects.count() == 1

    def test_the_account_speaks_the_language_of_its_first_page(self):
        client = Client(headers={"accept-language": "en"})
        client.post(reverse("account_login"), {"login": self.NEW})
        assert "makes one" in mail.outbox[-1].body
        client.post(CONFIRM, {"code": code_of(mail.outbox[-1])})
        assert User.objects.get().language == "en"

    def test_a_new_code_is_sent_and_the_former_one_is_worth_nothing(self):
        client, first = asked(self.NEW)
        client.post(CONFIRM, {"action": "resend"})
        assert len(mail.outbox) == 2
        second = code_of(mail.outbox[-1])
        assert second != first
        client.post(CONFIRM, {"code": first})
        assert not is_in(client)
        client.post(CONFIRM, {"code": second})
        assert is_in(client)

    def test_two_tabs_of_the_same_newcomer_get_one_account(self):
        one, code_of_one = asked(self.NEW)
        other, code_of_other = asked(self.NEW)
        one.post(CONFIRM, {"code": code_of_one})
        other.post(CONFIRM, {"code": code_of_other})
        assert is_in(one)
        assert is_in(other)
        assert User.objects.count() == 1

    def test_somebody_whom_the_school_enrols_in_between_gets_that_account(self):
        client, code = asked(self.NEW)
        user = User.objects.create_user(self.NEW.upper(), name="Maja Lind")
        client.post(CONFIRM, {"code": code})
        assert client.session["_auth_user_id"] == str(user.pk)

    def test_a_closed_account_gets_no_code_and_its_owner_is_told(self):
        client, user = Client(), UserFactory(is_active=False)
        client.post(ASK, {"email": user.email})
        assert "avslutat" in mail.outbox[-1].body
        assert not re.search(r"^\s*\d{6}\s*$", mail.outbox[-1].body, re.MULTILINE)
        client.post(CONFIRM, {"action": "resend"})
        client.post(CONFIRM, {"code": ""})
        assert not is_in(client)
        assert User.objects.count() == 1

    def test_it_is_worth_nothing_in_another_browser(self):
        _client, code = asked(self.NEW)
        visitor = Client()
        visitor.post(CONFIRM, {"code": code})
        assert not User.objects.exists()


@pytest.mark.django_db
class TestNobodyLearnsWhoHasAnAccount:
    DRAWN = re.compile(r'(name="csrfmiddlewaretoken" value=|"X-CSRFToken":)"[^"]*"')

    def answers(self, email: str, path: str, name: str) -> list[tuple[int, str, str]]:
        client = Client()
        found = []
        response: Any = client.post(path, {name: email})
        for _step in range(3):
            body = self.DRAWN.sub("", response.text).replace(email, "THE ADDRESS")
            found.append((response.status_code, response.get("Location", ""), body))
            if response.status_code != 302:
                break
            response = client.get(response["Location"])
        wrong = client.post(CONFIRM, {"code": "ZZZZZZ"})
        found.append(
            (wrong.status_code, wrong.get("Location", ""), self.DRAWN.sub("", wrong.text).replace(email, "THE ADDRESS"))
        )
        return found

    @pytest.mark.parametrize(("page", "name"), [("account_request_login_code", "email"), ("account_login", "login")])
    def test_asking_for_a_code(self, page, name):
        known, closed = (
            UserFactory(email="known@school.example"),
            UserFactory(email="close@school.example", is_active=False),
        )
        first = self.answers(known.email, reverse(page), name)
        assert first[0][0] == 302
        assert self.answers("nobod@school.example", reverse(page), name) == first
        assert self.answers(closed.email, reverse(page), name) == first
        assert mail.outbox[0].to == [known.email]

    def test_signing_up(self):
        known = UserFactory(email="known@school.example")
        first = self.answers(known.email, reverse("account_signup"), "email")
        assert self.answers("nobod@school.example", reverse("account_signup"), "email") == first
        assert User.objects.count() == 1


@pytest.mark.django_db
class TestLimits:
    def test_a_class_behind_one_address_gets_its_codes(self):
        people = [UserFactory() for _ in range(35)]
        for user in people:
            assert Client().post(ASK, {"email": user.email}).status_code == 302
        assert len(mail.outbox) == len(people)

    def test_one_account_is_not_flooded(self):
        user = UserFactory()
        statuses = [Client().post(ASK, {"email": user.email}).status_code for _ in range(4)]
        assert statuses[:3] == [302] * 3
        assert statuses[3] != 302
        assert len(mail.outbox) == 3

    def test_one_account_gets_ten_codes_in_an_hour_and_thirty_in_a_day(self, frozen_clock):
        """Five guesses at each: one account is hit with 150 in a million in a day."""
        user, sent = UserFactory(), []
        for _hour in range(5):
            for _minute in range(12):
                Client().post(ASK, {"email": user.email})
                frozen_clock.shift(timedelta(minutes=1))
            sent.append(len(mail.outbox))
            frozen_clock.shift(timedelta(minutes=55))
        assert sent == [10, 20, 30, 30, 30]

    def test_nobody_is_kept_out_by_somebody_elses_tries(self):
        """Somebody asks in another's name until nothing more is sent, from one network and then from many."""
        user = UserFactory()
        client, code = asked(user.email)
        client.post(CONFIRM, {"code": code})
        cache.clear()
        for network in range(60):
            for _try in range(3):
                Client(REMOTE_ADDR=f"198.51.{network}.7").post(ASK, {"email": user.email})
        assert Client(REMOTE_ADDR="203.0.113.9").post(ASK, {"email": user.email}).status_code != 302
        assert len(mail.outbox) <= 1 + 100
        client, code = asked(user.email)
        client.post(CONFIRM, {"code": code})
        assert is_in(client), "where the person has been before"

    def test_one_network_that_asks_too_often_stops_only_itself(self):
        user = UserFactory()
        for _try in range(4):
            answer = Client(REMOTE_ADDR="198.51.100.7").post(ASK, {"email": user.email})
        assert answer.status_code != 302
        assert Client(REMOTE_ADDR="203.0.113.9").post(ASK, {"email": user.email}).status_code == 302

    @pytest.mark.parametrize("page", ["account_login", "account_request_login_code", "account_signup"])
    def test_each_page_counts(self, page):
        user, field = UserFactory(), "login" if page == "account_login" else "email"
        statuses = [Client().post(reverse(page), {field: user.email}).status_code for _ in range(4)]
        assert statuses[:3] == [302] * 3
        assert statuses[3] != 302

    def test_who_guesses_at_many_accounts_is_stopped(self):
        """A network that has sent a hundred wrong codes gets no further, not even with the right one."""
        for _account in range(25):
            client, code = asked(UserFactory().email)
            for _guess in range(4):
                assert client.post(CONFIRM, {"code": not_(code)}).status_code == 400
        answer = client.post(CONFIRM, {"code": code})
        assert "Vänta en timme" in answer.text
        assert not is_in(client)
        client.post(CONFIRM, {"code": code}, REMOTE_ADDR="198.51.100.7")
        assert is_in(client)

    def test_who_asks_too_often_is_told_when_to_try_again(self):
        user = UserFactory()
        answers = [Client().post(ASK, {"email": user.email}) for _ in range(4)]
        assert "Vänta en minut" in answers[3].text

    @pytest.mark.parametrize(("proxies", "shared"), [(1, False), (0, True)])
    def test_behind_a_proxy_the_visitors_address_is_counted(self, settings, proxies, shared):
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
        settings.ACCOUNT_RATE_LIMITS = {"request_login_code": "1/m/ip"}
        statuses = [
            Client()
            .post(ASK, {"email": UserFactory().email}, headers={"x-forwarded-for": f"198.51.100.{n}"})
            .status_code
            for n in (1, 2)
        ]
        assert [status == 302 for status in statuses] == [True, not shared]
