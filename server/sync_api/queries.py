"""What the office knows of its conversations with devices: answers by their number, and defects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.access.tables import DeviceRow, UserRow
from server.spine.tables import CommandRow
from server.sync_api.tables import DefectRow

_NUMBER = re.compile(r"[0-9a-f]{8}", re.ASCII)
_LOWEST, _HIGHEST = "-0000-0000-0000-000000000000", "-ffff-ffff-ffff-ffffffffffff"


@dataclass(frozen=True, kw_only=True)
class Answered:
    """One command as somebody asks after it by the number of its receipt."""

    command_id: str
    name: str
    officer_id: str
    device_id: str | None
    case_id: str | None
    happened_at: datetime
    received_at: datetime
    outcome: str
    code: str | None


@dataclass(frozen=True, kw_only=True)
class Defect:
    """One time that something between the office and a device was not as it should be."""

    kind: str
    device_id: str
    device_name: str
    officer_name: str
    noticed_at: datetime
    values: Mapping[str, Any]


def read_number(typed: str) -> str | None:
    """Read the number of a receipt as people type it: in any case, spaced or not."""
    number = re.sub(r"[\s‐-―-]", "", typed).lower()
    return number if _NUMBER.fullmatch(number) else None


def answered(session: Session, typed: str) -> list[Answered]:
    """Find the commands whose receipts have a number: one, but for a rare chance."""
    number = read_number(typed)
    if number is None:
        return []
    rows = session.scalars(
        select(CommandRow)
        .where(
            CommandRow.command_id >= number + _LOWEST,
            CommandRow.command_id <= number + _HIGHEST,
            CommandRow.store_id.is_not(None),
        )
        .order_by(CommandRow.received_at)
    )
    return [
        Answered(
            command_id=row.command_id,
            name=row.name,
            officer_id=row.actor_id,
            device_id=row.device_id,
            case_id=row.case_id,
            happened_at=row.happened_at,
            received_at=row.received_at,
            outcome=row.outcome,
            code=row.code,
        )
        for row in rows
    ]


def defects(session: Session, *, since: datetime, rows_max: int = 100) -> list[Defect]:
    """List what was noticed since a moment, the latest first."""
    rows = session.execute(
        select(DefectRow, func.coalesce(DeviceRow.name, ""), func.coalesce(UserRow.name, ""))
        .outerjoin(DeviceRow, DeviceRow.device_id == DefectRow.device_id)
        .outerjoin(UserRow, UserRow.user_id == DefectRow.officer_id)
        .where(DefectRow.noticed_at >= since)
        .order_by(DefectRow.noticed_at.desc(), DefectRow.defect_id.desc())
        .limit(rows_max)
    )
    return [
        Defect(
            kind=row.kind,
            device_id=row.device_id,
            device_name=device_name,
            officer_name=officer_name,
            noticed_at=row.noticed_at,
            values=row.values,
        )
        for row, device_name, officer_name in rows
    ]
