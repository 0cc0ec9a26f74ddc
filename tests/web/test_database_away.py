"""While the database is away every door says 503 and when to come again, never a traceback."""

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from tests.factories import StudentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def away(monkeypatch):
    """From now on every query fails as it does when the server is stopped."""

    def stop() -> None:
        def fail(*args, **kwargs):
            raise OperationalError("server closed the connection")

        monkeypatch.setattr("django.db.models.sql.compiler.SQLCompiler.execute_sql", fail)

    return stop


def assert_says_come_again(response):
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert response["Cache-Control"] == "no-store"
    page = response.content.decode()
    assert "<h1>" in page
    assert "closed the connection" not in page


def test_a_page_whose_view_fails(visitor, away):
    away()
    assert_says_come_again(visitor.get(reverse("search")))


def test_a_page_whose_frame_fails_before_its_view(visitor, away):
    visitor.force_login(StudentFactory().user)
    away()
    assert_says_come_again(visitor.get(reverse("student_home")))


def test_a_form_leads_to_the_start_and_not_to_a_second_sending(visitor, away):
    away()
    response = visitor.post(reverse("account_login"), {"login": "a@b.example"})
    assert_says_come_again(response)
    assert 'href="/"' in response.content.decode()


def test_programs_get_a_problem(visitor, away):
    away()
    response = visitor.get("/api/v1/municipalities/")
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response.json()["code"] == "service.unavailable"


def test_a_mistake_of_ours_stays_a_500(visitor, monkeypatch):
    def broken(*args, **kwargs):
        raise ValueError

    monkeypatch.setattr("backend.web.public.render", broken)
    assert visitor.get(reverse("how_it_works")).status_code == 500
