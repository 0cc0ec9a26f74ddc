"""What holds for every resource: problems, pages, tags, language, limits."""

from concurrent.futures import ThreadPoolExecutor
from socket import socket
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.test import RequestFactory
from redis import Redis

from backend.api import throttling
from backend.api.principals import Principal
from backend.api.throttling import AnonymousThrottle, RateThrottle
from backend.reference.models import Municipality
from tests.api.desk import API, anonymous, refused, session, token_of, with_token
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


class TestProblems:
    def test_an_unknown_address_is_a_problem_too(self):
        refused(anonymous().get(f"{API}nothing/"), 404, "not_found")
        refused(anonymous().post(f"{API}municipalities"), 404, "not_found")
        refused(anonymous().get(f"{API}offers/%0A/"), 404, "not_found")

    def test_an_unknown_parameter_is_named(self):
        refused(anonymous().get(f"{API}municipalities/?colour=red"), 400, "request.invalid", "colour")

    @pytest.mark.parametrize("query", ["limit=", "limit=1&limit=2", "q="])
    def test_an_empty_or_repeated_parameter_is_named(self, query):
        refused(anonymous().get(f"{API}municipalities/?{query}"), 400, "request.invalid", query[: query.index("=")])

    def test_a_limit_out_of_range_is_named(self):
        refused(anonymous().get(f"{API}municipalities/?limit=101"), 400, "request.invalid", "limit")

    def test_another_method_is_refused_and_named(self):
        response = anonymous().delete(f"{API}municipalities/")
        refused(response, 405, "method.not_allowed")
        assert response["Allow"] == "GET, HEAD"

    def test_only_json_is_spoken(self):
        refused(anonymous().get(f"{API}municipalities/", HTTP_ACCEPT="text/html"), 406, "request.not_acceptable")

    def test_a_crash_is_a_problem_and_still_a_crash_for_those_who_watch(self, monkeypatch):
        from backend.api.v1 import reference

        monkeypatch.setattr(reference.Municipalities, "query", lambda *_: 1 / 0)
        client = anonymous()
        with pytest.raises(ZeroDivisionError):
            client.get(f"{API}municipalities/")
        client.raise_request_exception = False
        refused(client.get(f"{API}municipalities/"), 500, "server.error")


class TestPages:
    def test_cursors_lead_through_every_row_once(self):
        client, found, url = anonymous(), [], f"{API}municipalities/?limit=90"
        while url:
            body = client.get(url).json()
            found += [row["code"] for row in body["results"]]
            url = body["next"]
        assert found == list(Municipality.objects.order_by("sort_key").values_list("pk", flat=True))

    def test_a_cursor_that_is_none_is_named(self):
        refused(anonymous().get(f"{API}municipalities/?cursor=x"), 400, "page.bad_cursor", "cursor")

    def test_a_cursor_of_another_list_is_refused(self):
        there = anonymous().get(f"{API}placement-forms/?limit=1").json()["next"].split("cursor=")[1].split("&")[0]
        refused(anonymous().get(f"{API}municipalities/?cursor={there}"), 400, "page.bad_cursor", "cursor")


class TestTags:
    def test_who_has_it_already_gets_nothing_again(self):
        first = anonymous().get(f"{API}municipalities/")
        second = anonymous().get(f"{API}municipalities/", HTTP_IF_NONE_MATCH=f'"other", {first["ETag"]}')
        assert (second.status_code, second.content) == (304, b"")
        assert second["ETag"] == first["ETag"]
        assert "RateLimit" in second

    def test_other_content_has_another_tag(self):
        first = anonymous().get(f"{API}municipalities/")
        assert anonymous().get(f"{API}municipalities/?limit=3")["ETag"] != first["ETag"]
        assert anonymous().get(f"{API}municipalities/?q=borg", HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 200

    def test_caches_know_what_an_answer_depends_on(self):
        response = anonymous().get(f"{API}municipalities/")
        assert {"Accept-Language", "Authorization", "Cookie"} <= set(response["Vary"].replace(" ", "").split(","))
        assert response["Cache-Control"] == "no-cache"

    def test_personal_answers_are_not_stored_by_anyone(self):
        assert "no-store" in session(UserFactory()).get(f"{API}municipalities/")["Cache-Control"]


class TestLanguage:
    @pytest.mark.parametrize(
        ("asked", "name"), [("en", "Upper secondary apprentice"), ("sv-SE,en;q=0.5", "Lärling"), ("de", None)]
    )
    def test_names_follow_accept_language(self, asked, name):
        response = anonymous().get(f"{API}placement-forms/", HTTP_ACCEPT_LANGUAGE=asked)
        names = {row["code"]: row["name"] for row in response.json()["results"]}
        assert response["Content-Language"] == ("en" if asked == "en" else "sv")
        if name:
            assert name in " ".join(names.values())

    def test_a_token_without_a_wish_speaks_its_persons_language(self):
        client = with_token(token_of(UserFactory(language="en")))
        client.defaults.pop("HTTP_ACCEPT_LANGUAGE")
        assert client.get(f"{API}placement-forms/")["Content-Language"] == "en"


class TestLimits:
    def test_what_is_left_is_told_and_too_much_refused(self, monkeypatch):
        monkeypatch.setitem(RateThrottle.THROTTLE_RATES, "anonymous", "2/min")
        client = anonymous()
        assert client.get(f"{API}programmes/")["RateLimit"] == '"anonymous";r=1;t=60'
        assert client.get(f"{API}programmes/")["RateLimit-Policy"] == '"anonymous";q=2;w=60'
        response = client.get(f"{API}programmes/")
        refused(response, 429, "rate.exceeded")
        assert 1 <= int(response["Retry-After"]) <= 60

    def test_each_token_has_its_own(self, monkeypatch):
        monkeypatch.setitem(RateThrottle.THROTTLE_RATES, "read", "1/min")
        person = UserFactory()
        one, other = with_token(token_of(person)), with_token(token_of(person))
        assert one.get(f"{API}programmes/").status_code == 200
        assert one.get(f"{API}programmes/").status_code == 429
        assert other.get(f"{API}programmes/").status_code == 200

    def test_no_address_stands_in_the_cache(self):
        anonymous().get(f"{API}programmes/", REMOTE_ADDR="203.0.113.7")
        counters = list(Redis.from_url(settings.REDIS_URL).scan_iter(f"{RateThrottle.prefix}:*"))
        assert len(counters) == 1
        assert b"203.0.113.7" not in counters[0]

    def test_without_a_cache_nobody_is_stopped(self, monkeypatch):
        monkeypatch.setitem(RateThrottle.THROTTLE_RATES, "anonymous", "1/min")
        with socket() as nobody_listens:
            nobody_listens.bind(("127.0.0.1", 0))
            away = Redis.from_url(f"redis://127.0.0.1:{nobody_listens.getsockname()[1]}")
            monkeypatch.setattr(throttling, "_valkey", lambda: away)
            for _request in range(3):
                response = anonymous().get(f"{API}programmes/")
                assert (response.status_code, response["RateLimit"]) == (200, '"anonymous";r=0;t=60')

    def test_a_window_ends_by_itself_and_later_requests_do_not_prolong_it(self):
        anonymous().get(f"{API}programmes/")
        valkey = Redis.from_url(settings.REDIS_URL)
        (counter,) = valkey.scan_iter(f"{RateThrottle.prefix}:*")
        assert 0 < valkey.ttl(counter) <= 60
        valkey.expire(counter, 30)
        response = anonymous().get(f"{API}programmes/")
        assert response["RateLimit"] == f'"anonymous";r=298;t={valkey.ttl(counter)}'
        assert valkey.ttl(counter) <= 30

    def test_requests_at_the_same_time_are_all_counted(self, monkeypatch):
        monkeypatch.setitem(RateThrottle.THROTTLE_RATES, "anonymous", "5/min")

        def ask(_number):
            throttle = AnonymousThrottle()
            request = RequestFactory().get("/")
            return throttle.allow_request(request, SimpleNamespace(principal=Principal(None)))

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(ask, range(40))) == 5


class TestTokens:
    @pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Bearer " + "x" * 201, "Bearer pnv_wrong"])
    def test_a_wrong_token_opens_nothing_not_even_what_is_public(self, header):
        response = anonymous().get(f"{API}programmes/", HTTP_AUTHORIZATION=header)
        assert response.json()["code"] in {"token.malformed", "token.invalid"}
        assert (response.status_code, response["WWW-Authenticate"]) == (401, 'Bearer realm="praktiknavet"')
