"""Waits for what other tests still write: the seal goes no further than the oldest transaction."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from server.audit.sources import OVER

LOOKS = 1_200


def others_are_over(opened: Callable[[], AbstractContextManager[Session]]) -> None:
    """Wait until no transaction of any database of this server is older than now.

    Tests share one server, and transactions are counted for all of its databases together.
    """
    with opened() as session:
        mark = session.scalar(text("SELECT pg_current_xact_id()::text::bigint")) or 0
        session.commit()
    for _look in range(LOOKS):
        with opened() as session:
            if (session.scalar(select(OVER)) or 0) > mark:
                return
        time.sleep(0.05)
    raise AssertionError("somebody else's transaction does not end")
