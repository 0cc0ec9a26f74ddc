"""Commands about imported organisations that nobody here belongs to: a member of them asks, and somebody decides."""

from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common import clock, events, outbox
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.transitions import lock, log
from backend.organisations import policies
from backend.organisations.enums import ClaimState, MembershipRole
from backend.organisations.models import Membership, Organisation, OrganisationClaim

LONGEST_ROLE = 80
LONGEST_REASON = 500


def proved_addresses(user: User) -> list[str]:
    """The addresses somebody has shown to be theirs, by a code sent there."""
    from allauth.account.models import EmailAddress

    rows = EmailAddress.objects.filter(user=user, verified=True).order_by("-primary", "email")
    return [str(email) for email in rows.values_list("email", flat=True)]


def speaks_for(claim: OrganisationClaim) -> bool:
    """Whether the address is of the organisation's own domain: "anna@skola.example" and "https://www.skola.example/om"."""
    host = (urlsplit(claim.organisation.website).hostname or "").removeprefix("www.")
    domain = claim.email.rpartition("@")[2].lower()
    return bool(host) and (domain == host or domain.endswith(f".{host}"))


@transaction.atomic
def claim_organisation(*, actor: User, organisation_id: int, role: str, email: str) -> OrganisationClaim:
    """Somebody says that they work at an organisation which nobody answers for.

    role: what they do there. email: a work address that the account has proved. Raises Conflict when the organisation
    has people of its own, or the person has asked already.
    """
    organisation = Organisation.objects.select_for_update().filter(pk=organisation_id).first()
    if organisation is None:
        raise NotFound("organisation.unknown", _("There is no such organisation."))
    if policies.has_people(organisation.pk):
        raise Conflict(
            "claim.has_people", _("Somebody answers for this organisation already. Ask a colleague to invite you.")
        )
    if not role.strip():
        raise Invalid("claim.no_role", _("Write what you do there."), field="role")
    if len(role.strip()) > LONGEST_ROLE:
        raise Invalid("claim.too_long", _("The text is too long."), field="role")
    if email.strip().lower() not in {each.lower() for each in proved_addresses(actor)}:
        raise Invalid("claim.not_proved", _("Choose an address that you have confirmed."), field="email")
    try:
        with transaction.atomic():
            claim = OrganisationClaim.objects.create(
                organisation=organisation, user=actor, role=role.strip(), email=email.strip().lower()
            )
    except IntegrityError as error:
        raise Conflict("claim.exists", _("You have asked already. You hear when it is decided.")) from error
    log("claim.made", claim, actor=actor, data={"organisation": organisation.pk})
    events.record("claim.made", claim)
    outbox.wake()
    return claim


@transaction.atomic
def decide_claim(*, actor: User, claim_id: int, approves: bool, reason: str = "") -> OrganisationClaim:
    """A coordinator where the organisation is, or the network office, says yes or no. Yes makes the person its owner.

    A no needs a reason, which the person reads. Raises Conflict when it was decided, or somebody else got it meanwhile.
    """
    known = OrganisationClaim.objects.select_related("organisation").filter(pk=claim_id).first()
    if known is None or not policies.can_decide_claim(actor, known.organisation):
        raise NotFound("claim.unknown", _("There is no such request."))
    if known.user_id == actor.pk:
        raise NotAllowed("claim.own", _("Somebody else has to decide about your request."))
    Organisation.objects.select_for_update().get(pk=known.organisation_id)
    claim = lock(OrganisationClaim.objects.select_related("organisation", "user"), claim_id)
    if claim.state != ClaimState.OPEN:
        raise Conflict("claim.decided", _("A colleague has already decided this."))
    if approves and policies.has_people(claim.organisation_id):
        raise Conflict(
            "claim.has_people", _("Somebody answers for this organisation by now. They can invite the person.")
        )
    if not approves and not reason.strip():
        raise Invalid("claim.no_reason", _("Write why, so that the person understands."), field="reason")
    if len(reason.strip()) > LONGEST_REASON:
        raise Invalid("claim.too_long", _("The text is too long."), field="reason")
    claim.state = ClaimState.APPROVED if approves else ClaimState.REJECTED
    claim.reason, claim.decided_at, claim.decided_by = reason.strip(), clock.now(), actor
    claim.save(update_fields=["state", "reason", "decided_at", "decided_by"])
    if approves:
        Membership.objects.create(user=claim.user, organisation=claim.organisation, role=MembershipRole.OWNER)
    action = f"claim.{claim.state}"
    log(action, claim, actor=actor, reason=claim.reason, data={"organisation": claim.organisation_id})
    events.record(action, claim)
    outbox.wake()
    return claim
