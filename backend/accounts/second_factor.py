"""Commands about the second thing that proves who somebody is: an authenticator app, passkeys, recovery codes.

The rows are allauth's (`Authenticator`), whose login asks for them; who has to have one stands in
organisations/second_factor.py. Each change is logged and told to every address of the person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts import policies, totp
from backend.accounts.enums import ResetOutcome
from backend.accounts.models import AccountSession, SecondFactorReset, User
from backend.accounts.sessions import end_other_sessions
from backend.common import clock, events, outbox
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.transitions import lock, log

Type = Authenticator.Type
FACTORS = (Type.TOTP, Type.WEBAUTHN)
WAIT = timedelta(hours=24)
# How long after they were made the recovery codes may be looked at, unless somebody says before that they are kept.
SHOWN = timedelta(minutes=30)
MOST_PASSKEYS = 10
LONGEST_NAME = 60
LONGEST_REASON = 500


@dataclass(frozen=True)
class Factors:
    """What somebody has. app: None without one. codes_left: of the recovery codes."""

    app: Authenticator | None
    passkeys: tuple[Authenticator, ...]
    codes_left: int

    def __bool__(self) -> bool:
        return self.app is not None or bool(self.passkeys)


def factors_of(user: User) -> Factors:
    """One query."""
    rows = list(Authenticator.objects.filter(user=user).order_by("pk"))
    codes = next((row for row in rows if row.type == Type.RECOVERY_CODES), None)
    return Factors(
        next((row for row in rows if row.type == Type.TOTP), None),
        tuple(row for row in rows if row.type == Type.WEBAUTHN),
        len(RecoveryCodes(codes).get_unused_codes()) if codes else 0,
    )


def has_second_factor(user: User) -> bool:
    return Authenticator.objects.filter(user=user, type__in=FACTORS).exists()


@transaction.atomic
def enrol_app(*, actor: User, secret: str, code: str, session_key: str) -> Authenticator:
    """From now on the app's codes are asked for at each login. Other sessions of the person end: nobody had proved it there.

    secret: base 32, what the page showed. Raises Invalid for a wrong code, Conflict when there is an app already.
    """
    _lock(actor)
    if Authenticator.objects.filter(user=actor, type=Type.TOTP).exists():
        raise Conflict("second_factor.has_app", _("You have an app already. Remove it first to set up another one."))
    step = totp.find_step(secret, code, clock.now())
    if step is None:
        raise Invalid(
            "second_factor.wrong_code",
            _("That is not the code that the app shows now. Check that the telephone's clock is right, and try again."),
            field="code",
        )
    data = {"secret": get_adapter().encrypt(secret), "last_step": step}
    return _enrolled(actor, Authenticator(user=actor, type=Type.TOTP, data=data), session_key)


@transaction.atomic
def enrol_passkey(*, actor: User, name: str, credential: Mapping[str, Any], session_key: str) -> Authenticator:
    """The same with a passkey. credential: what the browser answered, checked by the caller against its challenge."""
    _lock(actor)
    name = name.strip() or str(_("Passkey"))
    if len(name) > LONGEST_NAME:
        raise Invalid("second_factor.too_long", _("The text is too long."), field="name")
    if Authenticator.objects.filter(user=actor, type=Type.WEBAUTHN).count() >= MOST_PASSKEYS:
        raise Conflict("second_factor.too_many", _("You have many passkeys already. Remove one first."))
    data = {"name": name, "credential": dict(credential)}
    return _enrolled(actor, Authenticator(user=actor, type=Type.WEBAUTHN, data=data), session_key)


def _lock(user: User) -> None:
    """Two changes of one person's factors at once meet here."""
    User.objects.select_for_update().get(pk=user.pk)


def _enrolled(actor: User, row: Authenticator, session_key: str) -> Authenticator:
    row.created_at = clock.now()
    row.save()
    if not Authenticator.objects.filter(user=actor, type=Type.RECOVERY_CODES).exists():
        _make_codes(actor)
    end_other_sessions(actor=actor, key=session_key)
    _tell("second_factor.enrolled", actor, actor=actor, data={"type": row.type})
    return row


def _make_codes(user: User) -> None:
    Authenticator.objects.filter(user=user, type=Type.RECOVERY_CODES).delete()
    codes = RecoveryCodes.activate(user).instance
    codes.created_at = clock.now()
    codes.save(update_fields=["created_at"])


def _tell(what: str, person: User, *, actor: User | None, data: dict[str, Any] | None = None) -> None:
    log(what, person, actor=actor, data=data)
    events.record(what, person, data)
    outbox.wake()


@transaction.atomic
def remove_second_factor(*, actor: User, authenticator_id: int) -> None:
    """The app or the passkey opens nothing any more; with the last one the recovery codes go. Raises NotFound."""
    _lock(actor)
    try:
        row = lock(Authenticator.objects.filter(user=actor, type__in=FACTORS), authenticator_id)
    except Authenticator.DoesNotExist as error:
        raise NotFound("second_factor.unknown", _("There is no such app or passkey.")) from error
    kind = row.type
    row.delete()
    if not has_second_factor(actor):
        Authenticator.objects.filter(user=actor).delete()
    _tell("second_factor.removed", actor, actor=actor, data={"type": kind})


@transaction.atomic
def renew_recovery_codes(*, actor: User) -> None:
    """Ten new codes; the old ones open nothing any more. Raises Conflict for whoever has nothing that they could replace."""
    _lock(actor)
    if not has_second_factor(actor):
        raise Conflict("second_factor.none", _("Set up an app or a passkey first."))
    _make_codes(actor)
    _tell("second_factor.codes_renewed", actor, actor=actor)


def shown_recovery_codes(user: User) -> list[str]:
    """The codes, for a while after they were made and until they are said to be kept; [] afterwards."""
    row = Authenticator.objects.filter(user=user, type=Type.RECOVERY_CODES).first()
    if row is None or row.data.get("viewed_at") or row.created_at + SHOWN <= clock.now():
        return []
    return RecoveryCodes(row).get_unused_codes()


@transaction.atomic
def keep_recovery_codes(*, actor: User) -> None:
    """The person has them somewhere else: they are not shown any more. Doing it twice changes nothing."""
    row = Authenticator.objects.select_for_update().filter(user=actor, type=Type.RECOVERY_CODES).first()
    if row is not None and not row.data.get("viewed_at"):
        row.data["viewed_at"] = clock.now().timestamp()
        row.save(update_fields=["data"])
        log("second_factor.codes_kept", actor, actor=actor)


@transaction.atomic
def use_code(user: User, code: str) -> Authenticator | None:
    """The row whose code it is, which is used up with this; None for a wrong one. The app's code of a step works once."""
    rows = Authenticator.objects.select_for_update().filter(user=user, type__in=[Type.TOTP, Type.RECOVERY_CODES])
    for row in rows.order_by("-type"):
        if row.type == Type.RECOVERY_CODES:
            if RecoveryCodes(row).validate_code(code):
                _tell("second_factor.code_used", user, actor=user)
                return row
            continue
        secret = get_adapter().decrypt(row.data["secret"])
        step = totp.find_step(secret, code, clock.now(), after=row.data.get("last_step", 0))
        if step is not None:
            row.data["last_step"] = step
            row.save(update_fields=["data"])
            return row
    return None


# --- somebody has lost it ------------------------------------------------------------------------------------------------


@transaction.atomic
def ask_reset(*, actor: User, user: User, reason: str) -> SecondFactorReset:
    """The network office lets a person start anew, in a day: until then the person is told and can stop it.

    Raises Conflict when it is asked for already or when there is nothing to reset, Invalid with the field.
    """
    if not policies.can_appoint(actor):
        raise NotAllowed("second_factor.not_allowed", _("Only the network office resets a second step."))
    if actor.pk == user.pk:
        raise Invalid(
            "second_factor.self", _("Somebody else at the network office has to do that for you."), field="email"
        )
    if not reason.strip():
        raise Invalid("second_factor.no_reason", _("Write how you know that it is this person."), field="reason")
    if len(reason.strip()) > LONGEST_REASON:
        raise Invalid("second_factor.too_long", _("The text is too long."), field="reason")
    _lock(user)
    if not has_second_factor(user):
        raise Conflict("second_factor.none_there", _("This person has no second step."), field="email")
    if SecondFactorReset.objects.filter(user=user, ended_at__isnull=True).exists():
        raise Conflict("second_factor.reset_open", _("A reset is under way already."), field="email")
    now = clock.now()
    row = SecondFactorReset.objects.create(
        user=user, asked_by=actor, reason=reason.strip(), asked_at=now, due_at=now + WAIT
    )
    log("second_factor.reset_asked", row, actor=actor, reason=reason.strip(), data={"user": user.pk})
    events.record("second_factor.reset_asked", row)
    outbox.wake()
    return row


@transaction.atomic
def stop_reset(*, actor: User, reset_id: int) -> None:
    """The person, or the network office, stops a reset that has not happened yet. Raises NotFound, Conflict afterwards."""
    rows = SecondFactorReset.objects.select_related("user")
    if not policies.can_appoint(actor):
        rows = rows.filter(user=actor)
    try:
        row = lock(rows, reset_id)
    except SecondFactorReset.DoesNotExist as error:
        raise NotFound("second_factor.unknown_reset", _("There is no such reset.")) from error
    if row.ended_at is not None:
        raise Conflict("second_factor.reset_over", _("This reset has been carried out or stopped already."))
    _end_reset(row, ResetOutcome.STOPPED)
    _tell("second_factor.reset_stopped", row.user, actor=actor)


@transaction.atomic
def carry_out_reset(reset_id: int) -> bool:
    """Once the wait is over: the app, the passkeys and the codes go, and every session. False when it was stopped."""
    row = SecondFactorReset.objects.select_for_update(of=("self",)).select_related("user").get(pk=reset_id)
    if row.ended_at is not None or row.due_at > clock.now():
        return False
    _lock(row.user)
    Authenticator.objects.filter(user=row.user).delete()
    AccountSession.objects.filter(user=row.user).delete()
    _end_reset(row, ResetOutcome.DONE)
    _tell("second_factor.reset_done", row.user, actor=row.asked_by)
    return True


def _end_reset(row: SecondFactorReset, outcome: ResetOutcome) -> None:
    row.ended_at, row.outcome = clock.now(), outcome
    row.save(update_fields=["ended_at", "outcome"])
