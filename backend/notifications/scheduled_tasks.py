"""What notifications do by the clock."""

from datetime import timedelta

from backend.common.clock import DbNow
from backend.common.models import EventHandling, PeriodicRun, WorkState
from backend.common.schedule import periodic
from backend.notifications import digest_runs, provider_reports, reminders, sweeping

KEPT_FOR = timedelta(days=30)


@periodic("notifications.expire_overdue", timedelta(minutes=5))
def expire_overdue() -> int:
    return sweeping.expire_overdue()


@periodic("notifications.send_digests", timedelta(minutes=5))
def send_digests() -> int:
    return digest_runs.send_due_digests()


@periodic("notifications.gather_mails", timedelta(minutes=1))
def gather_mails() -> int:
    """Twice the interval ahead, so that a run that comes late still finds them waiting."""
    return digest_runs.write_gathered(within=timedelta(minutes=2))


@periodic("notifications.send_reminders", timedelta(minutes=1))
def send_reminders() -> int:
    """Reminders and tasks of matters that were left lying."""
    return reminders.send_due()


@periodic("notifications.reconcile", timedelta(days=1))
def reconcile() -> int:
    return sweeping.reconcile()


@periodic("notifications.settle_reports", timedelta(minutes=1))
def settle_reports() -> int:
    return provider_reports.settle_waiting()


@periodic("notifications.clear_reports", timedelta(days=1))
def clear_reports() -> int:
    return provider_reports.forget_old()


@periodic("notifications.clear_done_work", timedelta(days=1))
def clear_done_work() -> int:
    """Removes finished duties and slots after 30 days. Dead ones stay until a person has looked at them."""
    removed = 0
    for model in (EventHandling, PeriodicRun):
        removed += model.objects.filter(state=WorkState.DONE, done_at__lt=DbNow() - KEPT_FOR).delete()[0]
    return removed
