"""Commands about who acts for a municipality or the network office: invite, answer, pause, resume, end. Each is logged.

One rule holds for all of them: somebody at the network office is always there, so the last one can neither pause nor end.
"""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts import policies
from backend.accounts.enums import RoleInvitationOutcome, RoleKind
from backend.accounts.models import ProtectedGrant, Role, RoleInvitation, User
from backend.accounts.selectors import find_person_by_email, has_coordinator
from backend.common import clock, events, outbox
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.transitions import lock, log
from backend.reference.models import Municipality

USUAL_DAYS = 14
LONGEST_DAYS = 60
LONGEST_NAME = 120


def _require_office(actor: User) -> None:
    if not policies.can_appoint(actor):
        raise NotAllowed("role.not_allowed", _("Only the network office decides who is a coordinator."))


@transaction.atomic
def invite_to_role(
    *, actor: User, email: str, name: str, kind: str, municipality_code: str = "", valid_days: int = USUAL_DAYS
) -> RoleInvitation:
    """The network office asks somebody to be a coordinator of a municipality, or to join the office.

    name: for an address without an account; somebody who has one keeps theirs. municipality_code: four digits for a
    coordinator, empty for the office. valid_days: 1 to LONGEST_DAYS.
    An expired invitation gives way. Raises Invalid with the field, Conflict for someone who has the role or is invited.
    """
    _require_office(actor)
    address = email.strip().lower()
    municipality = _checked_place(kind, municipality_code)
    try:
        validate_email(address)
    except ValidationError as error:
        raise Invalid("role.bad_email", _("Enter an e-mail address."), field="email") from error
    if not 1 <= valid_days <= LONGEST_DAYS:
        raise Invalid(
            "role.bad_days",
            _("Enter a number of days from 1 to %(longest)d.") % {"longest": LONGEST_DAYS},
            field="valid_days",
        )
    invitee = _person(address, name)
    if Role.objects.filter(user=invitee, kind=kind, municipality=municipality).exists():
        raise Conflict("role.exists", _("This person has the role already."), field="email")
    now = clock.now()
    RoleInvitation.objects.filter(
        invitee=invitee, kind=kind, municipality=municipality, ended_at__isnull=True, expires_at__lte=now
    ).update(ended_at=now, outcome=RoleInvitationOutcome.WITHDRAWN)
    try:
        with transaction.atomic():
            invitation = RoleInvitation.objects.create(
                invitee=invitee,
                kind=kind,
                municipality=municipality,
                invited_by=actor,
                sent_at=now,
                expires_at=now + timedelta(days=valid_days),
            )
    except IntegrityError as error:
        raise Conflict(
            "role.invited", _("This person is invited already. Send the invitation again in the list."), field="email"
        ) from error
    log("role.invited", invitation, actor=actor, data=_what(invitation))
    events.record("role.invited", invitation)
    outbox.wake()
    return invitation


def _checked_place(kind: str, municipality_code: str) -> Municipality | None:
    if kind not in RoleKind.values:
        raise Invalid("role.unknown_kind", _("Choose from the list."), field="kind")
    if kind == RoleKind.NETWORK:
        if municipality_code:
            raise Invalid(
                "role.office_has_no_place", _("The network office belongs to no municipality."), field="municipality"
            )
        return None
    municipality = Municipality.objects.filter(pk=municipality_code).first()
    if municipality is None:
        raise Invalid("role.no_place", _("Choose the coordinator's municipality."), field="municipality")
    return municipality


def _person(address: str, name: str) -> User:
    person = find_person_by_email(address)
    if person is not None:
        if not person.is_active:
            raise Conflict("role.account_closed", _("The account of this address is closed."), field="email")
        return person
    if not name.strip():
        raise Invalid("role.no_name", _("Write the name: this address has no account yet."), field="name")
    return User.objects.create_user(address, name=name.strip()[:LONGEST_NAME])


def _what(row: "RoleInvitation | Role") -> dict[str, object]:
    return {"kind": row.kind, "municipality": row.municipality_id or ""}


def _to_office(actor: User, invitation_id: int) -> RoleInvitation:
    """The locked invitation, for the office. Raises Conflict when it is answered or taken back."""
    _require_office(actor)
    try:
        invitation = lock(RoleInvitation.objects.select_related("invitee"), invitation_id)
    except RoleInvitation.DoesNotExist as error:
        raise NotFound("role.unknown_invitation", _("There is no such invitation.")) from error
    if invitation.ended_at is not None:
        raise Conflict("role.invitation_ended", _("This invitation has been answered or taken back already."))
    return invitation


@transaction.atomic
def resend_role_invitation(*, actor: User, invitation_id: int) -> RoleInvitation:
    """One more mail about an open invitation, which holds as many days more as it did at first. Also an expired one."""
    invitation = _to_office(actor, invitation_id)
    now = clock.now()
    invitation.expires_at, invitation.sent_at = now + (invitation.expires_at - invitation.sent_at), now
    invitation.save(update_fields=["expires_at", "sent_at"])
    log("role.invited_again", invitation, actor=actor, data=_what(invitation))
    events.record("role.invited", invitation)
    outbox.wake()
    return invitation


@transaction.atomic
def withdraw_role_invitation(*, actor: User, invitation_id: int) -> RoleInvitation:
    """The office takes an unanswered invitation back: it cannot be accepted any more."""
    invitation = _to_office(actor, invitation_id)
    _end_invitation(invitation, RoleInvitationOutcome.WITHDRAWN, actor)
    return invitation


def _end_invitation(invitation: RoleInvitation, outcome: RoleInvitationOutcome, actor: User) -> None:
    invitation.ended_at, invitation.outcome = clock.now(), outcome
    invitation.save(update_fields=["ended_at", "outcome"])
    log(f"role.invitation_{outcome.value}", invitation, actor=actor, data=_what(invitation))


def _to_invitee(actor: User, invitation_id: int) -> RoleInvitation:
    """The locked invitation, for the one who is invited. Raises Conflict when it no longer holds."""
    try:
        invitation = lock(RoleInvitation.objects.filter(invitee=actor), invitation_id)
    except RoleInvitation.DoesNotExist as error:
        raise NotFound("role.unknown_invitation", _("There is no such invitation.")) from error
    if invitation.ended_at is not None or invitation.expires_at <= clock.now():
        raise Conflict(
            "role.invitation_over", _("This invitation is no longer valid. Ask the network office for a new one.")
        )
    return invitation


@transaction.atomic
def accept_role_invitation(*, actor: User, invitation_id: int) -> Role:
    """The invited person takes the role, at once. Whoever asked is told, and those who filled in until now."""
    invitation = _to_invitee(actor, invitation_id)
    role, _created = Role.objects.get_or_create(
        user=actor, kind=invitation.kind, municipality_id=invitation.municipality_id
    )
    _end_invitation(invitation, RoleInvitationOutcome.ACCEPTED, actor)
    events.record("role.invitation_accepted", invitation)
    events.record("role.began", role, _what(role))
    outbox.wake()
    return role


@transaction.atomic
def decline_role_invitation(*, actor: User, invitation_id: int) -> None:
    """The invited person says no. Whoever asked is told."""
    invitation = _to_invitee(actor, invitation_id)
    _end_invitation(invitation, RoleInvitationOutcome.DECLINED, actor)
    events.record("role.invitation_declined", invitation)
    outbox.wake()


def _role(actor: User, role_id: int) -> Role:
    """The role, with every role of its kind and municipality locked: two who stop at once meet here."""
    _require_office(actor)
    found = Role.objects.filter(pk=role_id).first()
    if found is None:
        raise NotFound("role.unknown", _("There is no such role."))
    peers = Role.objects.filter(kind=found.kind, municipality=found.municipality_id)
    locked = {role.pk: role for role in peers.select_for_update().order_by("pk")}
    if role_id not in locked:
        raise NotFound("role.unknown", _("There is no such role."))
    return locked[role_id]


def _keeps_the_office(leaving: Role) -> None:
    if leaving.kind != RoleKind.NETWORK or leaving.paused_at is not None:
        return
    if not Role.objects.in_force().filter(kind=RoleKind.NETWORK).exclude(pk=leaving.pk).exists():
        raise Conflict(
            "role.last_of_office", _("Invite somebody else to the network office first: someone must be there.")
        )


def _tell_of_vacancy(code: str | None, actor: User, event_role: Role) -> None:
    """What nobody in the municipality takes in hand any more stands with the network office from this moment."""
    if code is not None and not has_coordinator(code):
        log("municipality.without_coordinator", actor, actor=actor, data={"municipality": code})
        events.record("municipality.without_coordinator", event_role.user, {"municipality": code})


@transaction.atomic
def pause_role(*, actor: User, role_id: int) -> Role:
    """The role gives no rights until it is resumed. The person is told.

    Raises Conflict when it is paused already, or when nobody would be left at the network office.
    """
    role = _role(actor, role_id)
    if role.paused_at is not None:
        raise Conflict("role.paused", _("This role is paused already."))
    _keeps_the_office(role)
    role.paused_at = clock.now()
    role.save(update_fields=["paused_at"])
    log("role.paused", role, actor=actor, data={**_what(role), "user": role.user_id})
    events.record("role.paused", role.user, _what(role))
    _tell_of_vacancy(role.municipality_id, actor, role)
    outbox.wake()
    return role


@transaction.atomic
def resume_role(*, actor: User, role_id: int) -> Role:
    """A paused role gives its rights again. The person is told. Raises Conflict when it is not paused."""
    role = _role(actor, role_id)
    if role.paused_at is None:
        raise Conflict("role.not_paused", _("This role is not paused."))
    role.paused_at = None
    role.save(update_fields=["paused_at"])
    log("role.resumed", role, actor=actor, data={**_what(role), "user": role.user_id})
    events.record("role.resumed", role.user, _what(role))
    events.record("role.began", role, _what(role))
    outbox.wake()
    return role


@transaction.atomic
def end_role(*, actor: User, role_id: int) -> None:
    """The role ends for good, and with it what was granted for it. The person is told; the account stays.

    Raises Conflict when nobody would be left at the network office.
    """
    role = _role(actor, role_id)
    _keeps_the_office(role)
    log("role.ended", role, actor=actor, data={**_what(role), "user": role.user_id})
    events.record("role.ended", role.user, _what(role))
    # A grant given to a coordinator must not come back with the next invitation.
    ProtectedGrant.objects.filter(user=role.user_id, municipality=role.municipality_id, revoked_at__isnull=True).update(
        revoked_at=clock.now(), revoked_by=actor
    )
    role.delete()
    _tell_of_vacancy(role.municipality_id, actor, role)
    outbox.wake()
