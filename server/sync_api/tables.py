"""The rows of sync: what was found wrong between the office and a device, for somebody to look at."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Identity, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.spine.database import Row
from server.spine.tables import Id, Moment


class DefectRow(Row):
    """One time that a device and the office did not hold the same, or something was asked twice.

    Kinds: `scope.differs` (a device's copy, with how many cases were sent again), `scope.totals`
    (the office's own totals), `purge.confirmed` (a device asked again before it erased a great part
    of its cases), `epoch.changed` (a device that had read another life of this database). `values`
    holds ids and counts, nothing personal.
    """

    __tablename__ = "sync_defect"
    defect_id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    store_id: Mapped[str] = mapped_column(Id, index=True)
    device_id: Mapped[str] = mapped_column(Id)
    officer_id: Mapped[str] = mapped_column(Id)
    noticed_at: Mapped[datetime] = mapped_column(Moment, index=True)
    kind: Mapped[str] = mapped_column(String(40))
    values: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))


class DeviceContactRow(Row):
    """How one device stood when it last spoke: its own word, what was settled of it, and its bundle.

    One row a device, so that looking at all of them costs no more than that. `waiting` and what
    follows is none until a device says it; `cases`, `records` and `size_bytes` are what its officer
    is given, counted from time to time.
    """

    __tablename__ = "device_contact"
    device_id: Mapped[str] = mapped_column(ForeignKey("device.device_id"), primary_key=True)
    store_id: Mapped[str | None] = mapped_column(Id)
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    whole_at: Mapped[datetime | None] = mapped_column(Moment)
    """When it last held everything there was."""

    app: Mapped[str] = mapped_column(String(40), server_default="")
    protocol: Mapped[int] = mapped_column(server_default="0")
    ahead_seconds: Mapped[int | None] = mapped_column()
    waiting: Mapped[int | None] = mapped_column()
    waiting_since: Mapped[datetime | None] = mapped_column(Moment)
    photographs: Mapped[int | None] = mapped_column()
    needs_you: Mapped[int | None] = mapped_column()
    cases: Mapped[int] = mapped_column(server_default="0")
    records: Mapped[int] = mapped_column(server_default="0")
    size_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    counted_at: Mapped[datetime | None] = mapped_column(Moment)
    refused_code: Mapped[str | None] = mapped_column(String(80))
    refused_at: Mapped[datetime | None] = mapped_column(Moment)


class SyncFailureRow(Row):
    """How often a device's requests were turned away or failed on one day, by cause."""

    __tablename__ = "sync_failure"
    device_id: Mapped[str] = mapped_column(ForeignKey("device.device_id"), primary_key=True)
    failed_on: Mapped[date] = mapped_column(Date, primary_key=True)
    code: Mapped[str] = mapped_column(String(80), primary_key=True)
    times: Mapped[int] = mapped_column()
    last_at: Mapped[datetime] = mapped_column(Moment)
