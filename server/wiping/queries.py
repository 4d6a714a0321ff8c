"""What is read about erasing devices: one device's order, those without a receipt, and what is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, true, update
from sqlalchemy.orm import Session, aliased

from server.access.tables import DeviceRow, UserRow
from server.config import Config
from server.spine.paging import Slice
from server.wiping.rules import WipeFile
from server.wiping.tables import WipeRow
from shared.catalogue import Sentence, mark
from shared.commands import Command
from shared.lease_modes import Mode
from shared.presentation import number
from sync.wipes import WipeOrder


@dataclass(frozen=True, kw_only=True)
class Wipe:
    """One order to erase a device, as pages show it."""

    wipe_id: str
    device_id: str
    device_name: str
    platform: str
    officer_id: str
    officer_name: str
    revoked_reason: str
    revoked_at: datetime | None
    ordered_at: datetime
    orderer_name: str
    delivered_at: datetime | None
    acknowledged_at: datetime | None
    incident: dict[str, Any]
    receipt: dict[str, Any] | None

    def days(self, now: datetime) -> int:
        """Say how many whole days it has been without a receipt."""
        return (now - self.ordered_at).days

    def moment(self, name: str) -> datetime | None:
        """Read a moment of what was known when it was ordered."""
        said = self.incident.get(name)
        return datetime.fromisoformat(said) if said else None

    @property
    def mode(self) -> Mode | None:
        """Say in which mode the device opened without the office; none when it was lent nothing."""
        said = self.incident.get("mode")
        return Mode(said) if said else None

    @property
    def erased_at(self) -> datetime | None:
        """Say when the device erased itself, by its own clock."""
        return datetime.fromisoformat(self.receipt["erased_at"]) if self.receipt else None


def wipe_of(session: Session, device_id: str) -> Wipe | None:
    """Find the order to erase a device."""
    found = _wipes(session, WipeRow.device_id == device_id, Slice(limit=1))
    return found[0] if found else None


def count_wipes(session: Session, *, unconfirmed: bool) -> int:
    """Count the orders, or those without a receipt."""
    wanted = WipeRow.acknowledged_at.is_(None) if unconfirmed else true()
    return session.scalar(select(func.count()).select_from(WipeRow).where(wanted)) or 0


def wipes(session: Session, part: Slice, *, unconfirmed: bool) -> list[Wipe]:
    """List the orders, the oldest first, or those without a receipt."""
    return _wipes(session, WipeRow.acknowledged_at.is_(None) if unconfirmed else true(), part)


def alarm(session: Session, _config: Config, _now: datetime) -> Sentence | None:
    """Say that devices have not confirmed, for whoever can see to it."""
    waiting = wipes(session, Slice(limit=1), unconfirmed=True)
    if not waiting:
        return None
    count = count_wipes(session, unconfirmed=True)
    if count == 1:
        return Sentence(
            mark("One device has not confirmed that it was erased: %(device)s"),
            device=waiting[0].device_name,
        )
    return Sentence(
        mark("%(num)s devices have not confirmed that they were erased"), num=number(count)
    )


def order_for(session: Session, device_id: str, now: datetime) -> WipeOrder | None:
    """Give the order that a device is still to carry out, and note that it was told of it."""
    row = session.execute(
        select(WipeRow.wipe_id, WipeRow.ordered_at, WipeRow.delivered_at).where(
            WipeRow.device_id == device_id
        )
    ).one_or_none()
    if row is None:
        return None
    if row.delivered_at is None:
        session.execute(
            update(WipeRow).where(WipeRow.wipe_id == row.wipe_id).values(delivered_at=now)
        )
    return WipeOrder(
        wipe_id=row.wipe_id, device_id=device_id, ordered_at=row.ordered_at.isoformat()
    )


def public_key_of(session: Session, device_id: str) -> bytes:
    """Give the key a device signs with."""
    return session.scalars(
        select(DeviceRow.public_key).where(DeviceRow.device_id == device_id)
    ).one()


def facts(session: Session, commands: Sequence[Command]) -> list[WipeFile | None]:
    """Load the device of each command under its lock, with the order there may be for it."""
    ids = sorted({str(getattr(command, "device_id", "")) for command in commands})
    locked = {
        row.device_id: row
        for row in session.scalars(
            select(DeviceRow)
            .where(DeviceRow.device_id.in_(ids))
            .order_by(DeviceRow.device_id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    }
    ordered = {
        device_id: (wipe_id, acknowledged_at is not None)
        for device_id, wipe_id, acknowledged_at in session.execute(
            select(WipeRow.device_id, WipeRow.wipe_id, WipeRow.acknowledged_at).where(
                WipeRow.device_id.in_(ids)
            )
        )
    }
    files: list[WipeFile | None] = []
    for command in commands:
        device = locked.get(str(getattr(command, "device_id", "")))
        wipe_id, acknowledged = ordered.get(device.device_id if device else "", (None, False))
        files.append(
            WipeFile(
                state=device.state,
                approved=device.approved_at is not None,
                wipe_id=wipe_id,
                acknowledged=acknowledged,
            )
            if device
            else None
        )
    return files


def _wipes(session: Session, wanted: ColumnElement[bool], part: Slice) -> list[Wipe]:
    officer, orderer = aliased(UserRow), aliased(UserRow)
    rows = session.execute(
        select(WipeRow, DeviceRow, officer.name, orderer.name)
        .join(DeviceRow, DeviceRow.device_id == WipeRow.device_id)
        .join(officer, officer.user_id == DeviceRow.officer_id)
        .outerjoin(orderer, orderer.user_id == WipeRow.ordered_by)
        .where(wanted)
        .order_by(WipeRow.ordered_at, WipeRow.wipe_id)
        .offset(part.offset)
        .limit(part.limit)
    )
    return [
        Wipe(
            wipe_id=row.wipe_id,
            device_id=device.device_id,
            device_name=device.name,
            platform=device.platform,
            officer_id=device.officer_id,
            officer_name=officer_name,
            revoked_reason=device.revoked_reason,
            revoked_at=device.revoked_at,
            ordered_at=row.ordered_at,
            orderer_name=orderer_name or "",
            delivered_at=row.delivered_at,
            acknowledged_at=row.acknowledged_at,
            incident=dict(row.incident),
            receipt=dict(row.receipt) if row.receipt else None,
        )
        for row, device, officer_name, orderer_name in rows
    ]
