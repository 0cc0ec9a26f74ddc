"""Does what the workers do, without them."""

from backend.common.models import EventHandling
from backend.common.tasks import handle_event


def handle_events() -> None:
    """Handles every waiting event, and those that follow from them. Fails when a subscriber does."""
    while ids := list(EventHandling.objects.filter(state="pending").order_by("pk").values_list("pk", flat=True)):
        for pk in ids:
            handle_event(pk)
        failed = EventHandling.objects.filter(pk__in=ids).exclude(last_error="").first()
        assert failed is None, f"{failed}: {failed.last_error}"
