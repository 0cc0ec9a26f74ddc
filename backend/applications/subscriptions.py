"""What applications do when something happened below them."""

from backend.applications import changes, following, rest, services, timers
from backend.common.events import subscribe
from backend.common.models import DomainEvent
from backend.offers.enums import CloseReason


@subscribe("seat.freed")
def refill(event: DomainEvent) -> None:
    if services.refill_seat(period_id=event.subject_id) is None:
        rest.offer_rest_to_waiting(period_id=event.subject_id)


@subscribe("offer.updated", "offer.published")
def give_added_seats(event: DomainEvent) -> None:
    services.refill_offer(offer_id=event.subject_id)


@subscribe("offer.updated")
def ask_those_who_applied(event: DomainEvent) -> None:
    changes.ask_about_changes(offer_id=event.subject_id)


@subscribe("student.profile_saved")
def hide_tasks(event: DomainEvent) -> None:
    """A protected identity leaves the lists of tasks, and comes back when it is cleared."""
    timers.show_or_hide_tasks(student_id=event.subject_id)


@subscribe("match.approved", "match.rejected", "match.approval_undone", "match.rejection_undone")
def follow_decision(event: DomainEvent) -> None:
    following.follow_match(match_id=event.subject_id)


@subscribe("offer.closed")
def tell_those_who_wait(event: DomainEvent) -> None:
    # After the last day to apply the organisation still answers those who applied in time.
    if event.data.get("close_reason") != CloseReason.DEADLINE:
        services.close_applications_of(offer_id=event.subject_id)
