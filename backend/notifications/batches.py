"""What the deliveries of one batch have in common, asked of the database once instead of once a delivery."""

import time
from collections.abc import Sequence

from backend.notifications import circuit
from backend.notifications.channels import Result
from backend.notifications.enums import Outcome
from backend.notifications.models import Delivery, Preference
from backend.notifications.preferences import effective_slot
from backend.notifications.registry import Kind

# How long a look at the circuit counts, in seconds: another worker may have found the provider away meanwhile.
CIRCUIT_LOOK = 1.0


class Batch:
    """Choices of the recipients, one query. Whether a channel may be called: one query a second and channel."""

    def __init__(self, deliveries: Sequence[Delivery]) -> None:
        chosen = Preference.objects.filter(user_id__in={delivery.recipient_id for delivery in deliveries})
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
