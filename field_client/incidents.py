"""How a fault of our own is noted: an id, its type and the lines it passed; never what it said.

An exception's text can quote what a person typed or a row of the database, so it is left out.
"""

from __future__ import annotations

import logging
import secrets
import sys
import traceback
from pathlib import Path
from types import TracebackType

_log = logging.getLogger("fieldfare.incidents")

_PLACES_MAX = 12

_ExceptionInformation = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


def note(what: str, fault: BaseException) -> str:
    """Log a fault under a new id, and give the id for the person to quote."""
    incident = secrets.token_hex(4)
    _log.error("incident %s: %s: %s", incident, what, _described(fault))
    return incident


def log_to_stderr() -> None:
    """Send this process's log to stderr, one line a record; warnings and worse only."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a page that waits is no event


class _Formatter(logging.Formatter):
    """Writes other libraries' tracebacks in the same way."""

    def formatException(self, ei: _ExceptionInformation) -> str:  # noqa: N802 - the base's name
        return _described(ei[1])


def _described(fault: BaseException | None) -> str:
    frames = traceback.extract_tb(fault.__traceback__ if fault else None)[-_PLACES_MAX:]
    places = " < ".join(
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames)
    )
    return f"{type(fault).__name__} at {places}"
