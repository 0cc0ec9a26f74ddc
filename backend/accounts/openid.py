"""Logging in with a school's or a company's own accounts: OpenID Connect, authorisation code flow with PKCE.

The protocol is Authlib's: state, nonce and verifier, the signature by the provider's keys, issuer, audience and times. This
module says which providers there are and turns what can go wrong into one error.
"""

import json
import logging
import re
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from backend.common.errors import Invalid
from backend.common.text import clean_line

if TYPE_CHECKING:
    from authlib.integrations.django_client import DjangoOAuth2App

logger = logging.getLogger(__name__)

LONGEST_ISSUER, LONGEST_SUBJECT, LONGEST_LABEL = 255, 255, 120
TIMEOUT_SECONDS = 10
# How far a provider's clock may be off.
LEEWAY_SECONDS = 60
# Providers change their addresses, keys and algorithms while we run: what they say of themselves is read again after this.
DESCRIPTION_KEPT_SECONDS = 3600


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
    """Who a provider says that somebody is. Only issuer and subject together name a person; label is the name or the address
    that the provider shows for it, for the person to recognise, and decides nothing."""

    issuer: str
    subject: str
    label: str = ""


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


def is_same_issuer(one: str, other: str) -> bool:
    """Whether two issuers name one provider: they may differ by the slash at the end, which people type or leave out."""
    return one.rstrip("/") == other.rstrip("/")


@cache
def _client(provider: Provider) -> "DjangoOAuth2App":
    # Imported when somebody logs in this way: it takes half a second, which every start would pay.
    from authlib.integrations.django_client import DjangoOAuth2App, OAuth
    from joserfc.errors import JoseError

    class App(DjangoOAuth2App):
        def parse_id_token(self, token: Any, nonce: str, **options: Any) -> Any:
            """A signature that the kept description does not explain is checked once more against a fresh one."""
            try:
                return super().parse_id_token(token, nonce, **options)
            except (JoseError, ValueError):
                _forget_description(self)
                return super().parse_id_token(token, nonce, **options)

    description = provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
    registry = OAuth()
    registry.oauth2_client_cls = App
    return registry.register(
        provider.slug,
        client_id=provider.client_id,
        client_secret=provider.client_secret,
        server_metadata_url=description,
        client_kwargs={
            "scope": "openid profile email",
            "code_challenge_method": "S256",
            "default_timeout": TIMEOUT_SECONDS,
        },
    )


def _forget_description(client: "DjangoOAuth2App") -> None:
    client.server_metadata.clear()


def read_issuer(provider: Provider) -> str:
    """The issuer as the provider writes it, out of its description, which is at most an hour old.

    Raises Invalid `openid.unreachable`, or `openid.other_issuer` when the description is another provider's.
    """
    client = _client(provider)
    if client.server_metadata.get("_loaded_at", 0) < time.time() - DESCRIPTION_KEPT_SECONDS:
        _forget_description(client)
    try:
        issuer = str(client.load_server_metadata()["issuer"])
    except _failures() as error:
        _forget_description(client)
        raise _unreachable(provider) from error
    if is_same_issuer(issuer, provider.issuer):
        return issuer
    _forget_description(client)
    logger.error("OIDC_PROVIDERS: %s calls itself %s, the setting says %s", provider.slug, issuer, provider.issuer)
    raise Invalid(
        "openid.other_issuer",
        _("The login at %(name)s is set up wrongly here. Log in with a code instead; we have been told.")
        % {"name": provider.name},
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
    read_issuer(provider)
    try:
        return _client(provider).authorize_redirect(request, back)
    except _failures() as error:
        raise _unreachable(provider) from error


def read_answer(provider: Provider, request: HttpRequest) -> Claim:
    """Who came back. Raises Invalid: refused by the person, tried too late or twice, forged, or not reachable."""
    if "error" in request.GET:
        raise Invalid("openid.refused", _("You were not logged in there. Try again, or log in with a code."))
    options: dict[str, Any] = {
        "iss": {"essential": True, "value": read_issuer(provider)},
        "aud": {"essential": True, "value": provider.client_id},
        "sub": {"essential": True},
    }
    try:
        answer = _client(provider).authorize_access_token(request, claims_options=options, leeway=LEEWAY_SECONDS)
        claims = answer["userinfo"]
        shown = [claims.get(name) for name in ("name", "email", "preferred_username")]
        label = clean_line(next((each for each in shown if isinstance(each, str) and each), ""))[:LONGEST_LABEL]
        claim = Claim(str(claims["iss"]), str(claims["sub"]), label)
    except _failures() as error:
        # Whoever tries again meets what the provider says of itself by then.
        _forget_description(_client(provider))
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
