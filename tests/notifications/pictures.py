"""Draws every kind of mail in both languages, to be looked at.

    .venv/bin/python -m tests.notifications.pictures OUT

Leaves `<kind>-<language>-mail.png` and `-phone.png`, and `sheet-<number>.png` with many beside each other.
"""

import os
import sys
from pathlib import Path

import pytest

WHERE = "MAIL_PICTURES"


def main() -> int:
    if len(sys.argv) != 2:
        sys.stderr.write(__doc__ or "")
        return 2
    os.environ[WHERE] = str(Path(sys.argv[1]).resolve())
    # Run as a test in order to have a database of its own, which is gone afterwards.
    drawing = Path(__file__).with_name("draw_mails.py")
    return int(pytest.main([str(drawing), "-q", "-n", "0", "-o", "python_functions=draw_mails"]))


if __name__ == "__main__":
    raise SystemExit(main())
