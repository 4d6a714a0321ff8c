"""The append-only log: a line a change, a row a command, and personal text apart so it can be erased."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from server.spine.among import among, given
from server.spine.areas import Recorded
from server.spine.database import table_of
from server.spine.many_rows import add_rows
from server.spine.orders import Order, Result
from server.spine.tables import ChangeRow, CommandRow, DetailRow, UnmadeRecordRow
from shared.commands import Outcome
from shared.schemas import canonical, digest
from shared.values import is_id

SALT_BYTES = 16


def keep_detail(session: Session, bodies: Sequence[bytes | None]) -> list[tuple[int, str] | None]:
    """Keep personal text apart; answer where it is and a salted commitment that stays behind."""
    rows = [
        {"salt": secrets.token_bytes(SALT_BYTES), "body": body}
        for body in bodies
        if body is not None
    ]
    if not rows:
        return [None for _ in bodies]
    ids = session.scalars(
        insert(table_of(DetailRow)).returning(DetailRow.detail_id, sort_by_parameter_order=True),
        rows,
    ).all()
    kept = iter(
        [(id_, digest(row["salt"] + row["body"])) for id_, row in zip(ids, rows, strict=True)]
    )
    return [None if body is None else next(kept) for body in bodies]


def write_changes(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write a line for each change, nothing personal in it."""
    if not recorded:
        return
    details = [item.change.detail() for item in recorded]
    kept = keep_detail(session, [canonical(d) if d else None for d in details])
    positions: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    for item, detail in zip(recorded, kept, strict=True):
        positions[item.command_id] = positions.get(item.command_id, -1) + 1
        touched = item.change.touched()
        rows.append(
            {
                "command_id": item.command_id,
                "position": positions[item.command_id],
                "name": item.change.name,
                "actor_id": item.actor_id,
                "happened_at": item.happened_at,
                "recorded_at": item.recorded_at,
                "case_ids": sorted(touched.case_ids),
                "account_ids": sorted(touched.account_ids),
                "debt_ids": sorted(touched.debt_ids),
                "person_ids": sorted(touched.person_ids),
                "line": item.change.line(),
                "commitment": detail[1] if detail else None,
                "detail_id": detail[0] if detail else None,
            }
        )
    add_rows(session, ChangeRow, rows)


def write_commands(
    session: Session, orders: Sequence[Order], results: Sequence[Result], now: datetime
) -> None:
    """Write down every command once for ever, with its answer."""
    if not orders:
        return
    by_id = {result.command_id: result for result in results}
    kept = keep_detail(session, [order.envelope for order in orders])
    add_rows(
        session,
        CommandRow,
        [
            {
                "command_id": order.command_id,
                "payload_hash": order.hash,
                "name": order.command.name,
                "actor_id": order.actor.user_id,
                "device_id": order.actor.device_id,
                "store_id": order.store_id,
                "lane": order.lane,
                "seq": order.seq,
                "case_id": getattr(order.command, "case_id", None),
                "happened_at": order.happened_at,
                "received_at": now,
                "outcome": by_id[order.command_id].outcome.value,
                "code": by_id[order.command_id].code,
                "values": by_id[order.command_id].values,
                "flags": list(by_id[order.command_id].flags),
                "commit_number": by_id[order.command_id].commit,
                "detail_id": detail[0] if detail else None,
                "signature": order.signature,
            }
            for order, detail in zip(orders, kept, strict=True)
        ],
    )
    note_unmade(session, orders, results)


def note_unmade(session: Session, orders: Sequence[Order], results: Sequence[Result]) -> None:
    """Note what devices believe they made by commands that were not taken, for what names it later."""
    not_taken = {r.command_id for r in results if r.outcome in NOT_TAKEN}
    rows: dict[str, str] = {}
    made: set[str] = set()
    for order in orders:
        if order.command_id in not_taken:
            rows.update(unmade_by(order))
        else:
            made.update(getattr(order.command, name) for name in order.command.makes)
    if rows:
        session.execute(
            upsert(UnmadeRecordRow).on_conflict_do_nothing(),
            [{"record_id": id_, "command_id": by} for id_, by in sorted(rows.items())],
        )
    if made:
        session.execute(delete(UnmadeRecordRow).where(among(UnmadeRecordRow.record_id, made)))


def unmade_by(order: Order) -> dict[str, str]:
    """Say what a device believes this command made, now that it was not taken."""
    if order.store_id is None:
        return {}
    return {getattr(order.command, name): order.command_id for name in order.command.makes}


def waited_for(
    session: Session, orders: Sequence[Order], unmade: Mapping[str, str]
) -> dict[str, str]:
    """Say of commands that name what an earlier one did not make, beside which one each waits.

    `unmade` is what came to light in this transaction and is not written yet.
    """
    named = {order.command_id: _named(order) for order in orders if order.store_id is not None}
    wanted = sorted({id_ for ids in named.values() for id_ in ids})
    if not wanted:
        return {}
    row = UnmadeRecordRow
    found = session.execute(
        select(row.record_id, row.command_id).where(among(row.record_id, wanted))
    )
    known: dict[str, str] = {**dict(found.all()), **unmade}
    return {
        command_id: known[id_] for command_id, ids in named.items() for id_ in ids if id_ in known
    }


def _named(order: Order) -> list[str]:
    """List the ids a command names, without those of what it would make itself."""
    values = (
        getattr(order.command, each.name)
        for each in fields(order.command)
        if each.name.endswith("_id") and each.name not in order.command.makes
    )
    return [value for value in values if isinstance(value, str) and is_id(value)]


NOT_TAKEN = frozenset({Outcome.REFUSED, Outcome.QUARANTINED})


_KNOWN = select(CommandRow).where(given(CommandRow.command_id))


def known_results(session: Session, orders: Sequence[Order]) -> dict[str, Result]:
    """Give the stored answer of every command already known; another content is refused."""
    ids = sorted({order.command_id for order in orders})
    rows = {row.command_id: row for row in session.scalars(_KNOWN, {"ids": ids})}
    return {
        order.command_id: stored_result(rows[order.command_id], order.hash)
        for order in orders
        if order.command_id in rows
    }


def stored_result(row: CommandRow, payload_hash: str) -> Result:
    """Answer a command again from its row, or say that its id was used for something else."""
    if row.payload_hash != payload_hash:
        return Result(
            command_id=row.command_id, outcome=Outcome.QUARANTINED, code="command.id_reused"
        )
    return Result(
        command_id=row.command_id,
        outcome=Outcome(row.outcome),
        code=row.code,
        values=row.values,
        flags=tuple(row.flags),
        commit=row.commit_number,
        received_at=row.received_at,
    )
