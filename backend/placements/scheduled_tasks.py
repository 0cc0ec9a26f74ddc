"""What the calendar does to placements."""

from datetime import timedelta

from backend.common import clock
from backend.common.schedule import periodic
from backend.placements import services
from backend.placements.enums import PlacementState
from backend.placements.models import Placement


@periodic("placements.advance", every=timedelta(hours=1))
def advance() -> int:
    """Starts placements on their first day and completes them after their last."""
    today = clock.today()
    due = Placement.objects.filter(state=PlacementState.UPCOMING, start__lte=today) | Placement.objects.filter(
        state=PlacementState.ONGOING, end__lt=today
    )
    return sum(services.advance_placement(placement_id=pk) for pk in due.values_list("pk", flat=True))
