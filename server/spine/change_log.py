"""The append-only log: a line a change, a row a command, and personal text apart so it can be erased."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from server.spine.areas import Recorded
from server.spine.orders import Order, Result
from server.spine.tables import ChangeRow, CommandRow, DetailRow
from shared.commands import Outcome
from shared.schemas import canonical, digest

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
        insert(DetailRow).returning(DetailRow.detail_id, sort_by_parameter_order=True), rows
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
    session.execute(insert(ChangeRow), rows)


def write_commands(
    session: Session, orders: Sequence[Order], results: Sequence[Result], now: datetime
) -> None:
    """Write down every command once for ever, with its answer."""
    if not orders:
        return
    by_id = {result.command_id: result for result in results}
    kept = keep_detail(session, [order.envelope for order in orders])
    session.execute(
        insert(CommandRow),
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
            }
            for order, detail in zip(orders, kept, strict=True)
        ],
    )


def known_results(session: Session, orders: Sequence[Order]) -> dict[str, Result]:
    """Give the stored answer of every command already known; another content is refused."""
    ids = [order.command_id for order in orders]
    rows = {
        row.command_id: row
        for row in session.scalars(select(CommandRow).where(CommandRow.command_id.in_(ids)))
    }
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
