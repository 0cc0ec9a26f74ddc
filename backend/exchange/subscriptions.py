"""What the exchange does when something happened below it."""

from backend.common.events import subscribe
from backend.common.models import DomainEvent
from backend.exchange.models import ImportJob
from backend.exchange.webhooks.kinds import KINDS, TRIAL
from backend.exchange.webhooks.services import write_deliveries
from backend.notifications.services import notify
from backend.students.models import Student


@subscribe(*(kind for kind in KINDS if kind != TRIAL))
def write_webhook_deliveries(event: DomainEvent) -> None:
    """Other systems that may know are told."""
    write_deliveries(event)


@subscribe("student.enrolled")
def invite_student(event: DomainEvent) -> None:
    """Someone on a class list hears of it once, and how to log in."""
    student = Student.objects.select_related("user").filter(pk=event.subject_id).first()
    if student is not None:
        notify(event=event, recipients=[student.user], kind="student.invited", subject=student)


@subscribe("import.done")
def tell_importer(event: DomainEvent) -> None:
    job = ImportJob.objects.select_related("actor").filter(pk=event.subject_id).first()
    if job is not None:
        notify(event=event, recipients=[job.actor], kind="import.done", subject=job)
