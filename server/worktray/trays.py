"""The trays of the worktray: what each holds, who sees it, and how much waits in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from server.worktray import aside_queries, queries
from server.worktray.queries import Waiting
from shared.catalogue import mark


@dataclass(frozen=True, kw_only=True)
class Tray:
    """One tray: its name, the permission that opens it, and how it is counted."""

    key: str
    title: str
    needs: str
    empty: str
    count: Callable[[Session, date], Waiting]
    tone: str = ""


TRAYS: tuple[Tray, ...] = (
    Tray(
        key="flagged",
        title=mark("Flagged visits"),
        needs="visits.review",
        empty=mark("A visit appears here when something about it was amiss."),
        count=lambda session, _today: queries.visits_waiting(session, flagged=True),
        tone="urgent",
    ),
    Tray(
        key="aside",
        title=mark("Set aside from devices"),
        needs="aside.examine",
        empty=mark("What a device sends and the office cannot take is kept here."),
        count=lambda session, _today: aside_queries.waiting(session),
        tone="urgent",
    ),
    Tray(
        key="conflicts",
        title=mark("Officer and office differ"),
        needs="conflicts.decide",
        empty=mark("What an officer says against what the office has appears here."),
        count=lambda session, _today: queries.conflicts_waiting(session),
        tone="urgent",
    ),
    Tray(
        key="reviews",
        title=mark("Visits back for review"),
        needs="visits.review",
        empty=mark("A visit appears here as soon as it arrives from the officer’s device."),
        count=lambda session, _today: queries.visits_waiting(session, flagged=False),
        tone="waiting",
    ),
    Tray(
        key="due",
        title=mark("Visits due"),
        needs="visits.see",
        empty=mark("A planned visit appears here on its day, and stays until it is made."),
        count=queries.visits_due,
        tone="waiting",
    ),
    Tray(
        key="find_liable",
        title=mark("People not found"),
        needs="tasks.work",
        empty=mark("An account that is imported without a name appears here."),
        count=lambda session, _today: queries.tasks_open(session, find_liable=True),
    ),
    Tray(
        key="tasks",
        title=mark("Tasks"),
        needs="tasks.work",
        empty=mark("Raise a task from the page of a case."),
        count=lambda session, _today: queries.tasks_open(session, find_liable=False),
    ),
)
"""Every tray, the most pressing first."""
