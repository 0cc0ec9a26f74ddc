"""Run the command line: ``python -m matching solve ...`` and ``python -m matching verify ...``."""

import sys

from matching.cli import main

if __name__ == "__main__":
    sys.exit(main())
