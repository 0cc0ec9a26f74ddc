"""One whole round in a process of its own: from rows in PostgreSQL to a stored, verified proposal.

``python -m tests.benchmarks.contender_rounds STUDENTS PLACES WISHES`` prints one line of JSON: the seconds of the best of
two runs, its parts, and the peak memory of this process over both, in megabytes.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time

SEATS = 9


def main(students: int, places: int, wishes: int) -> None:
    from backend.ops.embedded.temporary import TemporaryStack

    stack = TemporaryStack(environment={})
    os.environ.update(stack.urls)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings.test")
    stack.start()
    try:
        print(json.dumps(_measure(students, places, wishes)))
    finally:
        stack.stop()


def _measure(students: int, places: int, wishes: int) -> dict[str, object]:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from backend.accounts.enums import RoleKind
    from backend.accounts.models import Role, User
    from backend.rounds import runner, services
    from tests.rounds.crowd import make_round

    call_command("migrate", verbosity=0)
    coordinator = User.objects.create_user("samordnare@kommun.example", name="Samordnare")
    Role.objects.create(user=coordinator, kind=RoleKind.COORDINATOR, municipality_id="0562")
    the_round = make_round(coordinator, "0562", students=students, places=places, seats=SEATS, wishes=wishes, seed=1)
    services.close_round(actor=coordinator, round_id=the_round.pk)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    before = _peak_mb()
    seconds = []
    verified, placed = True, 0
    for _ in range(2):
        run = services.start_run(actor=coordinator, round_id=the_round.pk)
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
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:4]))
