"""Closing one's account: what happens to each thing is said first, then done, in one transaction."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils.translation import gettext as _

from backend.accounts.models import (
    AccountSession,
    KnownNetwork,
    OpenIdentity,
    RoleInvitation,
    SecondFactorReset,
    User,
)
from backend.applications.enums import LIVE_STATES
from backend.applications.models import Application
from backend.applications.services import withdraw_application
from backend.common import clock
from backend.common.errors import Conflict
from backend.common.transitions import log
from backend.exchange.models import CalendarFeed, CalendarRevision, ExportJob
from backend.notifications.models import BouncedAddress, Hours, Notification, Preference, PushSubscription
from backend.organisations.models import Invitation, Membership, Organisation
from backend.organisations.team import remove_member
from backend.placements.enums import STANDING_STATES
from backend.placements.models import Placement
from backend.privacy.enums import DocumentKind, RetentionAction
from backend.privacy.models import DataCopy
from backend.privacy.retention import rules_in_force
from backend.reference.enums import PositionSource
from backend.rounds.models import Participant, Result
from backend.rounds.services.results import decline_result
from backend.rounds.services.wishes import leave_round
from backend.students.guardians import remove_guardian
from backend.students.models import Student
from backend.tokens.models import ApiToken
from backend.tokens.services import revoke_token

# An address that reaches nobody (RFC 2606) and is free for nobody else.
CLOSED_ADDRESS = "closed-{pk}@account.invalid"
CLOSED_NAME = "–"


@dataclass(frozen=True)
class Matter:
    """One thing and what happens to it. kind: stops (it must be settled first), ends, or stays."""

    kind: str
    what: str
    then: str


def list_matters(user: User) -> list[Matter]:
    """What closing the account would mean today: first what stops it, then what ends, then what stays."""
    student = Student.objects.filter(user=user).first()
    found = [*_of_staff(user), *_of_memberships(user), *_of_guardians(user)]
    if student is not None:
        found += [*_of_student(student), *_kept(student)]
    found.append(Matter("ends", _("Your account and your logins"), _("Deleted. Nobody can log in with it any more.")))
    found.append(
        Matter("stays", _("The log"), _("That something was done, and when, stays; your name does not stand there."))
    )
    order = {"stops": 0, "ends": 1, "stays": 2}
    return sorted(found, key=lambda each: order[each.kind])


def _of_staff(user: User) -> Iterator[Matter]:
    for role in user.roles.select_related("municipality"):
        where = role.municipality.name if role.municipality else _("the network")
        yield Matter(
            "stops",
            f"{role.get_kind_display()}, {where}",
            _("Ask the network office to end your role, so that somebody else can take over."),
        )


def _is_last_owner(membership: Membership) -> bool:
    others = membership.organisation.memberships.filter(role="owner", user__is_active=True).exclude(pk=membership.pk)
    return membership.role == "owner" and not others.exists()


def _of_memberships(user: User) -> Iterator[Matter]:
    for membership in user.memberships.select_related("organisation"):
        if _is_last_owner(membership):
            yield Matter(
                "stops",
                membership.organisation.name,
                _("You are the last owner. Make a colleague an owner first, or ask the coordinator."),
            )
        else:
            yield Matter("ends", membership.organisation.name, _("You leave the organisation. Its places stay."))


def _of_guardians(user: User) -> Iterator[Matter]:
    for each in user.guardianships.select_related("student__user"):
        yield Matter("ends", each.student.user.name, _("You are no longer a guardian here, and your consent ends."))


def _of_student(student: Student) -> Iterator[Matter]:
    for placement in _standing(student):
        yield Matter(
            "stops",
            placement.period.offer.title,
            _("The placement comes or goes on. Ask on its page to end it, or wait until it is over."),
        )
    for match in student.matches.filter(state="proposed").select_related("period__offer"):
        yield Matter(
            "stops", match.period.offer.title, _("The coordinator is deciding on your match. Wait for the answer.")
        )
    for each in student.rounds.filter(round__state="closed").select_related("round"):
        yield Matter(
            "stops", each.round.name, _("Places are being allocated. Ask the coordinator to take you out of the round.")
        )
    for each in student.rounds.filter(round__state="open").select_related("round"):
        yield Matter("ends", each.round.name, _("You leave the round, and your wishes are deleted."))
    for result in _offered(student):
        yield Matter("ends", result.participant.round.name, _("You turn down the place, and it goes to somebody else."))
    for row in _live(student):
        yield Matter("ends", row.period.offer.title, _("Your application is withdrawn, and the workplace is told."))
    yield Matter("ends", _("Your profile"), _("Wishes, searches, suggestions and where you live are deleted."))
    if student.guardianships.exists():
        yield Matter("ends", _("Your guardians"), _("They are no longer connected to you."))


def _kept(student: Student) -> Iterator[Matter]:
    rules = rules_in_force(student.municipality_id) if student.municipality_id else {}
    for kind, rows in _documents(student):
        if not rows:
            continue
        said = []
        for rule in rules.get(kind, []):
            if rule.action == RetentionAction.PRESERVE:
                said.append(_("preserved by decision %(number)s") % {"number": rule.decision_number})
            else:
                said.append(
                    _("deleted after %(years)s years by decision %(number)s")
                    % {"years": rule.years, "number": rule.decision_number}
                )
        text = ", ".join(said) or _("kept, since the municipality has not decided otherwise")
        yield Matter("stays", str(kind.label), _("With your name: %(how)s.") % {"how": text})


def _documents(student: Student) -> list[tuple[DocumentKind, int]]:
    """How many of the student's documents follow the municipality's rules, by kind; not those that end with the account."""
    return [
        (DocumentKind.APPLICATION, student.applications.count()),
        (DocumentKind.PLACEMENT, student.matches.count()),
        (DocumentKind.ROUND, student.rounds.exclude(round__state="open").count()),
    ]


def _standing(student: Student) -> list[Placement]:
    return list(student.placements.filter(state__in=sorted(STANDING_STATES)).select_related("period__offer"))


def _live(student: Student) -> list[Application]:
    return list(student.applications.filter(state__in=sorted(LIVE_STATES)).select_related("period__offer"))


def _offered(student: Student) -> list[Result]:
    rows = Result.objects.filter(participant__student=student, state="offered", publication__undone_at__isnull=True)
    return list(rows.select_related("participant__round"))


@transaction.atomic
def close_account(*, actor: User) -> None:
    """The person closes the own account. Raises Conflict `account.not_settled` while something must be settled first.

    What a municipality's rules keep stays with the person's name; the rest of the person is deleted.
    """
    student = Student.objects.select_for_update(of=("self",)).filter(user=actor).first()
    User.objects.select_for_update().get(pk=actor.pk)
    if any(each.kind == "stops" for each in list_matters(actor)):
        raise Conflict("account.not_settled", _("Something must be settled before the account can be closed."))
    for membership in list(actor.memberships.all()):
        remove_member(actor=actor, membership_id=membership.pk)
    for guardianship in list(actor.guardianships.all()):
        remove_guardian(actor=actor, guardianship_id=guardianship.pk)
    for token in ApiToken.objects.filter(user=actor, revoked_at__isnull=True):
        revoke_token(actor=actor, token_id=token.pk)
    stays = False
    if student is not None:
        _end_what_is_open(actor, student)
        stays = _erase_student(student)
    log("account.closed", actor, actor=actor)
    _erase_account(actor, keeps_name=stays)


def _end_what_is_open(actor: User, student: Student) -> None:
    for row in _live(student):
        withdraw_application(actor=actor, application_id=row.pk)
    for result in _offered(student):
        decline_result(actor=actor, result_id=result.pk)
    for each in Participant.objects.filter(student=student, round__state="open"):
        leave_round(actor=actor, participant_id=each.pk)


def _erase_student(student: Student) -> bool:
    """Deletes the profile, or what of it is no part of a document that stays. Returns whether something stays."""
    student.guardianships.all().delete()
    student.alerts.all().delete()
    student.suggestions.all().delete()
    student.availabilities.all().delete()
    student.group_memberships.all().delete()
    if not any(rows for _kind, rows in _documents(student)):
        student.delete()
        return False
    student.interests.clear()
    student.forms.clear()
    student.skills, student.languages, student.home_town = [], [], ""
    student.lat = student.lon = student.max_distance_km = None
    student.position_source = PositionSource.MUNICIPALITY
    student.wants_suggestions = False
    student.left_lists_on = student.left_lists_on or clock.today()
    student.save()
    return True


def _erase_account(user: User, *, keeps_name: bool) -> None:
    own: list[tuple[Any, str]] = [
        (AccountSession, "user"),
        (KnownNetwork, "user"),
        (OpenIdentity, "user"),
        (SecondFactorReset, "user"),
        (EmailAddress, "user"),
        (Authenticator, "user"),
        (RoleInvitation, "invitee"),
        (Invitation, "invitee"),
        (Notification, "recipient"),
        (BouncedAddress, "user"),
        (PushSubscription, "user"),
        (Hours, "user"),
        (Preference, "user"),
        (CalendarFeed, "user"),
        (CalendarRevision, "user"),
        (ExportJob, "actor"),
        (DataCopy, "asker"),
    ]
    for model, path in own:
        model._default_manager.filter(**{path: user}).delete()
    # Who registered an organisation stays known to it; the address they wrote from does not.
    Organisation.objects.filter(registered_by=user).update(registered_from="")
    user.email = CLOSED_ADDRESS.format(pk=user.pk)
    user.phone, user.wants_sms, user.is_active = "", False, False
    if not keeps_name:
        user.name = CLOSED_NAME
    user.set_unusable_password()
    user.save()
