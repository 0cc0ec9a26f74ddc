"""What rounds do when something happened below them."""

from backend.common.events import subscribe
from backend.common.models import DomainEvent
from backend.placements.enums import MatchSource
from backend.placements.models import Match
from backend.rounds import services


@subscribe("match.proposed")
def give_back_the_same_weeks(event: DomainEvent) -> None:
    match = Match.objects.filter(pk=event.subject_id).exclude(source=MatchSource.ROUND).first()
    if match is not None:
        services.release_overlapping_results(student_id=match.student_id, match_id=match.pk)
