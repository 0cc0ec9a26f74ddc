"""Absolute addresses for mails. The pages themselves belong to the web interface, which serves these paths."""

from django.conf import settings

SETTINGS_PATH = "/notifications/settings/"
NOTIFICATIONS_PATH = "/notifications/"
UNSUBSCRIBE_PATH = "/notifications/unsubscribe/{token}/"


def absolute(path: str) -> str:
    """`/applications/3/` -> `https://.../applications/3/`. ValueError for anything but a path of this site."""
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError("a link in a notification is a path of this site")
    site: str = settings.SITE_URL
    return site.rstrip("/") + path
