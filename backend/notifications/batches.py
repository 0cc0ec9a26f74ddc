"""What the deliveries of one batch have in common, asked of the database once instead of once a delivery."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from backend.notifications import circuit, quiet
from backend.notifications.channels import Result
from backend.notifications.enums import Outcome
from backend.notifications.models import Delivery, Preference
from backend.notifications.preferences import effective_slot
from backend.notifications.registry import Kind
from backend.notifications.services import placed_in_rest

# How long a look at the circuit counts, in seconds: another worker may have found the provider away meanwhile.
CIRCUIT_LOOK = 1.0
# A first attempt this soon after the message was written needs no second look at the person's hours.
PROMPTLY = timedelta(minutes=1)


class Batch:
    """Choices of the recipients, one query. Whether a channel may be called: one query a second and channel."""

    def __init__(self, deliveries: Sequence[Delivery]) -> None:
        self._people = {delivery.recipient_id for delivery in deliveries}
        self._windows: dict[int, quiet.Window] | None = None
        chosen = Preference.objects.filter(user_id__in=self._people)
        self._chosen = {
            (user, category, channel): slot
            for user, category, channel, slot in chosen.values_list("user_id", "category", "channel", "slot")
        }
        self._untroubled_until: dict[str, float] = {}

    def slot(self, delivery: Delivery, kind: Kind) -> str:
        """When the recipient wants to hear of this kind on this channel."""
        return effective_slot(
            kind, delivery.channel, self._chosen.get((delivery.recipient_id, kind.category, delivery.channel))
        )

    def rests_until(self, delivery: Delivery, kind: Kind) -> tuple[datetime, datetime] | None:
        """When the person may be disturbed again and until when it is worth sending, None when that is now.

        The hours are kept when a message is written; they are asked again of one that has waited since: for a retry, a
        provider that was away, or workers that stood still. One query a batch, none while everything goes out at once.
        """
        moment: datetime = delivery.claimed_at  # type: ignore[attr-defined]
        if delivery.attempts <= 1 and moment - delivery.notification.created_at < PROMPTLY:
            return None
        if self._windows is None:
            self._windows = quiet.windows_of(self._people)
        window = self._windows.get(delivery.recipient_id, quiet.OPEN)
        due_at, expires_at = placed_in_rest(kind, window, moment, delivery.expires_at)
        return (due_at, expires_at) if due_at > moment else None

    def admits(self, channel: str) -> bool:
        """Whether the provider may be called now; see circuit.admits."""
        if self.is_untroubled(channel):
            return True
        if circuit.is_untroubled(channel):
            self._untroubled_until[channel] = time.monotonic() + CIRCUIT_LOOK
            return True
        return circuit.admits(channel)

    def is_untroubled(self, channel: str) -> bool:
        """Whether nothing was wrong with the provider a moment ago; asks nobody."""
        return time.monotonic() < self._untroubled_until.get(channel, 0.0)

    def tell_circuit(self, channel: str, result: Result) -> None:
        """Writes what the answer says about the provider. A success where nothing was wrong writes nothing."""
        if result.outcome == Outcome.CONFIGURATION:
            self._untroubled_until.pop(channel, None)
            circuit.note_configuration(channel, result.answer)
        elif result.provider_down:
            self._untroubled_until.pop(channel, None)
            circuit.note_away(channel, result.answer)
        elif result.outcome != Outcome.AMBIGUOUS and channel not in self._untroubled_until:
            circuit.note_success(channel)
