"""Lines of the log: what happened and where, never what somebody wrote.

The message of an exception quotes its values: PostgreSQL names the row that broke a constraint, a parser the text it did not
understand. So of an exception its type and the places in the code are written; the rest is in the database, for those who
may look.
"""

import logging
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Any

CELERY = "celery."


class PlacesOnlyFormatter(logging.Formatter):
    """Formats as usual, but a traceback without the exception's message. Celery's messages, which quote it, lose it too."""

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another handler's cached words
        if record.name.startswith(CELERY):
            record = _without_exception_words(record)
        return super().format(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 (logging's own name)
        return "\n".join(_lines_of(ei[1], set()))


def _lines_of(error: BaseException | None, seen: set[int]) -> list[str]:
    """The chain of causes, the first one first."""
    if error is None or id(error) in seen:
        return []
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    lines = _lines_of(before, seen)
    if lines:
        lines.append("then:")
    return [*lines, *_frames_of(error.__traceback__), f"{type(error).__module__}.{type(error).__qualname__}"]


def _frames_of(trace: TracebackType | None) -> list[str]:
    return [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(trace)]


def _without_exception_words(record: logging.LogRecord) -> logging.LogRecord:
    """Celery puts repr(exception), arguments and a formatted traceback into the values of its message."""
    if not isinstance(record.args, Mapping):
        return record
    values = dict(record.args)
    for name in {"exc", "traceback", "args", "kwargs", "return_value"} & values.keys():
        kind = type(record.exc_info[1]).__name__ if name == "exc" and record.exc_info and record.exc_info[1] else "-"
        values[name] = kind
    copy = logging.makeLogRecord(record.__dict__)
    copy.msg, copy.args = copy.msg % values, None
    return copy
