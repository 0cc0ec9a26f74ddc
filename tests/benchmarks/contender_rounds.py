"""One whole round in a process of its own: from rows in PostgreSQL to a stored, verified proposal.

``python -m tests.benchmarks.contender_rounds STUDENTS PLACES WISHES`` fills the tables, then starts itself once more for the
run alone, as a worker would: with a round's number, and nothing else in memory. It prints one line of JSON: the seconds of
the best of two runs, both, and the peak memory of that second process over both, in megabytes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

SEATS = 9
RUN = "run"


def main(students: int, places: int, wishes: int) -> None:
    from backend.ops.embedded.temporary import TemporaryStack

    stack = TemporaryStack(environment={})
    os.environ.update(stack.urls)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings.test")
    stack.start()
    try:
        round_id = _fill(students, places, wishes)
        command = [sys.executable, "-m", "tests.benchmarks.contender_rounds", RUN, str(round_id)]
        print(subprocess.check_output(command, text=True).splitlines()[-1])
    finally:
        stack.stop()


def _fill(students: int, places: int, wishes: int) -> int:
    """A closed round of that size. Returns its key."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from backend.accounts.enums import RoleKind
    from backend.accounts.models import Role, User
    from backend.rounds import services
    from tests.rounds.crowd import make_round

    call_command("migrate", verbosity=0)
    coordinator = User.objects.create_user("samordnare@kommun.example", name="Samordnare")
    Role.objects.create(user=coordinator, kind=RoleKind.COORDINATOR, municipality_id="0562")
    the_round = make_round(coordinator, "0562", students=students, places=places, seats=SEATS, wishes=wishes, seed=1)
    services.close_round(actor=coordinator, round_id=the_round.pk)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.close()
    return the_round.pk


def _measure(round_id: int) -> dict[str, object]:
    import django

    django.setup()
    from backend.accounts.enums import RoleKind
    from backend.accounts.models import User
    from backend.rounds import runner, services

    coordinator = User.objects.get(roles__kind=RoleKind.COORDINATOR)
    before = _peak_mb()
    seconds = []
    verified, placed = True, 0
    for _ in range(2):
        run = services.start_run(actor=coordinator, round_id=round_id)
        began = time.perf_counter()
        done = runner.run_once(run.pk)
        seconds.append(time.perf_counter() - began)
        run.refresh_from_db()
        verified = verified and done and run.is_verified
        placed = run.metrics["placed"]
    return {
        "seconds": min(seconds),
        "all": seconds,
        "before_mb": before,
        "peak_mb": _peak_mb(),
        "placed": placed,
        "verified": verified,
    }


def _peak_mb() -> float:
    """The most this program held since it was started. `ru_maxrss` would begin with what its parent held."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


if __name__ == "__main__":
    if sys.argv[1] == RUN:
        print(json.dumps(_measure(int(sys.argv[2]))))
    else:
        main(*(int(argument) for argument in sys.argv[1:4]))
