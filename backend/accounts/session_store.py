"""Sessions in the database, each with whose it is: so that a person can see and end them, and commands can too."""

from datetime import datetime
from typing import Any

from cryptography.fernet import InvalidToken
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from backend.accounts.models import AccountSession
from backend.common.keys import sealer

SEAL = "session"
# What the session itself remembers of the login, copied to the row whenever it is saved.
DEVICE, NETWORK, STARTED_AT, SEEN_AT, PROVED_AT = (
    "login_device",
    "login_network",
    "login_started_at",
    "login_seen_at",
    "login_proved_at",
)


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> type[AccountSession]:
        return AccountSession

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Sealed: codes of logins, keys of apps and what people were writing lie in it."""
        return sealer(SEAL).encrypt(super().encode(session_dict).encode()).decode()

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        sealed = session_data.encode() if isinstance(session_data, str) else session_data
        try:
            opened = sealer(SEAL).decrypt(sealed).decode()
        except InvalidToken:
            return {}
        return super().decode(opened)

    def create_model_instance(self, data: dict[str, Any]) -> AccountSession:
        row: AccountSession = super().create_model_instance(data)  # type: ignore[assignment]
        user_id = data.get(SESSION_KEY)
        row.user_id = int(user_id) if user_id else None
        row.device, row.network = data.get(DEVICE, ""), data.get(NETWORK, "")
        row.started_at, row.seen_at = _moment(data.get(STARTED_AT)), _moment(data.get(SEEN_AT))
        return row


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
