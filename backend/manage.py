"""Django's command line: `python -m backend.manage COMMAND`."""

import os
import sys
from pathlib import Path

from backend.ops.runner.environment import join_running_service


def main() -> None:
    # A second terminal beside `make run` works on the same servers, without anything to copy or set.
    join_running_service(os.environ, Path(__file__).resolve().parents[1])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings.dev")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
