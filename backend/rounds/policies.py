"""Who may do what in a round."""

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.policies import is_coordinator_of, is_network_office, municipalities_coordinated_by
from backend.common.errors import NotAllowed, NotFound
from backend.organisations.policies import is_member
from backend.rounds.enums import RoundState
from backend.rounds.models import Participant, Result, Round, RoundSeat
from backend.students.policies import can_coordinate, is_guardian_of, is_self


def rounds_visible_to(user: User) -> "QuerySet[Round]":
    """Those of the municipalities the user coordinates; once open, those the user takes part in, may join, or gives
    seats to; all for the network office, which reads."""
    if not user.is_authenticated or not user.is_active:
        return Round.objects.none()
    if is_network_office(user):
        return Round.objects.all()
    children = user.guardianships.filter(accepted_at__isnull=False).values("student")
    opened = ~Q(state=RoundState.DRAFT) & ~Q(opened_at=None)
    visible = opened & (
        Q(pk__in=Participant.objects.filter(student__user=user).values("round"))
        | Q(pk__in=Participant.objects.filter(student__in=children).values("round"))
        | Q(pk__in=RoundSeat.objects.filter(period__offer__organisation__memberships__user=user).values("round"))
    )
    student = getattr(user, "student", None)
    if student is not None and student.municipality_id:
        joinable = Round.municipalities.through.objects.filter(municipality=student.municipality_id).values("round")
        visible |= Q(state=RoundState.OPEN, is_joinable=True, pk__in=joinable, form__in=student.forms.values("pk"))
    if codes := municipalities_coordinated_by(user):
        of_mine = Round.municipalities.through.objects.filter(municipality__in=codes).values("round")
        visible |= Q(lead__in=codes) | Q(pk__in=of_mine)
    return Round.objects.filter(visible)


def can_manage_round(user: User, the_round: Round) -> bool:
    """Coordinators of the municipality that leads the round."""
    return is_coordinator_of(user, the_round.lead_id)


def can_watch_round(user: User, the_round: Round) -> bool:
    """Coordinators of every municipality that takes part: they see what the leading one sees of the round."""
    return can_manage_round(user, the_round) or bool(
        municipalities_coordinated_by(user) & set(the_round.municipalities.values_list("pk", flat=True))
    )


def knows_participant(user: User, participant: Participant) -> bool:
    """Coordinators who see the round; for a protected identity those with a grant, whoever leads it."""
    if participant.student.is_protected:
        return can_coordinate(user, participant.student)
    return can_watch_round(user, participant.round)


def require_answerer(user: User, participant: Participant) -> None:
    """Who answers what a participant asks and names: coordinators of the leading municipality, and for a protected identity
    those with a grant. NotFound for others who must not know of it, NotAllowed for those who may only read."""
    if not knows_participant(user, participant):
        raise NotFound("participant.unknown", _("There is no such participant."))
    if not participant.student.is_protected:
        require_manager(user, participant.round)


def can_wish_for(user: User, participant: Participant) -> bool:
    return is_self(user, participant.student) or can_coordinate(user, participant.student)


def can_rank(user: User, seat: RoundSeat) -> bool:
    return is_member(user, seat.period.offer.organisation_id)


def can_accept(user: User, result: Result) -> bool:
    return is_self(user, result.participant.student)


def can_decline(user: User, result: Result) -> bool:
    student = result.participant.student
    return is_self(user, student) or is_guardian_of(user, student)


def require_manager(user: User, the_round: Round) -> None:
    """NotFound for a round the user must not know of, NotAllowed for one they may only read."""
    if can_manage_round(user, the_round):
        return
    if not rounds_visible_to(user).filter(pk=the_round.pk).exists():
        raise NotFound("round.unknown", _("There is no such round."))
    raise NotAllowed("round.not_allowed", _("Another municipality leads this round."))
