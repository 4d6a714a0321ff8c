"""The rows of wiping: each order, how things stood when it was given, and the receipt for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.spine.database import Row
from server.spine.tables import Id, Moment


class WipeRow(Row):
    """One device that is to erase itself.

    `delivered_at` is when the order was first handed to whoever signs with its key. `incident` is what
    was known of the device when the order was given: counts and times, nothing of anybody. `receipt`
    is the device's own word with its signature, and `acknowledged_at` when the office kept it.
    """

    __tablename__ = "wipe"
    wipe_id: Mapped[str] = mapped_column(Id, primary_key=True)
    device_id: Mapped[str] = mapped_column(ForeignKey("device.device_id"), unique=True)
    ordered_by: Mapped[str] = mapped_column(Id)
    ordered_at: Mapped[datetime] = mapped_column(Moment, index=True)
    incident: Mapped[dict[str, Any]] = mapped_column(JSONB)
    delivered_at: Mapped[datetime | None] = mapped_column(Moment)
    receipt: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    acknowledged_at: Mapped[datetime | None] = mapped_column(Moment)
