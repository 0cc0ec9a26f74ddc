"""What a web process has done before its first page."""

import subprocess
import sys

LOOK = "import gc, sys; import backend.config.wsgi; print(gc.get_freeze_count(), 'backend.web.search' in sys.modules)"


def test_pages_are_loaded_and_frozen_before_the_first_one_is_asked_for():
    told = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True).stdout.split()
    assert int(told[0]) > 100_000
    assert told[1] == "True"
