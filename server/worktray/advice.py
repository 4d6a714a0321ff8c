"""What to do next about each thing that waits, and why: pure, so that every answer can be tested."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from shared.catalogue import Sentence, mark
from shared.presentation import day as day_in_words
from shared.presentation import money


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What to do next, and why that."""

    action: Sentence
    reason: Sentence
    tone: str = ""
    """The colour of the action's tag: urgent ones red, ordinary ones none."""


@dataclass(frozen=True, kw_only=True)
class Due:
    """What advice about a planned visit depends on."""

    planned_on: date
    officer: str
    case_open: bool
    still_assigned: bool
    held: bool
    device_seen_at: datetime | None


def about_due_visit(due: Due, today: date) -> Advice:
    """Say what to do about a visit that is planned for today, or was to be made before."""
    if not due.case_open:
        return Advice(
            action=Sentence(mark("Call the visit off")),
            reason=Sentence(mark("The case is closed")),
        )
    if not due.still_assigned:
        return Advice(
            action=Sentence(mark("Give it to an officer, or call it off")),
            reason=Sentence(mark("%(name)s no longer has the case"), name=due.officer),
            tone="red",
        )
    if due.held:
        return Advice(
            action=Sentence(mark("Call it off, unless the hold allows it")),
            reason=Sentence(mark("Recovery of a debt on the case is on hold")),
            tone="red",
        )
    days = (today - due.planned_on).days
    if days <= 0:
        return Advice(
            action=Sentence(mark("Nothing yet")), reason=Sentence(mark("It is planned for today"))
        )
    return _about_overdue(due, days)


def _about_overdue(due: Due, days: int) -> Advice:
    """Tell a visit nobody made from one that may be on a device nobody has heard from."""
    planned = day_in_words(due.planned_on, say=Sentence)
    if due.device_seen_at is None or due.device_seen_at.date() <= due.planned_on:
        return Advice(
            action=Sentence(mark("Ring %(name)s"), name=due.officer),
            reason=Sentence(
                mark("Planned for %(day)s, and the officer’s device has not connected since"),
                day=planned,
            ),
            tone="red",
        )
    return Advice(
        action=Sentence(mark("Plan another day, or call it off")),
        reason=Sentence(mark("Planned for %(day)s and not made"), day=planned),
        tone="red" if days >= _LONG_OVERDUE else "",
    )


_LONG_OVERDUE = 7


def about_unknown_payer(balance_pence: int, place: str) -> Advice:
    """Say what to do about an account that nobody is known to be liable for."""
    owed = money(balance_pence)
    if balance_pence <= 0:
        return Advice(
            action=Sentence(mark("Find who is liable")),
            reason=Sentence(mark("Nothing is owed, and nobody is named")),
        )
    if place:
        return Advice(
            action=Sentence(mark("Find who is liable: start with the address")),
            reason=Sentence(mark("%(amount)s is owed and nobody is named"), amount=owed),
        )
    return Advice(
        action=Sentence(mark("Ask the charging service for the address")),
        reason=Sentence(mark("%(amount)s is owed, with no name and no address"), amount=owed),
    )


def about_task(*, owner: str, mine: bool, due_on: date | None, today: date) -> Advice:
    """Say what to do about a task."""
    overdue = due_on is not None and due_on < today
    if overdue and due_on is not None:
        reason = Sentence(mark("It was due on %(day)s"), day=day_in_words(due_on, say=Sentence))
    elif due_on is not None:
        reason = Sentence(mark("It is due on %(day)s"), day=day_in_words(due_on, say=Sentence))
    else:
        reason = Sentence(mark("It has no day by which to be done"))
    tone = "red" if overdue else ""
    if mine:
        return Advice(action=Sentence(mark("Do it")), reason=reason, tone=tone)
    if owner:
        action = Sentence(mark("With %(name)s"), name=owner)
        return Advice(action=action, reason=reason, tone=tone)
    return Advice(action=Sentence(mark("Take it, or give it to someone")), reason=reason, tone=tone)
