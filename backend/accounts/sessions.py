"""Logins on devices: what is noted of each, how fresh the last proof of who somebody is, and ending them.

A session begins with a login, which proves who somebody is at that moment; a code typed later proves it again.
"""

import ipaddress
import re
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from backend.accounts.models import AccountSession, User
from backend.accounts.network import address_of
from backend.accounts.session_store import DEVICE, NETWORK, PROVED_AT, SEEN_AT, STARTED_AT
from backend.common import clock
from backend.common.transitions import log

FRESH = timedelta(minutes=15)
_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def device_named(user_agent: str) -> str:
    """The browser and the system as its owner would call them: "Firefox, Windows"; "" for what is neither."""
    found = [
        next((name for mark, name in marks if re.search(rf"\b{mark}", user_agent)), "")
        for marks in (_BROWSERS, _SYSTEMS)
    ]
    return ", ".join(name for name in found if name)


def network_named(address: str) -> str:
    """Roughly where an address lies: its first two or three parts, which a neighbourhood shares. "" for none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    length = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network(f"{parsed}/{length}", strict=False).network_address)


@receiver(user_logged_in, dispatch_uid="accounts.note_login")
def note_login(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Every way of logging in ends in Django's signal, and in nothing else that all of them share."""
    now = clock.now().isoformat()
    request.session[DEVICE] = device_named(request.META.get("HTTP_USER_AGENT", ""))
    request.session[NETWORK] = network_named(address_of(request))
    request.session[STARTED_AT] = request.session[SEEN_AT] = request.session[PROVED_AT] = now


def note_proof(session: SessionBase) -> None:
    """Whoever sits there has just proved again who they are."""
    session[PROVED_AT] = clock.now().isoformat()


def is_fresh(session: SessionBase) -> bool:
    """Whether the last proof is young enough for what changes who may come in."""
    proved = session.get(PROVED_AT)
    return proved is not None and clock.now() - datetime.fromisoformat(proved) < FRESH


@transaction.atomic
def end_other_sessions(*, actor: User, key: str) -> int:
    """Logs the person out everywhere but in the session with this key. Returns how many there were."""
    ended, _rows = AccountSession.objects.filter(user=actor).exclude(session_key=key).delete()
    if ended:
        log("session.others_ended", actor, actor=actor, data={"sessions": ended})
    return ended
