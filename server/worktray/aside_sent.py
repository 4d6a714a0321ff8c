"""What a device sent and the office could not take, as far as it can be read and recorded after all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.access.tables import DeviceRow, SetAsideRow
from server.spine.tables import CommandRow, DetailRow
from server.worktray.aside_queries import WAITS
from server.worktray.set_aside import was_set_aside
from shared.commands import CommandType
from shared.decide import FROM_THE_FIELD
from shared.values import is_id

FROM_A_DEVICE: Mapping[str, CommandType] = {kind.command.name: kind for kind in FROM_THE_FIELD}

BEGUN_AFRESH = ("RecordVisit", "RecordPhoneNumber", "AddMarker")
"""What can be recorded though nothing of what was sent could be read."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One thing that was set aside: whose it is, and what of it could be read."""

    subject: str
    officer_id: str
    happened_at: datetime
    original_id: str | None
    case_id: str | None
    name: str
    body: Mapping[str, Any]

    @property
    def kinds(self) -> tuple[str, ...]:
        """List what it may be recorded as: what it says it is first."""
        others = tuple(name for name in BEGUN_AFRESH if name != self.name)
        return (self.name, *others) if self.name in FROM_A_DEVICE else others


def find(session: Session, subject: str) -> Sent | None:
    """Find what was set aside under an id or a digest."""
    if is_id(subject):
        return next(iter(_commands(session, CommandRow.command_id == subject)), None)
    row = session.execute(
        select(SetAsideRow, DeviceRow.officer_id)
        .join(DeviceRow, DeviceRow.device_id == SetAsideRow.device_id)
        .where(SetAsideRow.digest == subject)
    ).one_or_none()
    if row is None:
        return None
    aside, officer_id = row
    return _sent(subject, officer_id, aside.command_id, aside.received_at, aside.body)


def beside(session: Session, subject: str) -> list[Sent]:
    """List what waits beside one thing, in the order it was sent."""
    return _commands(
        session,
        (CommandRow.code == WAITS) & (CommandRow.values["beside"].astext == subject),
    )


def _commands(session: Session, which: Any) -> list[Sent]:  # noqa: ANN401 - a condition
    rows: Sequence[Any] = session.execute(
        select(CommandRow, DetailRow.body)
        .outerjoin(DetailRow, DetailRow.detail_id == CommandRow.detail_id)
        .where(which, was_set_aside())
        .order_by(CommandRow.lane, CommandRow.seq)
    ).all()
    return [
        _sent(row.command_id, row.actor_id, row.command_id, row.happened_at, body)
        for row, body in rows
    ]


def _sent(
    subject: str, officer_id: str, original_id: str | None, at: datetime, written: bytes | None
) -> Sent:
    """Read what can be read; nothing of what a device sent is taken on trust."""
    said = _members(written)
    name, body, case_id = said.get("name"), said.get("body"), said.get("case_id")
    return Sent(
        subject=subject,
        officer_id=officer_id,
        happened_at=_moment(said.get("happened_at")) or at,
        original_id=original_id,
        case_id=case_id if isinstance(case_id, str) and is_id(case_id) else None,
        name=name if isinstance(name, str) else "",
        body=body if isinstance(body, dict) else {},
    )


def _members(written: bytes | None) -> dict[str, Any]:
    try:
        said = json.loads(written or b"")
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _moment(said: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(said))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None
