"""A circuit breaker per channel, as a row: a provider that is away or set up wrongly does not burn every delivery.

Closed: calls go through. Open until `open_until`: the dispatcher leaves the channel's rows alone. After that, one probe
at a time; its answer closes the circuit or opens it again for longer.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Case, F, IntegerField, Q, Value, When

from backend.common.clock import DbNow
from backend.notifications.enums import Slot
from backend.notifications.models import ChannelCircuit

FAILURES_BEFORE_OPEN = 5
PROBE_FOR = timedelta(seconds=30)
# First and longest time open, in seconds. A provider that is away comes back by itself; a wrong set-up needs a person.
AWAY = (10, 60)
CONFIGURATION = (60, 600)
HELD_BACK_FOR = timedelta(seconds=5)


def servable() -> Q:
    """Which due deliveries the dispatcher may hand out now: not those of a digest, not those of an open channel."""
    open_channels = ChannelCircuit.objects.filter(open_until__gt=DbNow()).values_list("channel", flat=True)
    return Q(slot=Slot.NOW) & ~Q(channel__in=list(open_channels))


def is_untroubled(channel: str) -> bool:
    """Whether the circuit is closed and no failure is counted: calls go through and need not report success."""
    troubled = ChannelCircuit.objects.filter(Q(failures__gt=0) | Q(open_until__isnull=False), pk=channel)
    return not troubled.exists()


def admits(channel: str) -> bool:
    """Whether this worker may call the provider: the circuit is closed, or this call is its probe."""
    status = (
        ChannelCircuit.objects.filter(pk=channel, open_until__isnull=False)
        .annotate(
            is_open=Case(When(open_until__gt=DbNow(), then=Value(1)), default=Value(0), output_field=IntegerField())
        )
        .values_list("is_open", flat=True)
        .first()
    )
    if status is None:
        return True
    if status:
        return False
    free = Q(probe_until__isnull=True) | Q(probe_until__lte=DbNow())
    return ChannelCircuit.objects.filter(free, pk=channel).update(probe_until=DbNow() + PROBE_FOR) == 1


def note_success(channel: str) -> None:
    """The provider answers: close. Writes only when there is something to reset."""
    ChannelCircuit.objects.filter(Q(failures__gt=0) | Q(open_until__isnull=False), pk=channel).update(
        failures=0, open_until=None, probe_until=None, opened_at=None, answer=""
    )


def note_away(channel: str, answer: str) -> None:
    """The provider could not be reached; opens after some failures in a row."""
    _note(channel, answer, *AWAY, threshold=FAILURES_BEFORE_OPEN)


def note_configuration(channel: str, answer: str) -> None:
    """The provider refuses us, not the message: opens at once."""
    _note(channel, answer, *CONFIGURATION, threshold=1)


@transaction.atomic
def _note(channel: str, answer: str, first: int, longest: int, *, threshold: int) -> None:
    ChannelCircuit.objects.bulk_create([ChannelCircuit(channel=channel)], ignore_conflicts=True)
    row = ChannelCircuit.objects.select_for_update().get(pk=channel)
    failures = row.failures + 1
    changes: dict[str, object] = {"failures": failures, "answer": answer, "probe_until": None}
    if failures >= threshold:
        seconds = min(longest, first * 2 ** min(failures - threshold, 10))
        changes["open_until"] = DbNow() + timedelta(seconds=seconds)
        if row.opened_at is None:
            changes["opened_at"] = DbNow()
    ChannelCircuit.objects.filter(pk=channel).update(**changes)


def open_circuits() -> list[ChannelCircuit]:
    """For the operators' page: channels that are not called at the moment, or wait for a probe."""
    return list(ChannelCircuit.objects.filter(open_until__isnull=False).order_by(F("opened_at").asc()))
