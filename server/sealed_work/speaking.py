"""For whom sealed work speaks that a device does not bring itself: its officer, as they stand now."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.access.device_requests import DeviceSpeaking
from server.access.roles import permissions_of
from server.access.tables import DeviceRow, UserRow
from shared.commands import Actor


def speaking_for(session: Session, device_id: str) -> DeviceSpeaking | None:
    """Say how a device and its officer stand; what may not speak any more is set aside as ever."""
    found = session.execute(
        select(DeviceRow.state, UserRow.user_id, UserRow.name, UserRow.active)
        .join(UserRow, UserRow.user_id == DeviceRow.officer_id)
        .where(DeviceRow.device_id == device_id)
    ).one_or_none()
    if found is None:
        return None
    state = "suspended" if found.state == "active" and not found.active else found.state
    may = permissions_of(session, found.user_id) if state == "active" else frozenset[str]()
    return DeviceSpeaking(
        device_id=device_id,
        officer_id=found.user_id,
        officer_name=found.name,
        actor=Actor(user_id=found.user_id, permissions=may, device_id=device_id),
        state=state,
    )
