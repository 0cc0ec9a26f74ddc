"""`make run`: ``python -m backend.ops.runner``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from backend.ops.embedded import EmbeddedServerError, Stack
from backend.ops.runner.environment import default_data_directory, service_environment
from backend.ops.runner.journal import Journal
from backend.ops.runner.plan import service_plan
from backend.ops.runner.ports import PortError, check_port_is_free, free_port, port_from
from backend.ops.runner.seeds import NONE, SeedError, first_person_command, note_seed, seed_from
from backend.ops.runner.supervisor import ServiceError, Supervisor

ROOT = Path(__file__).resolve().parents[3]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 after an ordinary stop, 1 after one line that says what went wrong."""
    parser = argparse.ArgumentParser(prog="python -m backend.ops.runner", description="Run the whole service.")
    parser.add_argument("--stop-with-parent", action="store_true", help="stop when the starting process ends")
    options = parser.parse_args(arguments)
    try:
        run_service(parent=os.getppid() if options.stop_with_parent else None)
    except (EmbeddedServerError, PortError, SeedError, ServiceError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {error.strerror or error}{f': {error.filename}' if error.filename else ''}", file=sys.stderr)
        return 1
    return 0


def run_service(*, parent: int | None) -> None:
    """Claim the data, stop what a killed run left, check the port, then start everything."""
    os.chdir(ROOT)
    port = port_from(os.environ)
    data = default_data_directory(os.environ, ROOT)
    seed = seed_from(os.environ, data)
    stack = Stack(data)
    try:
        stack.claim()
        note_seed(data, seed)
        journal = Journal(data)
        left = journal.stop_leftovers()
        if left:
            print(f"stopped {left} processes of an earlier run that had been killed", flush=True)
        check_port_is_free(port)
        mail_port = None if os.environ.get("SMTP_URL") else free_port()
        environment = service_environment(
            os.environ, data=data, port=port, mail_port=mail_port or 0, urls=stack.service_urls
        )
        environment["SEED"] = seed
        plan = service_plan(port, mail_port, begin=first_person_command(os.environ, ROOT) if seed == NONE else "")
        Supervisor(plan, stack, journal, parent=parent).run(environment)
    finally:
        stack.stop()


if __name__ == "__main__":
    sys.exit(main())
