from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.ops.seed import seed


class Command(BaseCommand):
    help = "Plants the demo: fictitious people, companies and places. A second run changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--scale", type=float, default=1.0, help="1 is the full demo, 0.1 a tenth of it")
        parser.add_argument("--number", type=int, default=2026, help="another number gives other names and texts")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0 < options["scale"] <= 20:
            raise CommandError("--scale must be above 0 and at most 20")
        report = seed(scale=options["scale"], number=options["number"])
        if not report.planted:
            self.stdout.write("demo data is there already, nothing changed")
            return
        self.stdout.write(
            f"demo data planted in {report.seconds:.1f} s: {report.organisations} organisations, {report.offers} offers, "
            f"{report.students} students, {report.applications} applications; {report.suppressed_mails} mails kept back"
        )
