"""`dispatch`: hands due outbox rows to Celery. Any number may run."""

import logging
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from backend.common import outbox

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Hand due outbox rows (events, periodic runs, deliveries) to Celery workers until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="one turn, then exit")
        parser.add_argument("--poll", type=float, default=0.5, help="seconds between looks when nothing wakes it")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            self.stdout.write(str(outbox.dispatch()))
            return
        stop = threading.Event()
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, lambda *_: stop.set())
        while not stop.is_set():
            try:
                self._turn(options["poll"])
            except (OperationalError, InterfaceError) as error:
                logger.warning("dispatcher: database away (%s)", type(error).__name__)
                close_old_connections()
                connection.close()
                stop.wait(1)

    def _turn(self, poll: float) -> None:
        """Publishes what is due, then waits for a NOTIFY or the poll interval, whichever comes first."""
        with connection.cursor() as cursor:
            cursor.execute("LISTEN outbox")
        outbox.dispatch()
        raw = connection.connection
        if raw is not None:
            # Outside a cursor the driver's own errors would end the process when the server goes away meanwhile.
            with connection.wrap_database_errors:
                for _notify in raw.notifies(timeout=poll, stop_after=1):
                    pass
