"""Who carries text messages. A provider is one function: `send(message, timeout) -> Result`, which never raises.

No provider here drops a second message with the same key, so a message whose answer was lost is never sent again by
itself: it is listed as uncertain, and a person decides.
"""

import fcntl
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
from django.conf import settings

from backend.notifications.channels import Result
from backend.notifications.enums import Outcome

CONNECT_TIMEOUT = 5.0
FILE = Path("sms") / "messages.jsonl"


@dataclass(frozen=True)
class TextMessage:
    """to: E.164. key: ours, for the provider's reports."""

    key: str
    sender: str
    to: str
    text: str


def into_file(message: TextMessage, timeout: float) -> Result:
    """For development: one line of JSON a message in DATA_DIR/sms/messages.jsonl. Nobody is texted."""
    path = Path(settings.DATA_DIR) / FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            stream.write(json.dumps(asdict(message), ensure_ascii=False) + "\n")
    except OSError as error:
        return Result(Outcome.RETRY, f"{type(error).__name__} at file", provider_down=True)
    return Result(Outcome.SENT, "kept in a file", message_id=message.key)


def over_http(message: TextMessage, timeout: float) -> Result:
    """A gateway that takes JSON: POST {key, sender, to, text} to SMS_GATEWAY_URL with a bearer token, and answers 2xx with
    {"id": "..."}. What a certain operator wants else belongs into a small gateway in front of it.
    """
    connect = min(CONNECT_TIMEOUT, timeout / 2)
    headers = {"Authorization": f"Bearer {settings.SMS_GATEWAY_TOKEN}", "Idempotency-Key": message.key}
    try:
        response = httpx.post(
            settings.SMS_GATEWAY_URL,
            json=asdict(message),
            headers=headers,
            timeout=httpx.Timeout(timeout - connect, connect=connect),
        )
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        return Result(Outcome.RETRY, f"{type(error).__name__} at connect", provider_down=True)
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        return Result(Outcome.CONFIGURATION, type(error).__name__)
    except Exception as error:
        return Result(Outcome.AMBIGUOUS, f"{type(error).__name__} at answer")
    return _answered(response)


def _answered(response: httpx.Response) -> Result:
    code, answer = response.status_code, f"{response.status_code} at gateway"
    if response.is_success:
        return Result(Outcome.SENT, f"{code} accepted", message_id=_id_in(response))
    if code in {401, 402, 403} or 300 <= code < 400:
        return Result(Outcome.CONFIGURATION, answer)
    if code in {408, 429, 503}:
        return Result(Outcome.RETRY, answer, provider_down=code in {429, 503})
    return Result(Outcome.PERMANENT if code < 500 else Outcome.AMBIGUOUS, answer)


def _id_in(response: httpx.Response) -> str:
    """The gateway's id of the message; "" where it gives none. It is accepted all the same: our own key names it too."""
    try:
        body = response.json()
    except ValueError:
        return ""
    found = body.get("id", "") if isinstance(body, dict) else ""
    return str(found)[:200]


PROVIDERS: dict[str, Callable[[TextMessage, float], Result]] = {"file": into_file, "http": over_http}
