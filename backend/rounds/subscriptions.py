"""What rounds do when something happened below them."""

from backend.common.events import subscribe
from backend.common.models import DomainEvent
from backend.placements.enums import MatchSource
from backend.placements.models import Match, Placement
from backend.rounds import services, unplaced
from backend.rounds.services import rest


@subscribe("match.proposed")
def give_back_the_same_weeks(event: DomainEvent) -> None:
    match = Match.objects.filter(pk=event.subject_id).exclude(source=MatchSource.ROUND).first()
    if match is not None:
        services.release_overlapping_results(student_id=match.student_id, match_id=match.pk)


@subscribe("rest.unclaimed")
def give_the_rest_on(event: DomainEvent) -> None:
    rest.offer_rest_in_order(period_id=event.subject_id)


@subscribe("round.published")
def give_unplaced_to_a_person(event: DomainEvent) -> None:
    unplaced.open_tasks_of(round_id=event.subject_id)


@subscribe("round.unpublished")
def take_unplaced_back(event: DomainEvent) -> None:
    unplaced.settle_tasks_of(round_id=event.subject_id)


@subscribe("match.approved", "match.approval_undone")
def follow_decision(event: DomainEvent) -> None:
    """A place found in any way settles what a round left open; one that is undone opens it again."""
    unplaced.follow_student(student_id=Match.objects.get(pk=event.subject_id).student_id)


@subscribe("placement.cancelled", "placement.interrupted")
def follow_placement(event: DomainEvent) -> None:
    unplaced.follow_student(student_id=Placement.objects.get(pk=event.subject_id).student_id)


@subscribe("student.profile_saved")
def hide_unplaced(event: DomainEvent) -> None:
    unplaced.show_or_hide_tasks(student_id=event.subject_id)
