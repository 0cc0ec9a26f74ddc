"""What a form says about bad input is in the reader's language, also where Django or allauth says it."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.urls import reverse

from backend.accounts.models import User
from tests.factories import CoordinatorFactory, NetworkOfficerFactory, StudentFactory, UserFactory
from tests.web.desk import logged_in, make_company

pytestmark = pytest.mark.django_db

NONSENSE = {"email": "nej", "birth_date": "igår", "first_day": "igår", "apply_by": "2027-99-99", "form": "ok\0nd"}
Who = Callable[[], Any]


def student() -> User:
    user: Any = StudentFactory(birth_date=date(2010, 5, 1)).user
    return user


def company() -> User:
    return make_company().owner


FORMS: list[tuple[str, Who]] = [
    ("account_signup", AnonymousUser),
    ("account_request_login_code", AnonymousUser),
    ("profile", UserFactory),
    ("student_profile", student),
    ("student_guardians", student),
    ("alert_new", student),
    ("tokens", company),
    ("webhooks", company),
    ("employer_register", UserFactory),
    ("employer_workplace_new", company),
    ("employer_offer_new", company),
    ("employer_team", company),
    ("employer_imports", company),
    ("coordinator_imports", CoordinatorFactory),
    ("network_members", NetworkOfficerFactory),
    ("network_grants", NetworkOfficerFactory),
]


def errors_in(client: Client, address: str, language: str) -> list[str]:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    response = client.post(address, NONSENSE)
    contexts: Any = response.context or []
    forms = [context["form"] for context in contexts if "form" in context]
    return [text for field in forms[0].errors.values() for text in field] if forms else []


@pytest.mark.parametrize(("name", "who"), FORMS, ids=[name for name, _who in FORMS])
def test_errors_of_fields_are_in_the_language_of_the_page(name: str, who: Who) -> None:
    user = who()
    client = logged_in(user) if isinstance(user, User) else Client()
    swedish = errors_in(client, reverse(name), "sv")
    english = errors_in(client, reverse(name), "en")
    assert len(swedish) == len(english) > 0
    assert [text for text, other in zip(swedish, english, strict=True) if text == other] == []
