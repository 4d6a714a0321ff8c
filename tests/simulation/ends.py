"""What must hold at the end of a simulation, once nothing moves any more."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from server.spine import projections, totals
from sync.scope import total_of
from tests.simulation.broken import Broken
from tests.simulation.office_log import compare_with_log
from tests.simulation.reading import SCOPE

if TYPE_CHECKING:
    from tests.simulation.device import Device
    from tests.simulation.watch import Watch


def check(watch: Watch, devices: Sequence[Device], asked: Sequence[Any]) -> None:
    """Check every property once nothing moves any more."""
    for device in devices:
        watch.looked_at("P2", "P10", "P19")
        watch.looked_at(*_what_befell(watch, device))
    _nothing_is_stale(watch)
    for device in devices:
        same_scope(watch, device)
        _nothing_is_left(watch, device)
        receipts_agree(watch, device)
        _totals_agree(watch, device)
    _orders_stand_once(watch, asked)
    _groups_are_whole(watch, devices, asked)
    _ledger_adds_up(watch)
    _conflicts_are_few(watch)
    compare_with_log(watch, devices)
    _see_all(watch, devices)


KEPT_ON_A_DEVICE = (
    "SELECT * FROM record ORDER BY 1, 2, 3, 4",
    "SELECT command_id, lane, seq, written, outcome, code, flags, commit_number FROM outbox ORDER BY 1",
    "SELECT name, value FROM meta ORDER BY 1",
    "SELECT * FROM purge ORDER BY 1, 2",
)
"""All of a vault that says how its syncs ended."""

KEPT_AT_THE_OFFICE = (
    "SELECT case_id::text, view, kind, record_id, body, commit_number FROM field_record",
    "SELECT case_id::text, view, records, CAST(hash AS text) FROM case_total",
    "SELECT command_id::text, outcome, code, commit_number FROM command",
    "SELECT store_id::text, lane, seq, head FROM lane_position",
)
"""All of the office that says how the devices' work ended."""


def _what_befell(watch: Watch, device: Device) -> Iterator[str]:
    """Name the promises that a device puts to the test by what befell it."""
    if device.skew:
        yield "P15"
    if device.has_a_twin:
        yield "P18"
    if watch.restores:
        yield "P17"


def _see_all(watch: Watch, devices: Sequence[Device]) -> None:
    """Add all that is left to what the day comes to."""
    for statement in KEPT_AT_THE_OFFICE:
        watch.saw(sorted((tuple(row) for row in watch.rows(statement)), key=repr))
    for device in devices:
        for statement in KEPT_ON_A_DEVICE:
            watch.saw(device.store.rows(statement))


def _nothing_is_stale(watch: Watch) -> None:
    """Field records of the cases that somebody has are what a fresh projection gives."""
    with Session(watch.engine) as session:
        assigned = projections.assigned(session, watch.cases)
        stale = projections.compare(session, watch.house, assigned).stale
    if stale:
        kinds = sorted(
            f"{kind} of {watch.world.label_of_case(case_id)}" for case_id, _, kind, _ in stale
        )
        raise Broken("P2", f"stored field records are stale: {', '.join(kinds)}")


def same_scope(watch: Watch, device: Device) -> None:
    """P2: byte for byte, a device holds its officer's cases and nothing else."""
    wanted = {
        (row.case_id, row.view, row.kind, row.record_id, row.body)
        for row in watch.rows(SCOPE, officer=device.officer.user_id)
        if row.granted and row.body is not None
    }
    held = set(device.store.rows("SELECT case_id, view, kind, record_id, body FROM record"))
    if held != wanted:
        lacking, extra = len(wanted - held), len(held - wanted)
        raise Broken("P2", f"{device.label} lacks {lacking} records and has {extra} others")


def _totals_agree(watch: Watch, device: Device) -> None:
    """P2: what the office keeps as the total is what its records come to, and the device's too.

    A copy that had to be mended is as bad as one that is wrong, unless it came from another life.
    """
    officer_id = device.officer.user_id
    with Session(watch.engine) as session:
        kept = totals.of_scope(session, officer_id)
        counted = total_of(totals.counted(session, officer_id))
    if not kept == counted == device.store.total():
        raise Broken("P2", f"{device.label} and the office come to different totals")
    defects = {kind for kind, _times, _last in device.store.defects()}
    mended = set() if watch.restores or device.has_a_twin else {"scope.differs"}
    if wrong := defects & {"receipt.wrong_seal", *mended}:
        raise Broken("P2", f"{device.label} noticed {', '.join(sorted(wrong))}")


def _nothing_is_left(watch: Watch, device: Device) -> None:
    """Of a case taken away nothing is left, and the office has been told so since."""
    rows = watch.rows(SCOPE, officer=device.officer.user_id)
    granted = {row.case_id for row in rows if row.granted}
    left = {
        case_id
        for (case_id,) in device.store.rows("SELECT case_id FROM photograph")
        if case_id not in granted
    }
    if left:
        raise Broken("P2", f"{device.label} keeps photographs of a case taken away")
    untold = watch.rows(
        "SELECT a.case_id FROM case_access a LEFT JOIN erasure e ON e.case_id = a.case_id "
        "AND e.store_id IN (SELECT store_id FROM device_store WHERE device_id = :device) "
        "AND e.erased_at >= a.revoked_at WHERE a.officer_id = :officer AND NOT a.granted "
        "AND e.erased_at IS NULL",
        officer=device.officer.user_id,
        device=device.device_id,
    )
    if untold:
        raise Broken("P2", f"the office was not told that {device.label} erased a case")


def answers(watch: Watch) -> dict[str, tuple[object, ...]]:
    """Give what the office has answered to every command it has."""
    return {
        row.command_id: (row.outcome, row.code, list(row.flags), row.commit_number)
        for row in watch.rows(
            "SELECT command_id::text, outcome, code, flags, commit_number FROM command"
        )
    }


def receipts_agree(watch: Watch, device: Device) -> None:
    """P1, P19: every command on a device has the receipt that the office's own row shows."""
    receipts = {
        command_id: (outcome, code, json.loads(flags or "[]"), commit)
        for command_id, outcome, code, flags, commit in device.store.rows(
            "SELECT command_id, outcome, code, flags, commit_number FROM outbox"
        )
    }
    saved = {each.command_id for each in device.saved}
    office = answers(watch)
    if not set(receipts) <= saved <= set(office):
        raise Broken("P1", f"the outbox of {device.label} is not what it said it had saved")
    for id_, receipt in receipts.items():
        once = watch.answered.get(id_, [])  # a late request may tell a restored office the same
        if receipt not in [office[id_], *once]:
            raise Broken("P1", f"a receipt of {device.label} is not the office's answer")


def _orders_stand_once(watch: Watch, asked: Sequence[Any]) -> None:
    """P1: every command answered or saved is at the office, ended as it was said to have."""
    told = {result.command_id: result for each in asked for result in each.results or ()}
    rows = {
        row.command_id: row
        for row in watch.rows(
            "SELECT command_id::text, outcome, code FROM command WHERE command_id = ANY(:ids)",
            ids=sorted(told),
        )
    }
    for id_, result in told.items():
        row = rows.get(id_)
        if row is None or (row.outcome, row.code) != (result.outcome.value, result.code):
            raise Broken("P1", f"an order the office answered is not in its log: {result}")


def _groups_are_whole(watch: Watch, devices: Sequence[Device], asked: Sequence[Any]) -> None:
    """A group is recorded in one transaction or not at all; what is refused changes nothing."""
    groups: dict[str, list[str]] = {}
    for device in devices:
        for saved in device.saved:
            groups.setdefault(saved.group or saved.command_id, []).append(saved.command_id)
    for each in asked:
        for order in each.orders:
            groups.setdefault(order.group or order.command_id, []).append(order.command_id)
    ended = {
        row.command_id: row
        for row in watch.rows(
            "SELECT command_id::text, commit_number, received_at, "
            "outcome IN ('refused', 'quarantined') AS refused, "
            "EXISTS (SELECT FROM change c WHERE c.command_id = command.command_id) AS changed "
            "FROM command WHERE command_id = ANY(:ids)",
            ids=[id_ for ids in groups.values() for id_ in ids],
        )
    }
    if any(row.refused and row.changed for row in ended.values()):
        raise Broken("P1", "a command that was refused changed something")
    for ids in groups.values():
        rows = [ended.get(id_) for id_ in ids]
        if (
            len({(row.commit_number, row.received_at, row.refused) if row else () for row in rows})
            > 1
        ):
            raise Broken("P1", "a group was recorded by halves")


def _conflicts_are_few(watch: Watch) -> None:
    """P9: a field has one open conflict at most, and no officer's words stand in one twice."""
    watch.checked["P9"] += len(watch.conflicts())
    many = watch.rows(
        "SELECT record_id FROM conflict WHERE open GROUP BY record, record_id, field "
        "HAVING count(*) > 1"
    )
    twice = watch.rows(
        "SELECT command_id FROM conflict_claim GROUP BY conflict_id, command_id HAVING count(*) > 1"
    )
    if many or twice:
        raise Broken(
            "P9", f"{len(many)} fields have two conflicts, {len(twice)} claims stand twice"
        )


def _ledger_adds_up(watch: Watch) -> None:
    """Every balance is the sum of its transactions."""
    wrong = watch.rows(
        'SELECT d.debt_id FROM debt d LEFT JOIN "transaction" t USING (debt_id) '
        "WHERE d.debt_id = ANY(:debts) GROUP BY d.debt_id, d.balance_pence "
        "HAVING d.balance_pence <> coalesce(sum(t.amount_pence), 0)",
        debts=watch.world.debts,
    )
    if wrong:
        raise Broken("ledger", f"{len(wrong)} balances are not the sum of their transactions")
