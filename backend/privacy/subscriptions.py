"""Whoever asked for a copy hears that it is ready."""

from backend.common.events import subscribe
from backend.common.models import DomainEvent
from backend.notifications.services import notify
from backend.privacy.models import DataCopy


@subscribe("data_copy.ready")
def tell_asker(event: DomainEvent) -> None:
    copy = DataCopy.objects.select_related("asker").filter(pk=event.subject_id).first()
    if copy is not None:
        notify(event=event, recipients=[copy.asker], kind="data_copy.ready", subject=copy)
