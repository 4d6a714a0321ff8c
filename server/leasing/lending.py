"""Lends a device its share: for how long its team's mode says, and never once it was taken back.

A lease is bookkeeping of the doors, as sessions are, and not something that happened to a case or a
user; that it was taken back is written by whoever records the revocation, in the same transaction.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from server.access.device_requests import DeviceRefused
from server.access.tables import DeviceRow, LeaseRow, UserRow
from server.leasing.queries import Terms, terms_of
from server.leasing.shares import ShareKeeper
from shared.lease_modes import end_of
from sync.leases import EPOCH_MAX, LeaseReply

EPOCH_LIFE = timedelta(hours=12)
"""How old an epoch is before a device is given the next one to wrap its vault under."""


def lend(
    session: Session, keeper: ShareKeeper, device_id: str, wrapped: int, now: datetime
) -> LeaseReply:
    """Lend a device what it needs until its lease ends; raises DeviceRefused when it may have nothing.

    `wrapped` is the epoch its vault is wrapped under on its disk, or 0 for a vault that is still to
    be made or is older than leases. That share is lent with the newest, so that a device that is
    ended between the two opens all the same.
    """
    officer_id = _still_may(session, device_id)
    terms = terms_of(session, officer_id)
    row = _row_of(session, keeper, device_id, terms, now)
    if row.sealed_root is None:
        raise DeviceRefused("lease.taken_back", device_id=device_id)
    epoch, epoch_at = _epoch(row, wrapped, terms, now)
    ends_at = end_of(terms.mode, terms.days, now)
    session.execute(
        update(LeaseRow)
        .where(LeaseRow.device_id == device_id)
        .values(
            epoch=epoch,
            epoch_at=epoch_at,
            mode=terms.mode.value,
            days=terms.days,
            granted_at=now,
            ends_at=ends_at,
        )
    )
    return LeaseReply(
        mode=terms.mode,
        days=terms.days,
        granted_at=now,
        ends_at=ends_at,
        shares={
            each: keeper.share(row.sealed_root, device_id, each) for each in {wrapped, epoch} - {0}
        },
    )


def _still_may(session: Session, device_id: str) -> str:
    """Hold the device and its officer as they are, so that no revocation passes by unseen."""
    state, active, officer_id = session.execute(
        select(DeviceRow.state, UserRow.active, UserRow.user_id)
        .join(UserRow, UserRow.user_id == DeviceRow.officer_id)
        .where(DeviceRow.device_id == device_id)
        .with_for_update(read=True)
    ).one()
    if state != "active":
        raise DeviceRefused(f"device.{state}", device_id=device_id)
    if not active:
        raise DeviceRefused("device.suspended", device_id=device_id)
    return str(officer_id)


def _row_of(
    session: Session, keeper: ShareKeeper, device_id: str, terms: Terms, now: datetime
) -> LeaseRow:
    """Find what a device was lent, or draw its root at its first lease."""
    row = session.get(LeaseRow, device_id, with_for_update=True)
    if row is not None:
        return row
    session.execute(
        insert(LeaseRow).values(
            device_id=device_id,
            sealed_root=keeper.new_root(device_id),
            epoch=1,
            epoch_at=now,
            mode=terms.mode.value,
            days=terms.days,
            granted_at=now,
            ends_at=now,
        )
    )
    return session.get_one(LeaseRow, device_id)


def _epoch(row: LeaseRow, wrapped: int, terms: Terms, now: datetime) -> tuple[int, datetime]:
    """Say under which epoch the vault is to be wrapped next, and since when.

    The next one comes only once the vault is seen to be wrapped under this one. A vault ahead of
    this database was wrapped before that was put back from a backup.
    """
    if wrapped > row.epoch:
        return wrapped, now
    old = now - row.epoch_at >= EPOCH_LIFE or (row.mode, row.days) != (terms.mode.value, terms.days)
    if wrapped == row.epoch and old and row.epoch < EPOCH_MAX:
        return row.epoch + 1, now
    return row.epoch, row.epoch_at
