"""Embedded PostgreSQL and Valkey for development and tests (docs/adr/0002-embedded-servers.md).

``Stack`` starts both on a data directory. From a shell, ``python -m backend.ops.embedded shell -- COMMAND`` runs a
command with servers of its own that disappear afterwards.
"""

from .errors import EmbeddedServerError
from .stack import Stack, check_free_space

__all__ = ["EmbeddedServerError", "Stack", "check_free_space"]
