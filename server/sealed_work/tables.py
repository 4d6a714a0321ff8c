"""The rows of sealed work: copies that wait for what their device numbered before them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, LargeBinary, String
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


class SealedPhotographRow(Row):
    """A photograph that a keeper brings sealed: on its way, or whole and waiting here for its visit.

    It goes once the photograph stands beside its visit. `unreadable_at` is when it was opened and was
    not what it says; then it stays as it came.
    """

    __tablename__ = "sealed_photograph"
    device_id: Mapped[str] = mapped_column(ForeignKey("device.device_id"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    photograph_id: Mapped[str] = mapped_column(String(64), index=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    received_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    begun_at: Mapped[datetime] = mapped_column(Moment)
    whole_at: Mapped[datetime | None] = mapped_column(Moment)
    unreadable_at: Mapped[datetime | None] = mapped_column(Moment)


class SealedPhotographPartRow(Row):
    """A part of a sealed photograph, on disk before it is acknowledged."""

    __tablename__ = "sealed_photograph_part"
    __table_args__ = (
        ForeignKeyConstraint(
            ["device_id", "digest"],
            ["sealed_photograph.device_id", "sealed_photograph.digest"],
            ondelete="CASCADE",
        ),
    )
    device_id: Mapped[str] = mapped_column(Id, primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    start: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
