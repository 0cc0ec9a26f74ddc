"""One call of one endpoint: pinned address, no redirects, bounded time and answer."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

from backend.exchange.webhooks.addresses import Resolve, Target, UnreachableError, resolve, target_of

# Together they must end well inside the lease.
TIMEOUT = httpx.Timeout(10.0, connect=5.0)
LONGEST_CALL_SECONDS = 20.0
MOST_ANSWER_BYTES = 16 * 1024
RECEIVED = "received"


@dataclass(frozen=True)
class Answer:
    """status: of HTTP, None when there was no answer. outcome: RECEIVED or a short code, never the receiver's words."""

    status: int | None
    outcome: str
    milliseconds: int

    @property
    def is_received(self) -> bool:
        return self.outcome == RECEIVED


Client = Callable[[], httpx.Client]


def client() -> httpx.Client:
    """No proxy of the environment: it would connect to another address than the one that was checked."""
    return httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False, verify=True)


def call(
    url: str, body: bytes, headers: Mapping[str, str], *, look_up: Resolve = resolve, make_client: Client = client
) -> Answer:
    """Posts the body. Any 2xx is a receipt. Never raises for what the other side does."""
    began = time.monotonic()

    def answer(status: int | None, outcome: str) -> Answer:
        return Answer(status, outcome, int((time.monotonic() - began) * 1000))

    try:
        target = target_of(url, look_up=look_up)
        with make_client() as http:
            status = _post(http, target, body, headers, began)
    except UnreachableError as error:
        return answer(None, error.reason)
    except httpx.TimeoutException:
        return answer(None, "timeout")
    except httpx.HTTPError as error:
        return answer(None, f"no_answer:{type(error).__name__}"[:60])
    except (OSError, ValueError) as error:
        return answer(None, f"no_answer:{type(error).__name__}"[:60])
    return answer(status, RECEIVED if 200 <= status < 300 else f"status_{status}")


def _post(http: httpx.Client, target: Target, body: bytes, headers: Mapping[str, str], began: float) -> int:
    """The status. The connection goes to the checked address, TLS checks the certificate of the name."""
    request = http.build_request(
        "POST",
        target.url,
        content=body,
        headers={
            "content-type": "application/json",
            "user-agent": "Praktiknavet-Webhooks/1",
            **headers,
            **target.headers,
        },
        extensions=target.extensions,
    )
    response = http.send(request, stream=True)
    try:
        read = 0
        for chunk in response.iter_raw(4_096):
            read += len(chunk)
            # What it says is of no interest: it is read so that the connection ends in order, up to a bound.
            if read > MOST_ANSWER_BYTES or time.monotonic() - began > LONGEST_CALL_SECONDS:
                break
    finally:
        response.close()
    return response.status_code
