#!/usr/bin/env bash
# holidays 0.109: the days on which Swedish workplaces are closed are two categories. Whoever asks for the public holidays,
# which is the default, counts Midsummer Eve, Christmas Eve and New Year's Eve as working days.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check holidays==0.109
"$folder/venv/bin/python" - <<'PY'
import sys
from datetime import date

import holidays

eves = [date(2026, 6, 19), date(2026, 12, 24), date(2026, 12, 31)]
public = holidays.country_holidays("SE", years=2026)
both = holidays.country_holidays("SE", years=2026, categories=("public", "de_facto"))
seen = [(day.isoformat(), day in public, day in both) for day in eves]
print(f"holidays {holidays.__version__}: (day, public, public and de facto): {seen}")
sys.exit(0 if all(not in_public and in_both for _day, in_public, in_both in seen) else 1)
PY
