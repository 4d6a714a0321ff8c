"""How the devices of a stocked council stand with it: well, silent, turned away, behind with their work."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select, update

from server.access.tables import DeviceRow, DeviceStoreRow
from server.cases.commands import UnassignCase
from server.spine import clock
from server.spine.tables import CommandRow
from server.sync_api.tables import DefectRow, DeviceContactRow, SyncFailureRow
from shared.refused import LOOK, RecordRefusalAnswer
from sync.protocol import PROTOCOL_VERSION
from tests.e2e.stock import Stock
from tests.server.access.tablet import enrolled


def add_contacts(stock: Stock) -> None:
    """Let devices have spoken, each of which needs somebody for another reason."""
    now = stock.now
    hours = lambda count: now - timedelta(hours=count)  # noqa: E731 - short names for a list
    for name, told in (
        ("Spare tablet", {}),
        ("Van tablet", {"waiting": 4, "waiting_since": hours(60), "photographs": 3}),
        ("Tablet that was lent to the night team and came back", {"ahead_seconds": 4_300,
         "protocol": PROTOCOL_VERSION - 1, "needs_you": 2, "waiting": 1, "waiting_since": hours(30)}),
        ("Quiet tablet", {"seen_at": hours(240)}),
        ("Turned away", {"refused_code": "signature.stale", "refused_at": hours(-1)}),
    ):  # fmt: skip
        _device(stock, name, dict(told))


def _device(stock: Stock, name: str, told: dict[str, Any]) -> str:
    """Enrol a device of the first officer, and let it have spoken."""
    _tablet, device_id = enrolled(stock.office, stock.officer.user_id)
    seen_at = told.pop("seen_at", stock.now - timedelta(minutes=4))
    with stock.office.session() as session, session.begin():
        session.execute(
            update(DeviceRow)
            .where(DeviceRow.device_id == device_id)
            .values(name=name, seen_at=seen_at, approved_at=stock.now - timedelta(days=40))
        )
        kept = {
            "app": "0.1.0",
            "protocol": PROTOCOL_VERSION,
            "waiting": 0,
            "photographs": 0,
            "needs_you": 0,
            "cases": 41,
            "records": 312,
            "size_bytes": 187_400,
            "ahead_seconds": 3,
        }
        at = dict.fromkeys(("answered_at", "whole_at", "counted_at"), seen_at)
        session.execute(insert(DeviceContactRow).values(device_id=device_id, **kept | at | told))
        session.execute(
            insert(DeviceStoreRow).values(
                store_id=clock.new_id(), device_id=device_id, first_seen_at=stock.now - _AGES
            )
        )
    stock.starts.append(f"/sync-health/devices/{device_id}")
    return device_id


_AGES = timedelta(days=40)


def add_what_happened_between(stock: Stock) -> None:
    """Give one device a history: what it sent, what failed, what differed, what is still on it."""
    device_id = _device(stock, "Old tablet", {})
    case_id, *_who = stock.cases.pop(-2)
    taken = UnassignCase(case_id=case_id, officer_id=stock.officer.user_id)
    stock.give(taken, at=stock.now - timedelta(days=5))
    outcomes = ("applied", "flagged", "refused", "quarantined", "review", "no_change", "merged")
    with stock.office.session() as session, session.begin():
        store_id = session.scalar(
            select(DeviceStoreRow.store_id).where(DeviceStoreRow.device_id == device_id)
        )
        for seq, outcome in enumerate(outcomes, 1):
            session.execute(
                insert(CommandRow).values(
                    command_id=clock.new_id(),
                    payload_hash="a" * 64,
                    name="RecordVisit" if seq % 2 else "CorrectDetails",
                    actor_id=stock.officer.user_id,
                    device_id=device_id,
                    store_id=store_id,
                    lane="ordinary",
                    seq=seq,
                    case_id=stock.cases[0][0],
                    happened_at=stock.now,
                    received_at=stock.now - timedelta(days=seq % 3),
                    outcome=outcome,
                    code="visit.already_recorded" if outcome == "refused" else None,
                )
            )
        for code, times in (("signature.stale", 3), ("office.fault", 1)):
            session.execute(
                insert(SyncFailureRow).values(
                    device_id=device_id,
                    failed_on=stock.today,
                    code=code,
                    times=times,
                    last_at=stock.now,
                )
            )
        for kind, values in (("scope.differs", {"cases": 2}), ("purge.confirmed", {"cases": 31})):
            session.execute(
                insert(DefectRow).values(
                    store_id=store_id,
                    device_id=device_id,
                    officer_id=stock.officer.user_id,
                    noticed_at=stock.now,
                    kind=kind,
                    values=values,
                )
            )
        refused_id = session.scalar(
            select(CommandRow.command_id).where(
                CommandRow.device_id == device_id, CommandRow.outcome == "refused"
            )
        )
    stock.starts.append(f"/sync-health/receipts?number={str(refused_id)[:8]}")
    stock.starts.append("/sync-health/receipts?number=0000-0000")
    stock.starts.append(f"/set-aside/{refused_id}")
    stock.give(
        RecordRefusalAnswer(
            answer_id=clock.new_id(),
            refused_id=str(refused_id),
            case_id=stock.cases[0][0],
            choice=LOOK,
            reason="She showed me the letter herself: it is the visit of Monday, not Tuesday.",
        ),
        stock.officer,
    )
