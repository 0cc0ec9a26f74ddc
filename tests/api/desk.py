"""What the tests of the API share: callers with a session or a token, and what a problem looks like."""

from typing import Any

from rest_framework.test import APIClient

from backend.accounts.models import User
from backend.tokens.enums import Scope
from backend.tokens.services import TokenDetails, create_token

API = "/api/v1/"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def anonymous() -> APIClient:
    return APIClient(HTTP_ACCEPT_LANGUAGE="en")


def session(user: User) -> APIClient:
    """A browser's login. CSRF is not checked; `APIClient(enforce_csrf_checks=True)` does."""
    client = anonymous()
    client.force_login(user, backend=BACKEND)
    return client


def token_of(user: User, *scopes: str, organisation_id: int | None = None) -> str:
    """The secret of a new token."""
    details = TokenDetails("Affärssystemet", scopes or [Scope.OFFERS_READ], organisation_id)
    return create_token(actor=None, user=user, details=details).secret


def with_token(secret: str) -> APIClient:
    client = anonymous()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def refused(response: Any, status: int, code: str, field: str | None = None) -> dict[str, Any]:
    """The answer is a problem of this status and code (and names the field)."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["code"] == code, body
    assert body["status"] == status
    assert body["type"] == f"urn:praktiknavet:problem:{code}"
    assert body["detail"]
    assert body["title"]
    if field is not None:
        assert field in {each["field"] for each in body["errors"]}, body
    return body
