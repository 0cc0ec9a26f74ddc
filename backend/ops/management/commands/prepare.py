"""`prepare`: what `make run` does before it starts the service, in one process instead of two."""

import os
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from backend.ops.runner.environment import default_data_directory
from backend.ops.runner.seeds import DEMO, SeedError, seed_from


class Command(BaseCommand):
    help = (
        "Bring the database up to date, make the keys of web push, plant the demo where it is missing. "
        "DEMO_SCALE=0.1 plants a tenth of it, SEED=none nothing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if os.environ.get("SERVICE_DATABASE_URL"):
            call_command("prepare_database", verbosity=0)
        else:  # a server of the user's own, with one role for all
            call_command("migrate", verbosity=0, interactive=False)
        call_command("vapid_keys", stdout=self.stdout)
        try:
            seed = seed_from(os.environ, default_data_directory(os.environ, settings.BASE_DIR))
        except SeedError as error:
            raise CommandError(str(error)) from error
        if seed == DEMO:
            call_command("seed", f"--scale={os.environ.get('DEMO_SCALE') or 1}", stdout=self.stdout)
