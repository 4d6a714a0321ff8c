"""The rows of sealed work: copies that wait for what their device numbered before them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from server.spine.database import Row
from server.spine.tables import Id, Moment


class SealedCopyRow(Row):
    """A copy that cannot be taken yet, kept as it came: sealed.

    `reason` is `gap` (something its vault numbered before it has not come) or `other_life` (its vault
    had read another life of this database). It goes once its commands are answered.
    """

    __tablename__ = "sealed_copy"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    device_id: Mapped[str] = mapped_column(ForeignKey("device.device_id"), index=True)
    store_id: Mapped[str] = mapped_column(Id, index=True)
    command_ids: Mapped[list[str]] = mapped_column(ARRAY(Id))
    written: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Mapped[str] = mapped_column(String(20))
    received_at: Mapped[datetime] = mapped_column(Moment)
