from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.accounts.selectors import find_person_by_email
from backend.common.errors import DomainError
from backend.ops.imports.files import DamagedFileError
from backend.ops.imports.stream import StreamError, describe, parse_since, take_changes


class Command(BaseCommand):
    help = "Takes in new, changed and removed advertisements since the last time, from an address or a file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", help="https address of a stream, or a file with a batch of one")
        parser.add_argument(
            "--since", default="", help="from this moment on instead of the saved one, as 2026-11-23T08:00"
        )
        parser.add_argument("--dry-run", action="store_true", help="show what would happen and change nothing")
        parser.add_argument("--rows", action="store_true", help="show each row")
        parser.add_argument("--actor", default="", help="e-mail of someone at the network office")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = None
        if options["actor"]:
            actor = find_person_by_email(options["actor"])
            if actor is None or not actor.is_active:
                raise CommandError(f"--actor: nobody has the address {options['actor']}")
        try:
            since = parse_since(options["since"]) if options["since"] else None
        except ValueError as error:
            raise CommandError(f"--since: {error}") from error
        try:
            taken = take_changes(actor=actor, source=options["source"], since=since, dry_run=options["dry_run"])
        except (DamagedFileError, StreamError) as error:
            raise CommandError(str(error)) from error
        except DomainError as error:
            raise CommandError(f"{error.code}: {error.message} Nothing was imported.") from error
        for line in taken.report.lines(things="ads", with_rows=options["rows"]):
            self.stdout.write(line)
        self.stdout.write("dry run: nothing was changed" if options["dry_run"] else describe(taken))
