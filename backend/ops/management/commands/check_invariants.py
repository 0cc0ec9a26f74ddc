import sys
from typing import Any

from django.core.management.base import BaseCommand

from backend.common.invariants import check


class Command(BaseCommand):
    help = "Counts rows that break what must hold over tables. Exit code 1 when there are any."

    def handle(self, *args: Any, **options: Any) -> None:
        breaches = check()
        for breach in breaches:
            self.stdout.write(
                f"{'ok  ' if breach.count == 0 else 'FAIL'} {breach.count:6d}  {breach.name}: {breach.says}"
            )
        if any(breach.count for breach in breaches):
            sys.exit(1)
