"""Whom a file names as liable, what stops recovery, and the task where it names nobody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from server.accounts.commands import RecordLiableParty
from server.interop.debt_plans import PlannedDebt
from server.interop.ids import made_id
from server.interop.known import KnownHold
from server.interop.lines import HoldLine, Payer
from server.interop.payers import Reach
from server.interop.pictures import Charge
from server.interop.plans import Situation
from server.recovery.commands import NOTE_MAX, PlaceHold
from server.worktray.commands import FinishTask, RaiseTask
from shared.catalogue import mark
from shared.holds import REASONS

FIND_LIABLE = "find_liable"
CHECK_DETAILS = "check_details"

FOUND_NOTE = mark("A file that was taken in names who is liable")
HOLD_GONE_NOTE = mark("The other system no longer stops recovery: see if the hold here should end")

OTHER_SYSTEM = "other_system"
"""Why a debt is held where the other system's own code is none of our reasons."""

_DAY = timedelta(days=1)

Period = tuple[date | None, date | None]
Liable = dict[tuple[str, str], Period]
"""By debt and person: from and until."""


def plan_liability(here: Situation, debts: Sequence[PlannedDebt]) -> bool:
    """Say who is liable for each debt; end whom the file names no more. Answers whether anyone is left."""
    here.plan.named.update(here.remembered.named if here.remembered else {})
    liable = _parties(here)
    met: set[str] = set()
    for planned in debts:
        decides = here.has_moved("payers") or planned.is_new
        if not decides and not here.has_moved("reach"):
            continue
        people = [_payer(here, planned.charge, payer, met) for payer in planned.charge.payers]
        if decides:
            _decide(here, planned, dict.fromkeys(people), liable)
    return any(until is None or until > here.terms.day for _, until in liable.values())


def _parties(here: Situation) -> Liable:
    if here.account is None:
        return {}
    return {
        (debt_id, person_id): period
        for debt_id, parties in here.account.parties.items()
        for person_id, period in parties.items()
    }


def _payer(here: Situation, charge: Charge, payer: Payer, met: set[str]) -> str:
    """Find or open one payer, with the ways to reach them that are new."""
    before = here.account.people() if here.account else frozenset()
    person_id = here.people.who(payer, here.picture, before | met)
    reach = Reach.LEFT
    if here.has_moved("reach"):
        follow = here.remembered is not None and person_id in before - met
        reach = Reach.MOVED if follow else Reach.FIRST
    told = here.people.told(person_id, payer, here.picture.first.service, reach)
    met.add(person_id)
    for command in told.commands:
        here.give(command, charge.line_number)
    here.plan.notes.extend(told.notes)
    return person_id


def _decide(here: Situation, planned: PlannedDebt, wanted: Iterable[str], liable: Liable) -> None:
    """Make those liable whom the file names for a debt, and end those it named before."""
    before = here.plan.named.get(planned.debt_id, [])
    now = list(wanted)
    for person_id in now:
        key = (planned.debt_id, person_id)
        was_named = person_id in before
        liable[key] = _make_liable(here, planned, person_id, liable.get(key), was_named=was_named)
    for person_id in before:
        key = (planned.debt_id, person_id)
        if person_id not in now and key in liable:
            liable[key] = _end(here, planned, person_id, liable[key])
    here.plan.named[planned.debt_id] = now


def _make_liable(
    here: Situation,
    planned: PlannedDebt,
    person_id: str,
    held: Period | None,
    *,
    was_named: bool,
) -> Period:
    """Record the period; where the file has no column for it, the one held stays, or begins again."""
    charge = planned.charge
    from_on, until = charge.liable_from, charge.liable_until
    if held is not None and not here.terms.fed("liable_from"):
        from_on = held[0]
    if held is not None and not here.terms.fed("liable_until") and was_named:
        until = held[1]
    if (from_on, until) != held:
        here.give(
            RecordLiableParty(
                debt_id=planned.debt_id, person_id=person_id, from_on=from_on, until=until
            ),
            charge.line_number,
        )
    return from_on, until


def _end(here: Situation, planned: PlannedDebt, person_id: str, held: Period) -> Period:
    """End the liability of someone the file names no more: when the next began, else today."""
    from_on, until = held
    if until is not None and until <= here.terms.day:
        return held
    began = planned.charge.liable_from
    day = began if began and (from_on is None or began > from_on) else here.terms.day
    ended = max(day, from_on + _DAY) if from_on else day
    here.give(
        RecordLiableParty(
            debt_id=planned.debt_id, person_id=person_id, from_on=from_on, until=ended
        ),
        planned.charge.line_number,
    )
    return from_on, ended


def plan_task(here: Situation, *, still_liable: bool) -> None:
    """Ask that who is liable be found where nobody is, and finish that task when a file names them."""
    if not here.has_moved("payers"):
        return
    open_task = here.account.find_task_id if here.account else None
    if here.picture.names_somebody and open_task:
        here.give(FinishTask(task_id=open_task, note=FOUND_NOTE))
    elif not here.picture.names_somebody and not open_task and not still_liable:
        here.give(
            RaiseTask(
                task_id=made_id(here.terms.import_id, FIND_LIABLE, here.plan.account_id),
                kind=FIND_LIABLE,
                account_id=here.plan.account_id,
            )
        )


def plan_holds(here: Situation, debts: Sequence[PlannedDebt]) -> None:
    """Place the stops the other system has; one that it has lifted is for a person to end."""
    moved = here.has_moved("holds")
    lifted = False
    for planned in debts:
        held = here.account.holds.get(planned.debt_id, ()) if here.account else ()
        if moved or planned.is_new:
            for hold in planned.charge.holds:
                _place(here, planned, hold, held)
        lifted |= not planned.charge.holds and any(_is_open(h, here.terms.day) for h in held)
    if moved and lifted and here.remembered is not None:
        here.give(
            RaiseTask(
                task_id=made_id(here.terms.import_id, CHECK_DETAILS, here.plan.account_id),
                kind=CHECK_DETAILS,
                account_id=here.plan.account_id,
                note=HOLD_GONE_NOTE,
            )
        )


def _place(
    here: Situation, planned: PlannedDebt, hold: HoldLine, held: Sequence[KnownHold]
) -> None:
    """Place one hold, unless those here leave none of its days out."""
    code = hold.reason.casefold().replace(" ", "_")
    reason = code if code in REASONS else OTHER_SYSTEM
    from_on = hold.from_on or planned.charge.debt.reported_on or here.terms.day
    if hold.until is not None and hold.until <= from_on:
        here.note("note.hold_over", "hold_until")
        return
    if any(_covers(each, reason, from_on, hold.until) for each in held):
        return
    here.give(
        PlaceHold(
            hold_id=made_id(here.terms.import_id, planned.debt_id, repr(hold)),
            debt_id=planned.debt_id,
            reason=reason,
            note="" if reason == code else hold.reason[:NOTE_MAX],
            from_on=from_on,
            last_day=hold.until - _DAY if hold.until else None,
        ),
        planned.charge.line_number,
    )


def _covers(held: KnownHold, reason: str, from_on: date, until: date | None) -> bool:
    """Tell whether a hold for this reason leaves none of these days out."""
    if held.reason != reason or held.from_on > from_on:
        return False
    return held.until is None or (until is not None and until <= held.until)


def _is_open(held: KnownHold, day: date) -> bool:
    return held.until is None or held.until > day
