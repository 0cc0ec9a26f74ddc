from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from backend.accounts.selectors import find_person_by_email
from backend.common.errors import DomainError
from backend.ops.imports.ads import import_ads
from backend.ops.imports.files import DamagedFileError


class Command(BaseCommand):
    help = "Imports job advertisements as demand per municipality and occupation, and as the start of offers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
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
            with transaction.atomic():
                report = import_ads(actor=actor, path=options["file"])
                if options["dry_run"]:
                    transaction.set_rollback(True)
        except DamagedFileError as error:
            raise CommandError(str(error)) from error
        except DomainError as error:
            raise CommandError(f"{error.code}: {error.message} Nothing was imported.") from error
        for line in report.lines(things="ads", with_rows=options["rows"]):
            self.stdout.write(line)
        if options["dry_run"]:
            self.stdout.write("dry run: nothing was changed")
