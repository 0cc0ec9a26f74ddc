"""``python -m backend.ops.embedded shell [-- COMMAND ...]``: a command, or a shell, with throw-away servers."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys

from .errors import EmbeddedServerError
from .temporary import TemporaryStack


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit code of the command that was run, or 1 when the servers do not start."""
    parser = argparse.ArgumentParser(prog="python -m backend.ops.embedded", description=__doc__)
    parser.add_argument("action", choices=["shell"])
    parser.add_argument("command", nargs=argparse.REMAINDER, help="default: $SHELL")
    options = parser.parse_args(arguments)
    command = [part for part in options.command if part != "--"] or [os.environ.get("SHELL", "/bin/sh")]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with TemporaryStack() as stack:
            return subprocess.run(command, env=os.environ | stack.urls | stack.libpq, check=False).returncode
    except EmbeddedServerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except FileNotFoundError:
        print(f"error: command not found: {command[0]}", file=sys.stderr)
        return 127
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
