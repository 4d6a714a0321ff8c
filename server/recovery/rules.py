"""Rules about holds: pure, over the holds of one debt and what has happened since their first day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from server.recovery.commands import EndHold, HoldEnded, HoldPlaced, PlaceHold
from shared.case_file import CaseHold
from shared.commands import Decision, Occasion
from shared.errors import RuleBroken


@dataclass(frozen=True, kw_only=True)
class DebtHolds:
    """The holds of one debt, and the last days on which what a hold forbids was done to it."""

    debt_id: str
    holds: tuple[CaseHold, ...] = ()
    visited_on: date | None = None
    costs_on: date | None = None

    def hold(self, hold_id: str) -> CaseHold | None:
        """Find a hold of this debt."""
        return next((hold for hold in self.holds if hold.hold_id == hold_id), None)


def place_hold(debt: DebtHolds, command: PlaceHold, _occasion: Occasion) -> Decision:
    """Place the hold, and say what happened since its first day that it would have forbidden."""
    if debt.hold(command.hold_id):
        raise RuleBroken("hold.known")
    until = command.last_day + timedelta(days=1) if command.last_day else None
    if until and until <= command.from_on:
        raise RuleBroken("hold.last_day_before_first", field="last_day")
    if any(_covers(hold, command.reason, command.from_on, until) for hold in debt.holds):
        raise RuleBroken("hold.covered", field="reason")
    amiss = {
        "hold.visit_since": _within(debt.visited_on, command.from_on),
        "hold.costs_since": _within(debt.costs_on, command.from_on),
    }
    placed = HoldPlaced(
        hold_id=command.hold_id,
        debt_id=debt.debt_id,
        reason=command.reason,
        from_on=command.from_on,
        until=until,
        note=command.note,
    )
    return Decision(changes=(placed,), flags=tuple(code for code, is_so in amiss.items() if is_so))


def end_hold(debt: DebtHolds, command: EndHold, _occasion: Occasion) -> Decision:
    """End the hold with its last day; a hold is made longer by placing another."""
    hold = debt.hold(command.hold_id)
    if hold is None:
        raise RuleBroken("hold.unknown")
    until = command.last_day + timedelta(days=1)
    if until <= hold.from_on:
        raise RuleBroken("hold.last_day_before_first", field="last_day")
    if hold.until == until:
        return Decision()
    if command.last_day_seen is not None and command.last_day_seen != last_day_of(hold):
        raise RuleBroken("edit.moved", field="last_day")
    if hold.until is not None and hold.until < until:
        raise RuleBroken("hold.ended", field="last_day")
    return Decision(
        changes=(
            HoldEnded(hold_id=hold.hold_id, debt_id=debt.debt_id, reason=hold.reason, until=until),
        )
    )


def last_day_of(hold: CaseHold) -> str:
    """Write the last day a hold covers, or nothing where it has none."""
    return (hold.until - timedelta(days=1)).isoformat() if hold.until else ""


def _covers(hold: CaseHold, reason: str, from_on: date, until: date | None) -> bool:
    """Tell whether the hold has this reason and leaves none of these days out."""
    return (
        hold.reason == reason
        and hold.from_on <= from_on
        and (hold.until is None or (until is not None and until <= hold.until))
    )


def _within(day: date | None, from_on: date) -> bool:
    return day is not None and day >= from_on
