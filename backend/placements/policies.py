"""Who decides a match and who looks after a placement."""

from django.db.models import Q, QuerySet

from backend.accounts.models import User
from backend.accounts.policies import (
    acted_for,
    acts_for,
    is_network_office,
    knows_protected_of,
    municipalities_coordinated_by,
)
from backend.organisations.policies import is_member
from backend.placements.models import Match, Placement
from backend.students.policies import is_guardian_of


def can_decide_match(user: User, match: Match) -> bool:
    if match.student.is_protected:
        return knows_protected_of(user, match.deciding_municipality_id)
    return acts_for(user, match.deciding_municipality_id)


def role_in(user: User, row: Match | Placement) -> str:
    """What the user is in a match or placement: "student", "employer", "guardian" of a minor, or "" for nobody in it."""
    if not user.is_active:
        return ""
    if row.student.user_id == user.pk:
        return "student"
    if is_member(user, row.period.offer.organisation_id):
        return "employer"
    return "guardian" if is_guardian_of(user, row.student) else ""


def can_prepare_placement(user: User, placement: Placement) -> bool:
    """Whether the user may say what the student needs to know before the first day."""
    return is_member(user, placement.match.period.offer.organisation_id) or can_decide_match(user, placement.match)


def may_know_match(user: User, match: Match) -> bool:
    """Whether the user may learn that the match exists: one who sees it in lists, or has a grant for its student."""
    return matches_visible_to(user).filter(pk=match.pk).exists() or (
        match.student.is_protected and can_decide_match(user, match)
    )


def matches_visible_to(user: User) -> "QuerySet[Match]":
    """The student's own, the organisation's, those the user's municipality decides or where the workplace lies.

    Never those of a protected identity for a coordinator: a person with a grant finds them on pages of their own.
    """
    if not user.is_active:
        return Match.objects.none()
    visible = Q(student__user=user) | Q(period__offer__organisation__memberships__user=user)
    open_to_all = Q(student__is_protected=False)
    if codes := municipalities_coordinated_by(user):
        visible |= open_to_all & (
            Q(deciding_municipality__in=codes) | Q(period__offer__workplace__municipality__in=codes)
        )
    if is_network_office(user):
        visible |= open_to_all & acted_for(user, "deciding_municipality")
    return Match.objects.filter(visible).distinct()


def can_replace_supervisor(user: User, placement: Placement) -> bool:
    """The organisation that has the student, and the coordinator who looks after the placement."""
    return is_member(user, placement.period.offer.organisation_id) or can_decide_match(user, placement.match)


def placements_visible_to(user: User) -> "QuerySet[Placement]":
    return Placement.objects.filter(match__in=matches_visible_to(user))
