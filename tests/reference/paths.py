"""Where the optional comparison data lies: next to the repository, never inside it."""

from pathlib import Path

import pytest

SHARED_REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "reference"
TAXONOMY = SHARED_REFERENCE / "taxonomy"

needs_shared = pytest.mark.skipif(
    not SHARED_REFERENCE.is_dir(), reason=f"the official files are not at hand ({SHARED_REFERENCE} is absent)"
)
