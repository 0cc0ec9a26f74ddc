"""One door: whoever types an address gets a code there, and the code logs in or makes the account.

allauth's process asks for the code of a person. Where an address belongs to nobody the process goes on without a person, and
looks the same; the account begins when the code has been typed, so an address that somebody else typed leaves no row behind.
"""

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.internal.userkit import user_id_to_str
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import translation

from backend.accounts.models import User
from backend.accounts.selectors import find_person_by_email


def ask_for_code(request: HttpRequest, *, user: User | None, email: str) -> None:
    """Sends a code to the address and remembers in the session what is waited for. user: whose it is, None: nobody's."""
    process = LoginCodeVerificationProcess.initiate(request=request, user=user, email=email)
    if user is None:
        _write_to_newcomer(process, email)


def send_code_again(process: LoginCodeVerificationProcess) -> None:
    """A new code to the same address; the former one is worth nothing. Raises RateLimited."""
    process.resend()
    if process.user is None:
        _write_to_newcomer(process, process.state["email"])


def _write_to_newcomer(process: LoginCodeVerificationProcess, email: str) -> None:
    adapter, context = get_adapter(), {"request": process.request}
    if find_person_by_email(email) is not None:
        # Whose account is closed hears that in the mail, and no code opens it.
        process.state.pop("code", None)
        adapter.send_mail("account/email/closed_account", email, context)
    else:
        adapter.send_mail("account/email/new_account", email, context | {"code": process.generate_code()})
    process.persist()


def open_account(process: LoginCodeVerificationProcess) -> User:
    """The account of an address whose code was typed. Two pages of the same person at the same moment get the same one."""
    email = process.state["email"]
    user = find_person_by_email(email)
    if user is None:
        try:
            with transaction.atomic():
                user = User.objects.create_user(email, language=translation.get_language() or "sv")
        except IntegrityError:
            user = User.objects.get_by_natural_key(email)
    process.state["user_id"] = user_id_to_str(user)
    return user
