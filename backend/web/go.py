"""From a mail to the right page: one address for everyone, each reader is led to their own page about the subject."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from backend.accounts.models import SecondFactorReset, User
from backend.accounts.policies import is_coordinator, is_network_office
from backend.accounts.selectors import get_role_invitation_to
from backend.applications.board import students_of
from backend.applications.models import Application
from backend.applications.policies import can_answer, visible_to
from backend.exchange.selectors import get_import
from backend.exchange.webhooks.selectors import get_webhook
from backend.notifications.about_logins import stop_token
from backend.notifications.models import Notification
from backend.offers.models import Offer
from backend.offers.policies import can_review_offer, is_own_offer
from backend.organisations.models import OrganisationClaim
from backend.organisations.policies import can_decide_claim, is_member
from backend.organisations.selectors import get_invitation_to
from backend.placements.enums import MatchState
from backend.placements.models import Match, Placement
from backend.placements.policies import can_decide_match, matches_visible_to, role_in
from backend.placements.selectors import list_placements_coordinated_by
from backend.privacy.models import DataCopy
from backend.rounds.models import Participant, Result
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
    application = Application.objects.select_related("student", "period__offer__workplace").filter(pk=pk).first()
    if application is None:
        raise Http404
    if page := _page_of_party(user, application):
        return page
    if protected_students_of(user).filter(pk=application.student_id).exists():
        return reverse("coordinator_protected_student", args=[application.student_id])
    if students_of(user).filter(pk=application.student_id).exists():
        return reverse("coordinator_student", args=[application.student_id])
    if not is_coordinator(user) and visible_to(user).filter(pk=pk).exists():
        return reverse("coordinator_silence")
    if not _was_told(user, "application", pk):
        raise Http404
    # Asked to help because the student's own municipality has nobody: the place is what they may look at.
    if can_review_offer(user, application.period.offer):
        return reverse("coordinator_offer", args=[application.period.offer_id])
    return _offer(user, application.period.offer_id)


def _page_of_party(user: User, application: Application) -> str:
    """Of the student, the organisation or a minor's guardian; "" for everybody else."""
    if application.student.user_id == user.pk:
        return reverse("student_application", args=[application.pk])
    if is_member(user, application.period.offer.organisation_id):
        return reverse("employer_application", args=[application.pk])
    if can_answer(user, application):
        return reverse("coordinator_unclaimed")
    return reverse("guardian_home") if is_guardian_of(user, application.student) else ""


def _match(user: User, pk: int) -> str:
    match = Match.objects.select_related("student", "period__offer__organisation").filter(pk=pk).first()
    if match is None:
        raise Http404
    may_decide = not match.student.is_protected and can_decide_match(user, match)
    if match.state == MatchState.PROPOSED and may_decide:
        return reverse("coordinator_match", args=[pk])
    if page := _page_of_match(user, match):
        return page
    if protected_students_of(user).filter(pk=match.student_id).exists():
        return reverse("coordinator_protected_student", args=[match.student_id])
    if matches_visible_to(user).filter(pk=pk).exists():
        return reverse("coordinator_match", args=[pk])
    if _was_told(user, "match", pk, kind="match.grant_needed"):
        return reverse("network_grants")
    raise Http404


def _page_of_match(user: User, match: Match) -> str:
    """For those it is about: the placement that came of it, else the application or the round it came from."""
    role = role_in(user, match)
    if not role:
        return ""
    if placement := Placement.objects.filter(match=match).first():
        return reverse("placement", args=[placement.pk])
    application = Application.objects.select_related("student", "period__offer").filter(match=match).first()
    if application is not None and (page := _page_of_party(user, application)):
        return page
    result = Result.objects.select_related("participant").filter(match=match).first()
    if role == "student" and result is not None:
        return reverse("student_round", args=[result.participant.round_id])
    return reverse({"student": "student_home", "employer": "employer_placements", "guardian": "guardian_home"}[role])


def _was_told(user: User, subject_type: str, pk: int, **which: str) -> bool:
    """Whether the user has a notification about it: what somebody was told of, they may be led on from."""
    return Notification.objects.filter(recipient=user, subject_type=subject_type, subject_id=pk, **which).exists()


def _placement(user: User, pk: int) -> str:
    placement = Placement.objects.filter(pk=pk).first()
    if placement is None:
        raise Http404
    if list_placements_coordinated_by(user).filter(pk=pk).exists():
        return reverse("coordinator_placement", args=[pk])
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
    if get_import(user, pk) is None:
        raise Http404
    return reverse("import", args=[pk])


def _webhook(user: User, pk: int) -> str:
    if get_webhook(user, pk) is None:
        raise Http404
    return reverse("webhook", args=[pk])


def _student(user: User, pk: int) -> str:
    if Student.objects.filter(pk=pk, user=user).exists():
        return reverse("student_home")
    if protected_students_of(user).filter(pk=pk).exists():
        return reverse("coordinator_protected_student", args=[pk])
    if not students_of(user).filter(pk=pk).exists():
        raise Http404
    return reverse("coordinator_student", args=[pk])


def _task(user: User, pk: int) -> str:
    if not is_coordinator(user) and not is_network_office(user):
        raise Http404
    return reverse("tasks")


def _round(user: User, pk: int) -> str:
    found = rounds_visible_to(user).filter(pk=pk).first()
    if found is None:
        raise Http404
    if can_watch_round(user, found):
        return reverse("round", args=[pk])
    gives_seats = user.memberships.exists()
    if hasattr(user, "student") and (not gives_seats or found.participants.filter(student=user.student).exists()):
        return reverse("student_round", args=[pk])
    if gives_seats:
        return reverse("employer_rounds")
    return reverse("guardian_home" if user.guardianships.exists() else "home")


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


def _claim(user: User, pk: int) -> str:
    claim = OrganisationClaim.objects.select_related("organisation").filter(pk=pk).first()
    if claim is None:
        raise Http404
    if claim.user_id == user.pk:
        if is_member(user, claim.organisation_id):
            return reverse("employer_home")
        return reverse("organisation_claim", args=[claim.organisation_id])
    if not can_decide_claim(user, claim.organisation):
        raise Http404
    return reverse("coordinator_unclaimed")


def _role_invitation(user: User, pk: int) -> str:
    """Whoever is invited answers; the office sees who has answered."""
    if get_role_invitation_to(user, pk) is not None:
        return reverse("role_invitation", args=[pk])
    if not is_network_office(user):
        raise Http404
    return reverse("network_people")


def _reset(user: User, pk: int) -> str:
    """The person whose second step it is may stop it while it waits."""
    if not SecondFactorReset.objects.filter(pk=pk, user=user).exists():
        raise Http404
    return reverse("second_factor_stop", args=[stop_token(pk)])


def _data_copy(user: User, pk: int) -> str:
    """The page of one's own copies, also once the file is gone."""
    if not DataCopy.objects.filter(pk=pk, asker=user).exists():
        raise Http404
    return reverse("own_data")


GUIDES: dict[str, Guide] = {
    "datacopy": _data_copy,
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
    "secondfactorreset": _reset,
    "organisationclaim": _claim,
    "round": _round,
    "result": _result,
    "appeal": _appeal,
    "ownfoundplace": _own_place,
}


@logged_in
@require_safe
def to_page(request: HttpRequest, subject_type: str, subject_id: int) -> HttpResponse:
    """Redirects; 404 for what the reader must not know of. Who was told of something that is theirs no longer, or is gone,
    is led to where things stand for them now."""
    assert isinstance(request.user, User)
    guide = GUIDES.get(subject_type)
    if guide is None:
        raise Http404
    try:
        return redirect(guide(request.user, subject_id))
    except Http404:
        if not _was_told(request.user, subject_type, subject_id):
            raise
    messages.info(
        request, _("What that message was about is no longer available to you. This is where things stand now.")
    )
    return redirect("home")
