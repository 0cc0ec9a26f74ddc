"""Who may see and do what with an application."""

from django.db.models import Q, QuerySet

from backend.accounts.models import User
from backend.accounts.policies import (
    acted_for,
    acts_for,
    is_network_office,
    municipalities_coordinated_by,
    vacant_municipalities,
)
from backend.applications.models import Application
from backend.organisations.policies import has_people, is_member
from backend.organisations.selectors import without_people
from backend.students.policies import can_coordinate, is_guardian_of, is_self


def visible_to(user: User) -> "QuerySet[Application]":
    """The student's own, those to the user's organisations, and those of the students the user coordinates."""
    if not user.is_active:
        return Application.objects.none()
    visible = Q(student__user=user) | Q(period__offer__organisation__memberships__user=user)
    if codes := municipalities_coordinated_by(user):
        visible |= Q(student__municipality__in=codes, student__is_protected=False)
    if is_network_office(user):
        visible |= Q(student__municipality__in=vacant_municipalities(), student__is_protected=False)
    if codes or is_network_office(user):
        visible |= unanswered_by_anybody(user)
    return Application.objects.filter(visible).distinct()


def unanswered_by_anybody(user: User) -> Q:
    """Those to organisations that nobody here belongs to, where the user acts for the workplace's municipality."""
    return Q(period__offer__organisation__in=without_people(), student__is_protected=False) & acted_for(
        user, "period__offer__workplace__municipality"
    )


def can_answer(user: User, application: Application) -> bool:
    """The organisation; where nobody here belongs to it, whoever acts for the workplace's municipality.

    Not for a protected identity: those who stand in see no more of it than any list shows.
    """
    offer = application.period.offer
    if is_member(user, offer.organisation_id):
        return True
    return (
        not application.student.is_protected
        and acts_for(user, offer.municipality_code)
        and not has_people(offer.organisation_id)
    )


def can_accept(user: User, application: Application) -> bool:
    return is_self(user, application.student)


def can_answer_change(user: User, application: Application) -> bool:
    return is_self(user, application.student) or is_guardian_of(user, application.student)


def can_withdraw(user: User, application: Application) -> bool:
    return (
        is_self(user, application.student)
        or is_guardian_of(user, application.student)
        or can_coordinate(user, application.student)
    )
