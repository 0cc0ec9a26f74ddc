"""Commands about the browsers in which a person wants to hear of things."""

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.common import clock, transitions
from backend.common.errors import Conflict, Invalid, NotFound
from backend.notifications import vapid
from backend.notifications.models import PushSubscription

if TYPE_CHECKING:
    from backend.accounts.models import User

MOST_BROWSERS = 10
LONGEST_ENDPOINT = 1000
_POINT_BYTES, _SECRET_BYTES = 65, 16


@dataclass(frozen=True)
class BrowserKeys:
    """What a browser hands out when it subscribes: where to post, and what only it can decrypt (RFC 8030 and 8291).

    p256dh: its public key, unpadded base64url of 65 bytes. auth: 16 random bytes, likewise.
    """

    endpoint: str
    p256dh: str
    auth: str


@transaction.atomic
def subscribe(*, actor: "User", keys: BrowserKeys, browser: str = "") -> PushSubscription:
    """Remembers a browser of the person. Again for the same browser: the keys are renewed; it belongs to whoever is logged
    in there now. Beyond ten browsers the oldest is forgotten.

    Raises Conflict when this installation cannot push, Invalid for an address of nobody we know or keys that are none.
    """
    ours = vapid.keys()
    if ours is None:
        raise Conflict("push.not_set_up", _("Notifications in the browser are not set up here."))
    check_keys(keys)
    row, _is_new = PushSubscription.objects.update_or_create(
        endpoint=keys.endpoint,
        defaults={
            "user": actor,
            "p256dh": keys.p256dh,
            "auth": keys.auth,
            "signed_by": ours.public,
            "browser": browser[:60],
            "created_at": clock.now(),
        },
    )
    kept = PushSubscription.objects.filter(user=actor).order_by("-created_at", "-pk").values_list("pk", flat=True)
    PushSubscription.objects.filter(pk__in=list(kept[MOST_BROWSERS:])).delete()
    transitions.log("push.switched_on", actor, actor=actor, data={"browser": row.pk})
    return row


@transaction.atomic
def unsubscribe(*, actor: "User", subscription_id: int) -> None:
    """Forgets a browser of the person. NotFound for one that is not theirs."""
    removed, _by_model = PushSubscription.objects.filter(user=actor, pk=subscription_id).delete()
    if not removed:
        raise NotFound("push.no_such_browser", _("This browser is not on your list any more."))
    transitions.log("push.switched_off", actor, actor=actor, data={"browser": subscription_id})


@transaction.atomic
def forget_browser(subscription_id: int, *, besides: int | None = None) -> None:
    """Whoever it belonged to has left this browser, or somebody else has logged in there. besides: the account whose
    subscription stays. Doing it twice changes nothing."""
    row = PushSubscription.objects.filter(pk=subscription_id).exclude(user=besides).select_related("user").first()
    if row is not None:
        transitions.log("push.switched_off", row.user, actor=None, data={"browser": row.pk})
        row.delete()


def check_keys(keys: BrowserKeys) -> None:
    """Raises Invalid `push.unknown_service` for an address outside PUSH_SERVICES, `push.bad_keys` for keys that are none."""
    if len(keys.endpoint) > LONGEST_ENDPOINT or not _is_known_service(keys.endpoint):
        raise Invalid("push.unknown_service", _("This browser uses a push service we do not know."), field="endpoint")
    try:
        point, secret = decode(keys.p256dh), decode(keys.auth)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except (ValueError, binascii.Error):
        point, secret = b"", b""
    if len(point) != _POINT_BYTES or len(secret) != _SECRET_BYTES:
        raise Invalid("push.bad_keys", _("The browser’s keys cannot be read. Try again."), field="keys")


def decode(text: str) -> bytes:
    """Unpadded base64url. ValueError for anything else."""
    if not text.isascii() or len(text) > 200:
        raise ValueError("not a key")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _is_known_service(endpoint: str) -> bool:
    """Whether the address belongs to a push service of the list; the host is compared whole or after `*.`."""
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return False
    if parts.username or parts.password or not parts.hostname or not endpoint.isascii():
        return False
    for service in settings.PUSH_SERVICES:
        known = urlsplit(service)
        host = known.hostname or ""
        same_host = (
            parts.hostname.endswith(host[1:]) and len(parts.hostname) > len(host) - 1
            if host.startswith("*.")
            else parts.hostname == host
        )
        if same_host and parts.scheme == known.scheme and port == known.port:
            return True
    return False


# The first that occurs names it: browsers claim to be each other, in this order.
_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "CrOS": "Chromebook",
    "Mac OS X": "Mac",
    "Linux": "Linux",
}


def browser_name(user_agent: str) -> str:
    """ "Firefox, Android": enough for a person to recognise their own browsers; "" for one we cannot name."""
    found = (next((name for sign, name in each.items() if sign in user_agent), "") for each in (_BROWSERS, _SYSTEMS))
    return ", ".join(filter(None, found))
