"""How the commands of one transaction are decided: together where they do not meet, else in turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.spine import change_log
from server.spine.areas import Handling, House, Recorded
from server.spine.case_files import case_facts_of
from server.spine.orders import Order, Result
from shared.case_file import CaseFile
from shared.commands import Decision, Occasion, Outcome, Touched
from shared.errors import RuleBroken
from shared.visits import NOT_COME
from sync.officer_keys import UNSIGNED, WRONG_SIGNATURE


@dataclass
class Worked:
    """What a transaction has decided so far, and which subjects it has touched."""

    results: dict[str, Result] = field(default_factory=dict)
    unmade: dict[str, str] = field(default_factory=dict)
    """What refused commands would have made, each with the command."""

    touched: Touched = field(default_factory=Touched)


def subjects(house: House, orders: Sequence[Order]) -> Touched:
    """Say which rows these commands will look at, so that they can be locked first."""
    found = Touched()
    for order in orders:
        found |= house.commands[order.command.name].subjects(order.command)
    return found


def work_through(session: Session, house: House, orders: Sequence[Order], now: datetime) -> Worked:
    """Decide and record every command; a group is recorded whole or not at all."""
    worked = Worked()
    for batch in _batches(house, orders):
        if batch[0].group is None or len(batch) == 1:
            _wave(session, house, batch, now, worked)
        else:
            _group(session, house, batch, now, worked)
    return worked


def _batches(house: House, orders: Sequence[Order]) -> Iterator[list[Order]]:
    """Gather orders whose subjects do not meet; a group is a batch by itself."""
    batch: list[Order] = []
    meeting = _Meeting(house)
    for order in orders:
        together = batch and batch[-1].group is not None and batch[-1].group == order.group
        apart = not batch or (
            batch[-1].group is None and order.group is None and not meeting.meets(order)
        )
        if not together and not apart:
            yield batch
            batch, meeting = [], _Meeting(house)
        batch.append(order)
        meeting.add(order)
    if batch:
        yield batch


class _Meeting:
    """What the orders of a batch are about, to tell whether one more would meet any of them."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._names: dict[str, set[str]] = {}
        self._contended: set[str] = set()

    def meets(self, order: Order) -> bool:
        """Tell whether this order has to wait for one that is in the batch."""
        name, handling = order.command.name, self._house.commands[order.command.name]
        found = [self._names[id_] for id_ in self._subjects(order) if id_ in self._names]
        if not found:
            return False
        alike = all(names == {name} for names in found)
        if handling.contends is None or not alike:
            return True
        return bool(handling.contends(order.command) & self._contended)

    def add(self, order: Order) -> None:
        """Take an order into the batch."""
        handling = self._house.commands[order.command.name]
        for id_ in self._subjects(order):
            self._names.setdefault(id_, set()).add(order.command.name)
        if handling.contends is not None:
            self._contended |= handling.contends(order.command)

    def _subjects(self, order: Order) -> set[str]:
        return _ids(self._house.commands[order.command.name].subjects(order.command))


def _ids(touched: Touched) -> set[str]:
    return {*touched.case_ids, *touched.account_ids, *touched.debt_ids, *touched.person_ids}


def _group(
    session: Session, house: House, orders: Sequence[Order], now: datetime, worked: Worked
) -> None:
    """Decide a group in turn; if one is refused, take back all of it and say which it was."""
    within = Worked()
    savepoint = session.begin_nested()
    for order in orders:
        _wave(session, house, [order], now, within)
    broken = [r for r in within.results.values() if r.outcome in _NOT_RECORDED]
    if broken:
        savepoint.rollback()
        for order in orders:
            own = within.results[order.command_id]
            worked.results[order.command_id] = (
                own
                if own.outcome in _NOT_RECORDED
                else Result(
                    command_id=order.command_id,
                    outcome=Outcome.REFUSED,
                    code="command.group_refused",
                    received_at=now,
                )
            )
        return
    savepoint.commit()
    worked.results.update(within.results)
    worked.touched |= within.touched


_NOT_RECORDED = {Outcome.REFUSED, Outcome.QUARANTINED}


def _wave(
    session: Session, house: House, orders: Sequence[Order], now: datetime, worked: Worked
) -> None:
    """Load facts once for all, ask each rule, and write what they answer."""
    recorded: list[Recorded] = []
    refused: list[tuple[Order, RuleBroken]] = []
    for order, facts in _facts(session, house, orders):
        occasion = Occasion(actor=order.voice, happened_at=order.happened_at, decided_at=now)
        try:
            decision = _ask(house.commands[order.command.name], facts, order, occasion)
        except RuleBroken as refusal:
            refused.append((order, refusal))
            continue
        if _is_late_work(order, facts) and decision.changes:
            decision = replace(decision, flags=(*decision.flags, LATE_WORK))
        worked.results[order.command_id] = Result(
            command_id=order.command_id,
            outcome=decision.outcome,
            flags=decision.flags,
            received_at=now,
            changes=decision.changes,
        )
        for change in decision.changes:
            worked.touched |= change.touched()
            recorded.append(
                Recorded(
                    change=change,
                    command_id=order.command_id,
                    actor_id=order.actor.user_id,
                    happened_at=order.happened_at,
                    recorded_at=now,
                )
            )
    _write(session, house, recorded)
    _put_down(session, refused, now, worked)


def _put_down(
    session: Session,
    refusals: Sequence[tuple[Order, RuleBroken]],
    now: datetime,
    worked: Worked,
) -> None:
    """Write refusals down, those beside an earlier command that name what it did not come to make."""
    alone = [order for order, _why in refusals if order.group is None]
    beside = change_log.waited_for(session, alone, worked.unmade) if alone else {}
    for order, why in refusals:
        worked.results[order.command_id] = _refused(order, why, now, beside)
        worked.unmade.update(change_log.unmade_by(order))


def _facts(session: Session, house: House, orders: Sequence[Order]) -> list[tuple[Order, Any]]:
    """Load what each rule looks at, one set-wise load for each name of command."""
    found: dict[str, Any] = {}
    by_name: dict[str, list[Order]] = {}
    for order in orders:
        by_name.setdefault(order.command.name, []).append(order)
    for name, of_a_kind in by_name.items():
        commands = [order.command for order in of_a_kind]
        load = house.commands[name].facts
        loaded = load(session, commands) if load else case_facts_of(session, house, commands)
        found.update(zip((o.command_id for o in of_a_kind), loaded, strict=True))
    return [(order, found[order.command_id]) for order in orders]


def _ask(handling: Handling, facts: Any, order: Order, occasion: Occasion) -> Decision:  # noqa: ANN401 - a value of any kind
    """Ask the rule, unless the person may not give the command or its subject is not there."""
    if not order.actor.may(handling.kind.needs):
        raise RuleBroken("authority.lacking")
    if isinstance(facts, RuleBroken):
        raise facts
    if order.store_id is not None and isinstance(facts, CaseFile):
        _check_ever_assigned(facts, order)
    return handling.kind.rule(facts, order.command, occasion)


def _check_ever_assigned(case: CaseFile, order: Order) -> None:
    """Refuse a device's word about a case its officer never had; late work on a former one stands."""
    if order.actor.user_id not in case.officer_ids | case.former_officer_ids:
        raise RuleBroken("authority.never_assigned")


LATE_WORK = "late_work"
"""Flags what a device did on a case before it had learnt that its officer no longer has it."""


def _is_late_work(order: Order, facts: Any) -> bool:  # noqa: ANN401 - a value of any kind
    """Tell whether a case was taken away behind the back of whoever was at work on it.

    The work is kept as any other, whoever has the case now; a supervisor sees why it is there.
    """
    if order.store_id is None or order.knew or not isinstance(facts, CaseFile):
        return False
    return order.actor.user_id not in facts.officer_ids


SET_ASIDE = frozenset(
    {
        "authority.lacking",
        "authority.never_assigned",
        "case.unknown",
        "command.unknown",
        "command.unreadable",
        "envelope.unreadable",
        UNSIGNED,
        WRONG_SIGNATURE,
        NOT_COME,
    }
)
"""Refusals that, from a device, mean the whole command is kept for a supervisor to examine."""


def _refused(order: Order, refusal: RuleBroken, now: datetime, beside: Mapping[str, str]) -> Result:
    """Write a refusal down; some of them, from a device, set the command aside whole.

    One that names what an earlier command of a device did not come to make waits beside that command:
    it is not wrong, and becomes possible once somebody has dealt with the other.
    """
    if order.command_id in beside and refusal.code not in SET_ASIDE - {NOT_COME}:
        return Result(
            command_id=order.command_id,
            outcome=Outcome.QUARANTINED,
            code="command.waits",
            values={"beside": beside[order.command_id]},
            received_at=now,
        )
    aside = order.store_id is not None and refusal.code in SET_ASIDE
    return Result(
        command_id=order.command_id,
        outcome=Outcome.QUARANTINED if aside else Outcome.REFUSED,
        code=refusal.code,
        at_field=refusal.field,
        values=refusal.values,
        received_at=now,
    )


def _write(session: Session, house: House, recorded: Sequence[Recorded]) -> None:
    """Give each kind of change to its recorder, in the order the changes were decided."""
    run: list[Recorded] = []
    for item in recorded:
        if run and type(item.change) is not type(run[-1].change):
            house.recorders[type(run[-1].change)](session, run)
            run = []
        run.append(item)
    if run:
        house.recorders[type(run[-1].change)](session, run)
    change_log.write_changes(session, recorded)
