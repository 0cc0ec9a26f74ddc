"""Commands about who belongs to an organisation: invite, answer, take back, change role, leave."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.selectors import find_person_by_email
from backend.common import clock, events, outbox
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.transitions import lock, log
from backend.organisations import policies
from backend.organisations.enums import InvitationOutcome, MembershipRole
from backend.organisations.models import Invitation, Membership, Organisation

GOOD_FOR = timedelta(days=14)
LONGEST_USER_NAME = 120
# Mails to people who have not asked for anything: more than any team needs, too few to pester a town.
MOST_A_DAY = 20


@transaction.atomic
def invite_colleague(*, actor: User, organisation: Organisation, email: str, name: str = "") -> Invitation:
    """A member asks somebody to join, or whoever stands in asks somebody of an organisation that has nobody here.

    The answer is given after logging in with that address.
    An expired invitation is replaced. Raises Conflict for someone who belongs already or has an open invitation.
    """
    if not policies.can_invite_to(actor, organisation):
        raise NotAllowed("organisation.not_member", _("You do not belong to this organisation."))
    if not organisation.is_confirmed and policies.can_act_for(actor, organisation):
        raise Conflict(
            "organisation.unconfirmed",
            _("You can invite colleagues once the coordinator has confirmed your organisation."),
        )
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise Invalid("invitation.bad_email", _("Enter an e-mail address."), field="email") from error
    invitee = find_person_by_email(address) or User.objects.create_user(
        address, name=(name.strip() or address.split("@")[0])[:LONGEST_USER_NAME]
    )
    if policies.is_member(invitee, organisation.pk):
        raise Conflict("invitation.member", _("This person belongs to the organisation already."), field="email")
    now = clock.now()
    # The organisation's row serialises the count.
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    today = Invitation.objects.filter(organisation=organisation, created_at__gt=now - timedelta(days=1))
    if today.count() >= MOST_A_DAY:
        raise Conflict(
            "invitation.too_many_today", _("That was the last invitation for today. Invite the others tomorrow.")
        )
    Invitation.objects.filter(
        organisation=organisation, invitee=invitee, ended_at__isnull=True, expires_at__lte=now
    ).update(ended_at=now, outcome=InvitationOutcome.WITHDRAWN)
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(
                organisation=organisation, invitee=invitee, invited_by=actor, expires_at=now + GOOD_FOR
            )
    except IntegrityError as error:
        raise Conflict("invitation.exists", _("This person is invited already."), field="email") from error
    log("invitation.sent", invitation, actor=actor, data={"organisation": organisation.pk})
    events.record("invitation.sent", invitation)
    outbox.wake()
    return invitation


def _open(invitation_id: int) -> Invitation:
    """The locked invitation. Raises Conflict when it is answered, taken back or too old."""
    invitation = lock(Invitation.objects.select_related("organisation"), invitation_id)
    if invitation.ended_at is not None or invitation.expires_at <= clock.now():
        raise Conflict("invitation.ended", _("This invitation is no longer valid. Ask your colleague for a new one."))
    return invitation


def _end(invitation: Invitation, outcome: InvitationOutcome, actor: User) -> None:
    invitation.ended_at, invitation.outcome = clock.now(), outcome
    invitation.save(update_fields=["ended_at", "outcome"])
    log(f"invitation.{outcome.value}", invitation, actor=actor, data={"organisation": invitation.organisation_id})


def _require_invitee(actor: User, invitation_id: int) -> None:
    if not Invitation.objects.filter(pk=invitation_id, invitee=actor).exists():
        raise NotFound("invitation.unknown", _("There is no such invitation."))


@transaction.atomic
def accept_invitation(*, actor: User, invitation_id: int) -> Membership:
    """The invited person joins as a member. Whoever asked is told."""
    _require_invitee(actor, invitation_id)
    invitation = _open(invitation_id)
    # Whoever comes first to an organisation without anybody looks after it from then on.
    Organisation.objects.select_for_update().get(pk=invitation.organisation_id)
    owners = Membership.objects.filter(organisation=invitation.organisation_id, role=MembershipRole.OWNER)
    role = (
        MembershipRole.MEMBER
        if owners.exists() or policies.has_people(invitation.organisation_id)
        else MembershipRole.OWNER
    )
    membership, _created = Membership.objects.get_or_create(
        user=actor, organisation=invitation.organisation, defaults={"role": role}
    )
    _end(invitation, InvitationOutcome.ACCEPTED, actor)
    events.record("invitation.accepted", invitation)
    outbox.wake()
    return membership


@transaction.atomic
def decline_invitation(*, actor: User, invitation_id: int) -> None:
    _require_invitee(actor, invitation_id)
    _end(_open(invitation_id), InvitationOutcome.DECLINED, actor)


@transaction.atomic
def withdraw_invitation(*, actor: User, invitation_id: int) -> None:
    """Any member may take an open invitation back."""
    known = Invitation.objects.filter(pk=invitation_id).values_list("organisation", flat=True).first()
    if known is None or not policies.is_member(actor, known):
        raise NotFound("invitation.unknown", _("There is no such invitation."))
    _end(_open(invitation_id), InvitationOutcome.WITHDRAWN, actor)


def _membership(actor: User, membership_id: int) -> Membership:
    """The membership, with every owner of its organisation locked: two owners who step down at once meet here."""
    found = Membership.objects.filter(pk=membership_id).first()
    if found is None or not policies.is_member(actor, found.organisation_id):
        raise NotFound("membership.unknown", _("There is no such colleague."))
    list(Membership.objects.select_for_update().filter(organisation=found.organisation_id).order_by("pk"))
    found.refresh_from_db()
    if found.user_id != actor.pk and not policies.is_owner(actor, found.organisation_id):
        raise NotAllowed("membership.not_owner", _("Only an owner changes who belongs to the organisation."))
    return found


def _keeps_an_owner(leaving: Membership) -> None:
    others = Membership.objects.filter(organisation=leaving.organisation_id, role=MembershipRole.OWNER)
    if leaving.role == MembershipRole.OWNER and not others.exclude(pk=leaving.pk).exists():
        raise Conflict("membership.last_owner", _("Make somebody else the owner first: someone must be it."))


@transaction.atomic
def set_role(*, actor: User, membership_id: int, role: str) -> Membership:
    """An owner makes a colleague owner or member."""
    membership = _membership(actor, membership_id)
    if not policies.is_owner(actor, membership.organisation_id):
        raise NotAllowed("membership.not_owner", _("Only an owner changes who belongs to the organisation."))
    if role not in MembershipRole.values:
        raise Invalid("membership.unknown_role", _("Choose from the list."), field="role")
    if role != MembershipRole.OWNER:
        _keeps_an_owner(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    log("membership.role_changed", membership, actor=actor, data={"role": role})
    return membership


@transaction.atomic
def remove_member(*, actor: User, membership_id: int) -> None:
    """An owner removes a colleague, or somebody leaves. The last owner cannot."""
    membership = _membership(actor, membership_id)
    _keeps_an_owner(membership)
    log("membership.ended", membership, actor=actor, data={"organisation": membership.organisation_id})
    membership.delete()
