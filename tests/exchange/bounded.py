"""Reads files in a process of its own that gets so much and no more: `python -m tests.exchange.bounded MB SECONDS FILE...`

Prints a line of JSON for each file: its name, and the number of its rows or the code of the refusal. Out of memory is
"MemoryError"; out of seconds of the processor, the process is ended.
"""

import json
import resource
import sys
from pathlib import Path

from django.conf import settings


def main() -> None:
    settings.configure(USE_I18N=False)
    # Imported once there are settings; what they need is there before the bound is drawn.
    from backend.common.errors import Invalid
    from backend.exchange.reading import read_sheet

    megabytes, seconds, *files = sys.argv[1:]
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    bound = pages * resource.getpagesize() + int(megabytes) * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    for file in files:
        content = Path(file).read_bytes()
        try:
            found: int | str = len(read_sheet(content).rows)
        except Invalid as error:
            found = error.code
        except MemoryError:
            found = "MemoryError"
        sys.stdout.write(json.dumps([Path(file).name, found]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
