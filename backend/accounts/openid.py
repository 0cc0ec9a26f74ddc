"""Logging in with a school's or a company's own accounts: OpenID Connect, authorisation code flow with PKCE.

The protocol is Authlib's: state, nonce and verifier, the signature by the provider's keys, issuer, audience and times. This
module says which providers there are and turns what can go wrong into one error.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from backend.common.errors import Invalid

if TYPE_CHECKING:
    from authlib.integrations.django_client import DjangoOAuth2App

LONGEST_ISSUER, LONGEST_SUBJECT = 255, 255
TIMEOUT_SECONDS = 10
# How far a provider's clock may be off.
LEEWAY_SECONDS = 60


@dataclass(frozen=True)
class Provider:
    """slug: stands in our addresses. issuer: the provider's address, under which its description is found."""

    slug: str
    name: str
    issuer: str
    client_id: str
    client_secret: str


@dataclass(frozen=True)
class Claim:
    """Who a provider says that somebody is. Only issuer and subject together name a person."""

    issuer: str
    subject: str


@cache
def read_providers(text: str) -> tuple[Provider, ...]:
    """The setting OIDC_PROVIDERS: a JSON list of objects with slug, name, issuer, client_id, client_secret.

    Raises ImproperlyConfigured, so that a mistake stops the start instead of the first login.
    """
    try:
        providers = tuple(Provider(**row) for row in json.loads(text or "[]"))
    except (ValueError, TypeError) as error:
        raise ImproperlyConfigured(
            "OIDC_PROVIDERS is a JSON list of objects with slug, name, issuer, client_id and client_secret"
        ) from error
    for provider in providers:
        address = urlsplit(provider.issuer)
        is_local = address.hostname in {"127.0.0.1", "localhost"}
        if not re.fullmatch(r"[a-z0-9-]{1,40}", provider.slug):
            raise ImproperlyConfigured(f"OIDC_PROVIDERS: {provider.slug!r} is not a slug")
        if not address.hostname or (address.scheme != "https" and not is_local):
            raise ImproperlyConfigured(f"OIDC_PROVIDERS: the issuer of {provider.slug!r} has to begin with https://")
        if len(provider.issuer) > LONGEST_ISSUER:
            raise ImproperlyConfigured(f"OIDC_PROVIDERS: the issuer of {provider.slug!r} is too long")
    if len({provider.slug for provider in providers}) < len(providers):
        raise ImproperlyConfigured("OIDC_PROVIDERS: a slug stands there twice")
    return providers


def list_providers() -> tuple[Provider, ...]:
    return read_providers(settings.OIDC_PROVIDERS)


def provider_by(slug: str) -> Provider | None:
    return next((provider for provider in list_providers() if provider.slug == slug), None)


@cache
def _client(provider: Provider) -> "DjangoOAuth2App":
    # Imported when somebody logs in this way: it takes half a second, which every start would pay.
    from authlib.integrations.django_client import OAuth

    description = provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
    return OAuth().register(
        provider.slug,
        client_id=provider.client_id,
        client_secret=provider.client_secret,
        server_metadata_url=description,
        client_kwargs={"scope": "openid", "code_challenge_method": "S256", "default_timeout": TIMEOUT_SECONDS},
    )


def forget_clients() -> None:
    """Reads descriptions and keys anew, as a restart does."""
    _client.cache_clear()


def _failures() -> tuple[type[Exception], ...]:
    from authlib.common.errors import AuthlibBaseError
    from joserfc.errors import JoseError
    from requests import RequestException

    # RuntimeError, KeyError, ValueError: a description or an answer that lacks what the standard demands.
    return AuthlibBaseError, JoseError, RequestException, RuntimeError, KeyError, ValueError


def send_to(provider: Provider, request: HttpRequest, back: str) -> HttpResponse:
    """The redirect to the provider. back: the absolute address it sends people back to. Raises Invalid when it cannot be
    reached."""
    try:
        return _client(provider).authorize_redirect(request, back)
    except _failures() as error:
        raise _unreachable(provider) from error


def read_answer(provider: Provider, request: HttpRequest) -> Claim:
    """Who came back. Raises Invalid: refused by the person, tried too late or twice, forged, or not reachable."""
    if "error" in request.GET:
        raise Invalid("openid.refused", _("You were not logged in there. Try again, or log in with a code."))
    options: dict[str, Any] = {
        "iss": {"essential": True, "value": provider.issuer},
        "aud": {"essential": True, "value": provider.client_id},
        "sub": {"essential": True},
    }
    try:
        answer = _client(provider).authorize_access_token(request, claims_options=options, leeway=LEEWAY_SECONDS)
        claims = answer["userinfo"]
        claim = Claim(str(claims["iss"]), str(claims["sub"]))
    except _failures() as error:
        raise Invalid(
            "openid.failed", _("That login could not be checked, perhaps because it took too long. Try again.")
        ) from error
    if not claim.subject or len(claim.subject) > LONGEST_SUBJECT or "\0" in claim.subject:
        raise Invalid(
            "openid.failed", _("That login could not be checked, perhaps because it took too long. Try again.")
        )
    return claim


def _unreachable(provider: Provider) -> Invalid:
    return Invalid(
        "openid.unreachable",
        _("%(name)s cannot be reached just now. Log in with a code instead.") % {"name": provider.name},
    )
