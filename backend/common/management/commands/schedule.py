"""`schedule`: writes the slots of scheduled jobs and sweeps stuck rows. Any number may run."""

import logging
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import InterfaceError, OperationalError, connection

from backend.common import outbox, schedule

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Write due slots of scheduled jobs and make stuck outbox rows due again, every few seconds until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="one turn, then exit")
        parser.add_argument("--interval", type=float, default=5.0, help="seconds between turns")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        if options["once"]:
            self.stdout.write(f"{schedule.insert_due_slots()} {outbox.sweep()}")
            return
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, lambda *_: stop.set())
        while not stop.is_set():
            try:
                schedule.insert_due_slots()
                outbox.sweep()
            except (OperationalError, InterfaceError) as error:
                logger.warning("scheduler: database away (%s)", type(error).__name__)
                connection.close()
            stop.wait(options["interval"])
