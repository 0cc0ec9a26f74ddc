"""``python -m backend.ops.healthcheck``: whether the web process of this container answers. For Docker's HEALTHCHECK."""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Mapping

from backend.ops.runner.ports import LOOPBACK, port_from

_TIMEOUT_SECONDS = 4


def failure(environment: Mapping[str, str]) -> str:
    """Empty when the health page answers 200 within four seconds, else the reason."""
    # The page is asked for as a visitor would name it: any other host is refused.
    host = environment.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".*") or "localhost"
    connection = http.client.HTTPConnection(LOOPBACK, port_from(environment), timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/health/", headers={"Host": host})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"no answer: {error}"
    finally:
        connection.close()
    return "" if status == http.HTTPStatus.OK else f"answers {status}"


def main() -> int:
    """0 when healthy, else 1 with the reason on standard error."""
    reason = failure(os.environ)
    if reason:
        print(reason, file=sys.stderr)
    return 1 if reason else 0


if __name__ == "__main__":
    sys.exit(main())
