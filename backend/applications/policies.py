"""Who may see and do what with an application."""

from django.db.models import Q, QuerySet

from backend.accounts.models import User
from backend.accounts.policies import is_network_office, municipalities_coordinated_by, vacant_municipalities
from backend.applications.models import Application
from backend.organisations.policies import is_member
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
    return Application.objects.filter(visible).distinct()


def can_answer(user: User, application: Application) -> bool:
    return is_member(user, application.period.offer.organisation_id)


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
