"""The code that a guardian's link asks for: sent to the address that got the link, so a forwarded one opens nothing.

The code lies in the visitor's session as a fingerprint, for ten minutes and five tries; what it opened stays open for an hour.
Tries count in that session only, so whoever has found a link cannot use up the guardian's; how many codes an address
gets is what bounds the guessing.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backend.accounts.proof import GOOD_FOR, MOST_TRIES, fingerprint
from backend.common import clock
from backend.common.errors import Conflict, Invalid
from backend.students.models import Guardianship

CODE, OPEN = "guardian_code", "guardian_open"
OPEN_FOR = timedelta(hours=1)


def masked(email: str) -> str:
    """Enough for the owner to know it again: "m•••@home.example"."""
    name, _at, domain = email.partition("@")
    return f"{name[:1]}•••@{domain}"


def send_code(request: HttpRequest, guardianship: Guardianship) -> None:
    """A new code to the guardian's address; an older one opens nothing any more. Raises Conflict after too many."""
    if not ratelimit.consume(request, action="request_login_code", key=f"guardian-{guardianship.pk}"):
        raise Conflict("guardian.too_many_codes", _("Too many codes have been requested. Wait a while and try again."))
    code = f"{secrets.randbelow(10**6):06}"
    until = clock.now() + GOOD_FOR
    request.session[CODE] = {
        "of": guardianship.pk,
        "hash": fingerprint(code),
        "until": until.isoformat(),
        "tries": 0,
    }
    get_adapter().send_mail(
        "account/email/guardian_code", guardianship.guardian.email, {"code": code, "request": request}
    )


def _kept(request: HttpRequest, guardianship: Guardianship) -> dict[str, Any] | None:
    kept = request.session.get(CODE)
    if kept is None or kept["of"] != guardianship.pk or kept["tries"] >= MOST_TRIES:
        return None
    return kept if datetime.fromisoformat(kept["until"]) > clock.now() else None


def has_code(request: HttpRequest, guardianship: Guardianship) -> bool:
    """Whether a code has been sent that still holds."""
    return _kept(request, guardianship) is not None


def prove(request: HttpRequest, guardianship: Guardianship, code: str) -> None:
    """Opens the link for this visitor. Raises Invalid for a wrong code, Conflict for one that no longer holds."""
    kept = _kept(request, guardianship)
    if kept is None:
        raise Conflict("guardian.code_over", _("The code is no longer valid. Ask for a new one."))
    request.session[CODE] = kept | {"tries": kept["tries"] + 1}
    if not hmac.compare_digest(kept["hash"], fingerprint(code)):
        raise Invalid("guardian.wrong_code", _("That is not the right code. Check the newest mail."), field="code")
    del request.session[CODE]
    request.session.cycle_key()
    request.session[OPEN] = {"of": guardianship.pk, "until": (clock.now() + OPEN_FOR).isoformat()}


def is_open(request: HttpRequest, guardianship: Guardianship) -> bool:
    """Whether the visitor has shown a code of this guardian's address within the hour."""
    kept = request.session.get(OPEN)
    return kept is not None and kept["of"] == guardianship.pk and datetime.fromisoformat(kept["until"]) > clock.now()
