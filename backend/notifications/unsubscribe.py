"""Tokens for one-click unsubscribe (RFC 8058): signed, without expiry, good for one category on one channel.

The page at links.UNSUBSCRIBE_PATH shows the choice on GET and calls `services.unsubscribe` on POST, without login and
without a CSRF token: mail providers post to it for the person.
"""

from dataclasses import dataclass

from django.core import signing

from backend.notifications import links

_SALT = "notifications.unsubscribe"


@dataclass(frozen=True)
class Target:
    user_id: int
    category: str
    channel: str


def make_token(user_id: int, category: str, channel: str) -> str:
    """Safe in a path. Holds ids and words, no address."""
    return signing.dumps([user_id, category, channel], salt=_SALT)


def parse_token(token: str) -> Target | None:
    """What the token is for; None for one we did not sign."""
    try:
        user_id, category, channel = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError):
        return None
    return Target(user_id, category, channel)


def url_for(user_id: int, category: str, channel: str) -> str:
    return links.absolute(links.UNSUBSCRIBE_PATH.format(token=make_token(user_id, category, channel)))
