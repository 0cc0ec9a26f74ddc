"""Where the real samples lie: beside the checkout, never inside it."""

from pathlib import Path

import pytest

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"


def sample(name: str) -> Path:
    """The file, or a skip that says what is missing."""
    path = SAMPLES / name
    if not path.is_file():
        pytest.skip(f"the sample {name} is not in {SAMPLES}")
    return path
