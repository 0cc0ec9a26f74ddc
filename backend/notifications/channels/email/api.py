"""Mail over a provider's HTTP API, through django-anymail.

What a failure means depends on the same question as with SMTP: can the provider have the message? A connection that was
never made is no; an answer of 4xx is no; everything after the request left us without an answer is perhaps.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests
from anymail.exceptions import (
    AnymailConfigurationError,
    AnymailError,
    AnymailRecipientsRefused,
    AnymailRequestsAPIError,
)
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives, get_connection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError, SSLError

from backend.notifications.channels import Result
from backend.notifications.enums import Outcome

# Those of anymail's providers that are called with plain HTTP requests and need no further library.
PROVIDERS = frozenset(
    {
        "brevo",
        "mailersend",
        "mailgun",
        "mailjet",
        "mailtrap",
        "mandrill",
        "postal",
        "postmark",
        "resend",
        "scaleway",
        "sendgrid",
        "sparkpost",
        "unisender_go",
    }
)
# How long a provider remembers an Idempotency-Key and drops a second message with it, by its documentation. The others
# are sent the header too and ignore it.
KEY_WINDOWS: Mapping[str, timedelta] = {"resend": timedelta(hours=24)}
CONNECT_TIMEOUT = 5.0

_NEVER_CONNECTED = (ConnectTimeoutError, NewConnectionError, NameResolutionError, SSLError)
_ABOUT_US = {401, 402, 403, 405, 407}
_TRY_LATER = {408, 409, 425, 429, 503}


@dataclass(frozen=True)
class ApiMail:
    """headers: those of the mail itself. key: what the provider and its reports know the message by."""

    key: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]


def send(provider: str, mail: ApiMail, timeout: float) -> Result:
    """One call. Never raises; the same mail makes the same request."""
    try:
        message = _message(mail)
        backend: Any = get_connection(
            f"anymail.backends.{provider}.EmailBackend",
            timeout=(min(CONNECT_TIMEOUT, timeout / 2), timeout - min(CONNECT_TIMEOUT, timeout / 2)),
            # What a provider lacks here (metadata, switching off its tracking) is no reason not to send.
            ignore_unsupported_features=True,
        )
        backend.open()
    except Exception as error:
        return Result(Outcome.CONFIGURATION, f"{type(error).__name__} before the call")
    codes: list[int] = []
    backend.session.headers["Idempotency-Key"] = mail.key
    backend.session.hooks["response"].append(lambda response, **_: codes.append(response.status_code))
    try:
        backend.send_messages([message])
    except Exception as error:
        return _failure(error, codes)
    finally:
        backend.close()
    status = message.anymail_status  # type: ignore[attr-defined]
    if codes[-1] >= 300:
        return _answered(codes[-1])
    if status.status == {"failed"}:
        return Result(Outcome.PERMANENT, f"{codes[-1]} failed")
    # One recipient has one id; anymail makes a set of them where the provider's answer names another address too.
    ids = status.message_id if isinstance(status.message_id, set) else {status.message_id}
    return Result(Outcome.SENT, f"{codes[-1]} accepted", message_id=str(next(filter(None, ids), ""))[:200])


def _message(mail: ApiMail) -> EmailMultiAlternatives:
    message: Any = EmailMultiAlternatives(
        mail.subject, mail.text, mail.sender, list(mail.recipients), headers=dict(mail.headers)
    )
    message.attach_alternative(mail.html, "text/html")
    message.metadata = {"key": mail.key}
    # Nobody is watched while reading.
    message.track_opens = message.track_clicks = False
    return message


def _failure(error: Exception, codes: list[int]) -> Result:
    """Only names and numbers: what these exceptions say repeats the whole mail. codes: of the answers, if any came."""
    if isinstance(error, AnymailRecipientsRefused):
        return Result(Outcome.PERMANENT, f"{codes[-1]} refused")
    if isinstance(error, AnymailRequestsAPIError) and error.response is not None:
        return _answered(error.response.status_code)
    if isinstance(error, requests.RequestException):
        name = _name(error)
        if _never_connected(error):
            return Result(Outcome.RETRY, f"{name} at connect", provider_down=True)
        return Result(Outcome.AMBIGUOUS, f"{name} at answer")
    if codes:
        # It was answered, and we cannot read the answer.
        return _answered(codes[-1])
    if isinstance(error, AnymailConfigurationError | ImproperlyConfigured):
        return Result(Outcome.CONFIGURATION, type(error).__name__)
    if isinstance(error, AnymailError):
        return Result(Outcome.PERMANENT, type(error).__name__)
    return Result(Outcome.AMBIGUOUS, type(error).__name__)


def _answered(code: int) -> Result:
    answer = f"{code} at api"
    if code in _ABOUT_US:
        return Result(Outcome.CONFIGURATION, answer)
    if code in _TRY_LATER:
        return Result(Outcome.RETRY, answer, provider_down=code in {429, 503})
    if 400 <= code < 500:
        return Result(Outcome.PERMANENT, answer)
    # An answer nobody can read, or an error behind the door: it may have been taken before that.
    return Result(Outcome.AMBIGUOUS, answer)


def _never_connected(error: BaseException) -> bool:
    """Whether the failure lies before the request: requests wraps urllib3's reason in one or two layers."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.InvalidURL):
        return True
    layers: list[Any] = [error]
    while layers:
        layer = layers.pop()
        if isinstance(layer, _NEVER_CONNECTED):
            return True
        layers += [inner for inner in (getattr(layer, "reason", None), layer.__cause__) if inner is not None]
        layers += [inner for inner in getattr(layer, "args", ()) if isinstance(inner, Exception)]
    return False


def _name(error: requests.RequestException) -> str:
    return "timeout" if isinstance(error, requests.Timeout) else "connection"
