"""Messages from one page to the next: in a cookie whose name the settings say, in the session when there is too much."""

from typing import ClassVar

from django.conf import settings
from django.contrib.messages.storage.base import BaseStorage
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class NamedCookieStorage(CookieStorage):
    @property
    def cookie_name(self) -> str:  # type: ignore[override]
        return settings.MESSAGES_COOKIE_NAME


class MessageStorage(FallbackStorage):
    storage_classes: ClassVar[tuple[type[BaseStorage], ...]] = (NamedCookieStorage, SessionStorage)  # type: ignore[misc]
