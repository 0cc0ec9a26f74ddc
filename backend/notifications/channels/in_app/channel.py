"""The list on the site: the notification row itself is the delivery, exactly once."""

from datetime import timedelta
from typing import Any

from backend.notifications.channels import Result
from backend.notifications.enums import ChannelName, Outcome


class InAppChannel:
    name: str = ChannelName.IN_APP
    is_immediate = True
    repeats_decisions = False
    key_window = timedelta(0)

    def prepare(self, delivery: Any) -> None:
        return None

    def send(self, prepared: None) -> Result:
        return Result(Outcome.SENT)
