import logging
import os
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError

from backend.common.errors import DomainError
from backend.ops.imports.files import DamagedFileError
from backend.ops.imports.yh import import_programmes
from backend.ops.runner.ports import LOOPBACK, port_from
from backend.ops.walkthrough import NotSeenError, Timeline, walk
from backend.ops.walkthrough.empty import walk_from_nothing
from backend.ops.walkthrough.people import find_place


class Command(BaseCommand):
    help = (
        "Plays the main job on a real place while the service runs; with --empty the whole of it by page, from the first "
        "network office to a published round. Exit code 0 only when every step was seen."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--empty", action="store_true", help="with newcomers only, over HTTP, as their browsers would"
        )
        parser.add_argument("--url", default="", help="of the service for --empty; the one that runs here unless given")
        parser.add_argument("--yh", type=Path, help="import these granted programmes first and play on one of them")
        parser.add_argument("--timeout", type=float, default=60.0, help="seconds to wait for each step")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.MAIL_DIR:
            raise CommandError("MAIL_DIR is not set, so no caught mail can be seen. Is the service running (make run)?")
        if options["timeout"] <= 0:
            raise CommandError("--timeout must be above 0")
        if options["empty"]:
            self.play_empty(options["url"] or f"http://{LOOPBACK}:{port_from(os.environ)}", options["timeout"])
            return
        timeline = Timeline(Path(settings.MAIL_DIR), options["timeout"], self.stdout.write)
        try:
            if options["yh"]:
                report = import_programmes(actor=None, path=options["yh"])
                timeline.done(f"{len(report.rows)} granted programmes read, {report.count('created')} of them new")
            walk(find_place(), timeline)
        except NotSeenError as error:
            raise CommandError(f"FAILED: {error}") from error
        except DamagedFileError as error:
            raise CommandError(str(error)) from error
        except DomainError as error:
            raise CommandError(f"FAILED: {error.code}: {error.message}") from error
        except DatabaseError as error:
            raise CommandError(f"FAILED: the database: {type(error).__name__}: {str(error).splitlines()[0]}") from error
        waited = [step.took for step in timeline.steps if step.took is not None]
        self.stdout.write(
            f"OK: {len(timeline.steps)} steps seen in the database and in the caught mail, slowest {max(waited):.2f} s"
        )

    def play_empty(self, site: str, timeout: float) -> None:
        logging.getLogger("httpx").setLevel(logging.WARNING)
        timeline = Timeline(Path(settings.MAIL_DIR), timeout, self.stdout.write)
        try:
            walk_from_nothing(site, timeline)
        except NotSeenError as error:
            raise CommandError(f"FAILED: {error}") from error
        except httpx.HTTPError as error:
            raise CommandError(f"FAILED: {site} does not answer: {type(error).__name__}: {error}") from error
        self.stdout.write(f"OK: {len(timeline.steps)} steps, each seen on a page by the person it concerns")
