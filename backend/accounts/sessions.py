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
from django.db.models import QuerySet
from django.dispatch import receiver
from django.http import HttpRequest

from backend.accounts.models import AccountSession, KnownNetwork, User
from backend.accounts.network import address_of
from backend.accounts.policies import works_for_the_network
from backend.accounts.session_store import DEVICE, NETWORK, PROVED_AT, SEEN_AT, STARTED_AT
from backend.common import clock
from backend.common.transitions import log

FRESH = timedelta(minutes=15)
REMEMBERED = timedelta(days=30)
# Those who decide about others: a day's work, and an hour away from the desk.
STAFF_LASTS, STAFF_RESTS = timedelta(hours=12), timedelta(hours=1)
SEEN_EVERY = timedelta(minutes=10)
REMEMBER = "login_remember"
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
    if network := request.session[NETWORK]:
        KnownNetwork.objects.update_or_create(user=user, network=network, defaults={"seen_on": clock.today()})
    is_remembered = request.session.pop(REMEMBER, False)
    if user.roles.filter(paused_at__isnull=True).exists():
        request.session.set_expiry(STAFF_LASTS)
    else:
        # Without the choice it ends with the browser, and on the server after SESSION_COOKIE_AGE.
        request.session.set_expiry(REMEMBERED if is_remembered else 0)


def has_ended(session: SessionBase, user: User) -> bool:
    """Whether the login of somebody who decides about others has lasted or rested for too long."""
    started, seen = session.get(STARTED_AT), session.get(SEEN_AT)
    if started is None or seen is None or not works_for_the_network(user):
        return False
    now = clock.now()
    return now - datetime.fromisoformat(started) >= STAFF_LASTS or now - datetime.fromisoformat(seen) >= STAFF_RESTS


def note_seen(session: SessionBase) -> None:
    """To within ten minutes: not every page is worth a write."""
    seen = session.get(SEEN_AT)
    if seen is None or clock.now() - datetime.fromisoformat(seen) >= SEEN_EVERY:
        session[SEEN_AT] = clock.now().isoformat()


def list_sessions(user: User) -> "QuerySet[AccountSession]":
    """Those that have not run out, the last one seen first."""
    return AccountSession.objects.filter(user=user, expire_date__gt=clock.now()).order_by("-seen_at", "session_key")


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
