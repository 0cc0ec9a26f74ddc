"""A fresh proof of who sits there, before something changes who may come in: a code by mail, or the second factor.

The code of the mail lies in the visitor's session as a fingerprint, for ten minutes and five tries.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.second_factor import has_second_factor, use_code
from backend.accounts.sessions import note_proof
from backend.common import clock
from backend.common.errors import Conflict, Invalid
from backend.common.keys import key_for

KEY = "proof_code"
GOOD_FOR = timedelta(minutes=10)
MOST_TRIES = 5


def fingerprint(code: str) -> str:
    """What is kept of a code: nobody who reads the sessions can type it."""
    return hmac.new(key_for("proof.code"), "".join(code.split()).encode(), hashlib.sha256).hexdigest()


def send_code(request: HttpRequest, user: User) -> None:
    """A new code to the account's address; an older one opens nothing any more. Raises Conflict after too many."""
    if not ratelimit.consume(request, action="request_login_code", key=f"proof-{user.pk}"):
        raise Conflict("proof.too_many", _("Too many codes have been requested. Wait a minute and try again."))
    code = f"{secrets.randbelow(10**6):06}"
    until = clock.now() + GOOD_FOR
    request.session[KEY] = {"hash": fingerprint(code), "until": until.isoformat(), "tries": 0}
    get_adapter().send_mail("account/email/proof_code", user.email, {"code": code, "request": request})


def has_code(request: HttpRequest) -> bool:
    """Whether a code has been sent that still holds."""
    kept = request.session.get(KEY)
    return kept is not None and datetime.fromisoformat(kept["until"]) > clock.now() and kept["tries"] < MOST_TRIES


def prove(request: HttpRequest, user: User, code: str) -> None:
    """Notes in the session that the person has just shown it. Raises Invalid for a wrong code, Conflict after too many.

    Whoever has a second factor shows that one: their mailbox alone has opened nothing for them.
    """
    if not ratelimit.consume(request, action="login_failed", key=f"proof-{user.pk}"):
        raise Conflict("proof.too_many_tries", _("That was too many attempts. Wait five minutes, then try again."))
    is_right = use_code(user, code) is not None if has_second_factor(user) else _is_mailed(request, code)
    if not is_right:
        raise Invalid("proof.wrong_code", _("That is not the right code."), field="code")
    ratelimit.clear(request, action="login_failed", key=f"proof-{user.pk}")
    request.session.pop(KEY, None)
    note_proof(request.session)


def _is_mailed(request: HttpRequest, code: str) -> bool:
    if not has_code(request):
        return False
    kept = request.session[KEY]
    request.session[KEY] = kept | {"tries": kept["tries"] + 1}
    return hmac.compare_digest(kept["hash"], fingerprint(code))
