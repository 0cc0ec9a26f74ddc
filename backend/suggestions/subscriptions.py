"""What suggestions do when something happened below them."""

from backend.common.events import subscribe
from backend.common.models import DomainEvent
from backend.suggestions import services


@subscribe("offer.published", "offer.resumed", "offer.updated")
def find_students(event: DomainEvent) -> None:
    services.suggest_offer(event=event)


@subscribe("offer.publication_undone")
def correct_news(event: DomainEvent) -> None:
    services.tell_of_correction(event=event)


@subscribe("student.profile_saved")
def find_offers(event: DomainEvent) -> None:
    services.suggest_for_student(student_id=event.subject_id)
