"""From a mail to the right page: one address for everyone, each reader is led to their own page about the subject."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from backend.accounts.models import User
from backend.accounts.policies import is_coordinator, is_network_office
from backend.accounts.selectors import get_role_invitation_to
from backend.applications.models import Application
from backend.applications.policies import can_answer
from backend.applications.selectors import get_application
from backend.notifications.models import Notification
from backend.offers.models import Offer
from backend.offers.policies import can_review_offer, is_own_offer
from backend.organisations.selectors import get_invitation_to
from backend.placements.models import Placement
from backend.placements.policies import can_decide_match, matches_visible_to
from backend.rounds.models import Participant
from backend.rounds.policies import can_watch_round, rounds_visible_to
from backend.students.models import Guardianship, Student
from backend.students.policies import is_guardian_of
from backend.students.protection import protected_students_of
from backend.web.access import logged_in
from backend.web.rounds.coordinator import page_of_participant

Guide = Callable[[User, int], str]


def _offer(user: User, pk: int) -> str:
    offer = Offer.objects.visible_to(user).select_related("workplace").filter(pk=pk).first()
    if offer is None:
        raise Http404
    if is_own_offer(user, offer):
        return reverse("employer_offer", args=[pk])
    if can_review_offer(user, offer) and not offer.is_open:
        return reverse("coordinator_offer", args=[pk])
    return reverse("offer", args=[pk])


def _application(user: User, pk: int) -> str:
    application = get_application(user, pk)
    if application is None and (hidden := protected_students_of(user).filter(applications=pk).first()):
        return reverse("coordinator_protected_student", args=[hidden.pk])
    if application is None:
        raise Http404
    return _page_about(user, application)


def _page_about(user: User, application: Application) -> str:
    if application.student.user_id == user.pk:
        return reverse("student_application", args=[application.pk])
    if can_answer(user, application):
        return reverse("employer_application", args=[application.pk])
    if not is_coordinator(user):
        return reverse("coordinator_silence")
    return reverse("coordinator_student", args=[application.student_id])


def _match(user: User, pk: int) -> str:
    match = matches_visible_to(user).select_related("student", "period__offer").filter(pk=pk).first()
    if match is None and (hidden := protected_students_of(user).filter(matches=pk).first()):
        return reverse("coordinator_protected_student", args=[hidden.pk])
    if match is None and _was_asked_for_a_grant(user, pk):
        return reverse("network_grants")
    if match is None:
        raise Http404
    application = Application.objects.select_related("student", "period__offer").filter(match=match).first()
    if match.student.user_id == user.pk and application is not None:
        return _page_about(user, application)
    if can_decide_match(user, match) or is_coordinator(user):
        return reverse("coordinator_match", args=[pk])
    return reverse("employer_placements")


def _was_asked_for_a_grant(user: User, pk: int) -> bool:
    """Whether the network office was told that nobody may decide this match, see placements/notifications.py."""
    return (
        is_network_office(user)
        and Notification.objects.filter(recipient=user, kind="match.grant_needed", subject_id=pk).exists()
    )


def _placement(user: User, pk: int) -> str:
    placement = Placement.objects.filter(pk=pk).first()
    if placement is None:
        raise Http404
    return _match(user, placement.match_id)


def _guardianship(user: User, pk: int) -> str:
    guardianship = Guardianship.objects.select_related("student").filter(pk=pk).first()
    if guardianship is None or user.pk not in {guardianship.guardian_id, guardianship.student.user_id}:
        raise Http404
    return reverse("guardian_home") if guardianship.guardian_id == user.pk else reverse("student_home")


def _invitation(user: User, pk: int) -> str:
    invitation = get_invitation_to(user, pk)
    if invitation is not None:
        return reverse("invitation", args=[pk])
    if not user.memberships.filter(organisation__invitations=pk).exists():
        raise Http404
    return reverse("employer_team")


def _oneself(user: User, pk: int) -> str:
    """What notifications say about how a person is reached."""
    if user.pk != pk:
        raise Http404
    return reverse("reach")


def _import(user: User, pk: int) -> str:
    return reverse("import", args=[pk])


def _webhook(user: User, pk: int) -> str:
    return reverse("webhook", args=[pk])


def _student(user: User, pk: int) -> str:
    if Student.objects.filter(pk=pk, user=user).exists():
        return reverse("student_home")
    return reverse("coordinator_student", args=[pk])


def _task(user: User, pk: int) -> str:
    return reverse("tasks")


def _round(user: User, pk: int) -> str:
    found = rounds_visible_to(user).filter(pk=pk).first()
    if found is None:
        raise Http404
    if can_watch_round(user, found):
        return reverse("round", args=[pk])
    if hasattr(user, "student"):
        return reverse("student_round", args=[pk])
    return reverse("employer_rounds" if user.memberships.exists() else "home")


def _of_participant(user: User, participant: Participant | None, page: str) -> str:
    """page: where those lead who see the whole round. 404 for everybody who must not know of the student."""
    if participant is None:
        raise Http404
    student, the_round = participant.student, participant.round
    if student.user_id == user.pk or is_guardian_of(user, student):
        return _round(user, the_round.pk)
    return page_of_participant(user, participant, page)


def _participant(**of: int) -> Participant | None:
    return Participant.objects.select_related("round", "student").filter(**of).first()


def _result(user: User, pk: int) -> str:
    return _of_participant(user, _participant(results=pk), "round")


def _appeal(user: User, pk: int) -> str:
    return _of_participant(user, _participant(results__appeals=pk), "round_appeals")


def _own_place(user: User, pk: int) -> str:
    return _of_participant(user, _participant(own_places=pk), "round_own_places")


def _role_invitation(user: User, pk: int) -> str:
    """Whoever is invited answers; the office sees who has answered."""
    if get_role_invitation_to(user, pk) is not None:
        return reverse("role_invitation", args=[pk])
    if not is_network_office(user):
        raise Http404
    return reverse("network_people")


GUIDES: dict[str, Guide] = {
    "importjob": _import,
    "webhookendpoint": _webhook,
    "student": _student,
    "task": _task,
    "user": _oneself,
    "offer": _offer,
    "application": _application,
    "match": _match,
    "placement": _placement,
    "guardianship": _guardianship,
    "invitation": _invitation,
    "roleinvitation": _role_invitation,
    "round": _round,
    "result": _result,
    "appeal": _appeal,
    "ownfoundplace": _own_place,
}


@logged_in
@require_safe
def to_page(request: HttpRequest, subject_type: str, subject_id: int) -> HttpResponse:
    """Redirects; 404 for what the reader must not know of."""
    assert isinstance(request.user, User)
    guide = GUIDES.get(subject_type)
    if guide is None:
        raise Http404
    return redirect(guide(request.user, subject_id))
