#!/usr/bin/env bash
# python-stdnum 2.2: Swedish registers write an organisation number in twelve digits as 16 and the ten digits. It is refused
# as too long, while ten zeros, which some systems export for "none", pass as valid.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check python-stdnum==2.2
"$folder/venv/bin/python" - <<'PY'
import sys

import stdnum
from stdnum.se import orgnr

seen = {number: orgnr.is_valid(number) for number in ("556012-5790", "16556012-5790", "0000000000")}
print(f"python-stdnum {stdnum.__version__}: {seen}")
sys.exit(0 if seen == {"556012-5790": True, "16556012-5790": False, "0000000000": True} else 1)
PY
