"""The ways to reach someone. A channel is a folder with a `channel.py`; copy one to add another.

A channel that `is_immediate` needs no call: the row is the delivery. Every other has

- `prepare(delivery)`: everything that can fail without the provider (address, template, size); raises Undeliverable,
- `send(prepared)`: one call, at most CALL_TIMEOUT seconds, that never raises and says what it came to.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from backend.notifications.enums import ChannelName, Outcome

CALL_TIMEOUT = 20.0  # seconds; below the lease (60), the task limit (90) and the visibility timeout (300)


class Undeliverable(Exception):
    """It can never be sent as it is. `reason`: a code for the ledger, without personal data."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Result:
    """outcome: an Outcome. answer: code and phase (`550 5.1.1 at rcpt`). provider_down: true when the failure says
    nothing about this message but something about the provider. message_id: the provider's name of an accepted message.
    unreachable: a permanent failure because nobody is there any more, which is no fault to look at."""

    outcome: Outcome
    answer: str = ""
    provider_down: bool = False
    message_id: str = ""
    unreachable: bool = False


class Unreachable(Undeliverable):
    """There is nobody to send to (any more): no failure, but somebody's choice. The delivery is suppressed."""


class Channel(Protocol):
    name: str
    is_immediate: bool
    # Whether a decision is sent once more, with the same identity, after an answer was lost.
    repeats_decisions: bool

    @property
    def key_window(self) -> timedelta:
        """How long a second message with the same key is dropped or replaces the first, so that an unanswered call can
        be repeated. Zero where it would arrive twice."""
        ...

    def prepare(self, delivery: Any) -> Any: ...

    def send(self, prepared: Any) -> Result: ...


def get(name: str) -> Channel:
    """The channel of that name. KeyError for one nobody built."""
    return _channels()[name]


def called_by_workers() -> list[str]:
    return [name for name, channel in _channels().items() if not channel.is_immediate]


def _channels() -> dict[str, Channel]:
    from backend.notifications.channels.email.channel import EmailChannel
    from backend.notifications.channels.in_app.channel import InAppChannel
    from backend.notifications.channels.push.channel import PushChannel
    from backend.notifications.channels.sms.channel import SmsChannel

    return {
        ChannelName.IN_APP: InAppChannel(),
        ChannelName.EMAIL: EmailChannel(),
        ChannelName.PUSH: PushChannel(),
        ChannelName.SMS: SmsChannel(),
    }
