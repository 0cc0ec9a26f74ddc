from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.reference.models import OccupationGroup
from backend.reference.taxonomy.files import TaxonomyError, read_taxonomy
from backend.reference.taxonomy.importer import ImportReport, import_taxonomy

VERSION_LENGTH = OccupationGroup._meta.get_field("taxonomy_version").max_length


class Command(BaseCommand):
    help = "Imports the official JobTech Taxonomy dumps from a folder, all or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="folder with the five files of the dumps")
        parser.add_argument("--dry-run", action="store_true", help="report what would change and change nothing")
        parser.add_argument("--verbose-rows", action="store_true", help="print every created, updated or skipped row")
        parser.add_argument("--taxonomy-version", default="", help="version to store (default: the files' fingerprint)")

    def handle(self, *args: Any, **options: Any) -> None:
        version: str = options["taxonomy_version"]
        if len(version) > (VERSION_LENGTH or 0):
            raise CommandError(f"--taxonomy-version is longer than {VERSION_LENGTH} characters")
        try:
            taxonomy = read_taxonomy(options["folder"], version)
        except TaxonomyError as error:
            raise CommandError(f"Nothing was imported. {error}") from error
        report = import_taxonomy(taxonomy, dry_run=options["dry_run"])
        self._print(report, rows=options["verbose_rows"])
        if options["dry_run"]:
            self.stdout.write("Dry run: nothing was saved.")

    def _print(self, report: ImportReport, *, rows: bool) -> None:
        if rows:
            for row in report.rows:
                self.stdout.write(f"{row.action} {row.table} {row.key}: {row.reason}")
        for file, count in report.read.items():
            self.stdout.write(f"{file}: read {count}")
        for name, table in report.tables.items():
            self.stdout.write(f"{name}: created {table.created}, updated {table.updated}, unchanged {table.unchanged}")
        self.stdout.write(f"Skipped rows: {report.skipped}. Changes: {report.changed}.")
