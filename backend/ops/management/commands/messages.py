"""`messages`: brings the Swedish catalogue up to date with the code and compiles it."""

from typing import Any

from django.core.management.base import BaseCommand

from backend.ops import catalogue


class Command(BaseCommand):
    help = "Find new texts, merge them into the Swedish catalogue, compile it, and list what is not translated."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        missing = catalogue.untranslated(catalogue.update())
        catalogue.catalogue_path().with_suffix(".mo").write_bytes(catalogue.compile_catalogue())
        for message in missing:
            self.stdout.write(message)
        self.stderr.write(f"{len(missing)} texts without a translation")
