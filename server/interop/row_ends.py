"""How each row of a file ended, told from the commands that were given for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.accounts.commands import OpenAccount, OpenDebt
from server.interop.lines import Reason, because
from server.interop.plans import Plan, Step
from server.interop.profiles import Profile
from server.spine.orders import Result
from shared.commands import Outcome

_NOT_DONE = {Outcome.REFUSED, Outcome.QUARANTINED}

Ended = Sequence[tuple[Step, Result]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowEnd:
    """How one row ended: created, changed or unchanged, or with the reasons it was not taken for."""

    line_number: int
    outcome: str = "rejected"
    reasons: tuple[Reason, ...] = ()


def row_ends(plan: Plan, ended: Ended, profile: Profile) -> list[RowEnd]:
    """Say how each row of an account ended; if the account itself was refused, so are all of them."""
    refused = [result for step, result in ended if _refused(result, step, OpenAccount)]
    if refused:
        told = (_reason(refused[0]),)
        return [RowEnd(line_number=line.line_number, reasons=told) for line in plan.picture.lines]
    return [
        _row_end(
            line.line_number,
            [(step, result) for step, result in ended if step.line_number == line.line_number],
            is_debt=profile.one_row == "debt" and bool(line.debts),
        )
        for line in plan.picture.lines
    ]


def _row_end(line_number: int, ended: Ended, *, is_debt: bool) -> RowEnd:
    reasons = [_reason(result) for _, result in ended if result.outcome in _NOT_DONE]
    done = [
        type(step.command)
        for step, result in ended
        if result.outcome not in {*_NOT_DONE, Outcome.NO_CHANGE}
    ]
    if reasons:
        partly = (because("row.partly"),) if done else ()
        told = (*partly, *dict.fromkeys(reasons))
        return RowEnd(line_number=line_number, reasons=told)
    opens = (OpenAccount, OpenDebt) if is_debt else (OpenAccount,)
    if any(kind in opens for kind in done):
        return RowEnd(line_number=line_number, outcome="created")
    return RowEnd(line_number=line_number, outcome="changed" if done else "unchanged")


def _refused(result: Result, step: Step, kind: type[OpenAccount]) -> bool:
    return isinstance(step.command, kind) and result.outcome in _NOT_DONE


def _reason(result: Result) -> Reason:
    """Say a refusal as the reason a row was not taken."""
    values = {
        name: value if isinstance(value, int) else str(value)
        for name, value in result.values.items()
    }
    return because(result.code or "command.failed", result.at_field, **values)
