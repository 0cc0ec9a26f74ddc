"""What logins need done in time."""

from datetime import timedelta

from backend.accounts.models import KnownNetwork, SecondFactorReset
from backend.accounts.second_factor import carry_out_reset
from backend.accounts.session_store import SessionStore
from backend.common import clock
from backend.common.schedule import periodic

MOST = 200
NETWORKS_KEPT = timedelta(days=90)


@periodic("accounts.reset_second_factors", every=timedelta(minutes=10))
def reset_second_factors() -> int:
    """Carries out the resets whose wait is over."""
    due = SecondFactorReset.objects.filter(ended_at__isnull=True, due_at__lte=clock.now()).order_by("due_at")
    return sum(carry_out_reset(pk) for pk in due.values_list("pk", flat=True)[:MOST])


@periodic("accounts.clear_sessions", every=timedelta(days=1))
def clear_sessions() -> int:
    """Deletes the sessions that have run out, of visitors as well, and the networks that nobody has come from for long."""
    KnownNetwork.objects.filter(seen_on__lt=clock.today() - NETWORKS_KEPT).delete()
    rows = SessionStore.get_model_class().objects.filter(expire_date__lt=clock.now())
    return rows.delete()[0]
