"""`manage retention --dry-run` says what the rules delete today; without it, deletes it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from backend.privacy.retention import list_due, weed_due


class Command(BaseCommand):
    help = "Deletes what the municipalities' rules say is no longer kept. Prints numbers, never people."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would go, and delete nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        due = list_due()
        for each in due:
            whose = "own rule" if each.rule.municipality_id else "network's default"
            self.stdout.write(
                f"{each.municipality.name}: {each.count} of {each.rule.kind} ({each.rule.condition}), {whose}, "
                f"decision {each.rule.decision_number}"
            )
        if options["dry_run"]:
            self.stdout.write(f"dry run: {sum(each.count for each in due)} would go, nothing was deleted")
        else:
            self.stdout.write(f"{weed_due(batches=1_000)} deleted")
