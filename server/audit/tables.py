"""The rows of the audit: the entries of the sealed history, and the checkpoints signed over it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from server.spine.database import Row
from server.spine.tables import Id, Moment


class AuditEntryRow(Row):
    """One entry of the sealed history: a row the office recorded, as it was when it was sealed.

    `header` is what was hashed, in its canonical form; the text that `commitment` was made of stays
    in `detail`, where it can be erased without breaking the chain.
    """

    __tablename__ = "audit_entry"
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(10))
    source_key: Mapped[str | None] = mapped_column(String(40))
    written_in: Mapped[int | None] = mapped_column(BigInteger)
    header: Mapped[str] = mapped_column(Text)
    detail_id: Mapped[int | None] = mapped_column(ForeignKey("detail.detail_id"))
    commitment: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (Index("ix_audit_entry_log", "seq", postgresql_where=text("kind = 'log'")),)


class AuditCheckpointRow(Row):
    """One checkpoint: how many entries there were and what the last one's hash was, signed.

    `problem` is the code of why its copy could not be written elsewhere, until it could.
    """

    __tablename__ = "audit_checkpoint"
    entries: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    head: Mapped[str] = mapped_column(String(64))
    epoch: Mapped[str] = mapped_column(Id)
    signed_at: Mapped[datetime] = mapped_column(Moment)
    public_key: Mapped[str] = mapped_column(String(60))
    signature: Mapped[str] = mapped_column(String(100))
    copied_at: Mapped[datetime | None] = mapped_column(Moment)
    copied_to: Mapped[str | None] = mapped_column(Text)
    problem: Mapped[str | None] = mapped_column(String(80))
