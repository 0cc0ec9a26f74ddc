"""What the log needs done in time."""

from datetime import timedelta

from backend.common.log_seal import BATCH, seal_log
from backend.common.schedule import periodic

MOST_BATCHES = 20


@periodic("log.seal", every=timedelta(minutes=1))
def seal_new_entries() -> int:
    """Chains what was logged since. After a standstill it takes several minutes' turns."""
    sealed = 0
    for _turn in range(MOST_BATCHES):
        batch = seal_log()
        sealed += batch
        if batch < BATCH:
            break
    return sealed
