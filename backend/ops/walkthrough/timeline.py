"""What was seen, when, and how long it took."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from backend.accounts.models import User
from backend.common.caught_mail import CaughtMail, list_mails
from backend.notifications.channels.email.message import KEY_HEADER
from backend.notifications.enums import ChannelName, DeliveryState
from backend.notifications.models import Delivery, Notification

T = TypeVar("T")
POLL_SECONDS = 0.05


class NotSeenError(Exception):
    """A step did not show up in time. `str(error)` says which, and where to look."""


@dataclass(frozen=True)
class Step:
    """at: seconds since the start. took: how long the step was waited for, None for a command of ours."""

    at: float
    text: str
    took: float | None

    def __str__(self) -> str:
        took = f"{self.took * 1000:8.0f} ms" if self.took is not None else " " * 11
        return f"{self.at:7.2f} s {took}  {self.text}"


@dataclass
class Timeline:
    """Notes steps and waits for what other processes do. show: called with each line as it happens."""

    mail_dir: Path
    timeout: float
    show: Callable[[str], None]
    began: float = field(default_factory=time.monotonic)
    steps: list[Step] = field(default_factory=list)

    def done(self, text: str) -> float:
        """Notes one of our own commands. Returns the moment, to measure from."""
        self._note(text, None)
        return time.monotonic()

    def wait(self, text: str, look: Callable[[], T | None], *, since: float, hint: str) -> T:
        """Looks until there is something, and notes how long after `since` it was there. Raises NotSeenError."""
        until = time.monotonic() + self.timeout
        while not (found := look()):
            if time.monotonic() > until:
                raise NotSeenError(f"not seen within {self.timeout:.0f} s: {text}. {hint}")
            time.sleep(POLL_SECONDS)
        self._note(text, time.monotonic() - since)
        return found

    def see_on_site(self, user: User, kind: str, subject_id: int, *, since: float) -> None:
        """Told on the site; the mail of the kind may wait for others (see notifications/grouping.py)."""
        rows = Notification.objects.filter(recipient=user, kind=kind, subject_id=subject_id, is_shown=True)
        self.wait(f"told on the site: {kind} to {user.name}", rows.exists, since=since, hint="Nothing was written.")

    def wait_for_mail(self, user: User, kind: str, *, since: float) -> CaughtMail:
        """The delivery is recorded as sent, and the very mail with its key was caught for that address."""
        who = user.name
        delivery = self.wait(
            f"recorded as sent: {kind} to {who}",
            lambda: (
                Delivery.objects.filter(
                    recipient=user, channel=ChannelName.EMAIL, notification__kind=kind, state=DeliveryState.SENT
                )
                .order_by("-pk")
                .first()
            ),
            since=since,
            hint=f"{self._state_of(user, kind)} Are the worker and the dispatcher running?",
        )
        return self.wait(
            f"mail caught: {kind} to {who}",
            lambda: self._caught(str(delivery.idem_key), user.email),
            since=since,
            hint=f"No mail with key {delivery.idem_key} in {self.mail_dir}. Is the mail catcher running?",
        )

    def _caught(self, key: str, address: str) -> CaughtMail | None:
        for mail in list_mails(self.mail_dir):
            if (KEY_HEADER, key) in mail.headers and address in mail.recipients:
                return mail
        return None

    def _state_of(self, user: User, kind: str) -> str:
        states = Delivery.objects.filter(recipient=user, channel=ChannelName.EMAIL, notification__kind=kind)
        found = ", ".join(sorted(states.values_list("state", flat=True))) or "none written"
        return f"Deliveries of the kind when the wait began: {found}."

    def _note(self, text: str, took: float | None) -> None:
        step = Step(time.monotonic() - self.began, text, took)
        self.steps.append(step)
        self.show(str(step))
