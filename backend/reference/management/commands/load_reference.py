from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backend.reference.services import ReferenceDataError, load_reference


class Command(BaseCommand):
    help = "Loads the project's own reference lists; creates and updates rows, deletes none."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            counts = load_reference()
        except ReferenceDataError as error:
            raise CommandError(str(error)) from error
        for table, rows in counts.tables.items():
            self.stdout.write(f"{table}: {rows} rows")
        self.stdout.write(
            f"created {counts.created}, updated {counts.updated}, unchanged {counts.unchanged}, kept {counts.kept}"
        )
