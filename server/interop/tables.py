"""The rows of interop: imports and what they turned away, files waiting, and what the last file said."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Index, LargeBinary, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.spine.database import Row
from server.spine.tables import Id, Moment


class ImportFileRow(Row):
    """One file that was taken in: which, how it was read, by whom, and with what figures."""

    __tablename__ = "import_file"
    import_id: Mapped[str] = mapped_column(Id, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    profile_hash: Mapped[str] = mapped_column(String(64))
    profile_name: Mapped[str] = mapped_column(String(80))
    file_name: Mapped[str] = mapped_column(String(200))
    reported_on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(10))
    begun_at: Mapped[datetime] = mapped_column(Moment, index=True)
    begun_by: Mapped[str] = mapped_column(Id)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    read: Mapped[int] = mapped_column(server_default="0")
    created: Mapped[int] = mapped_column(server_default="0")
    changed: Mapped[int] = mapped_column(server_default="0")
    unchanged: Mapped[int] = mapped_column(server_default="0")
    rejected: Mapped[int] = mapped_column(server_default="0")
    found: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    """Codes of reasons and notes with how often they came, and the totals of the file."""
    header: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    profile: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    """How the file was read, so that the next one like it can be read the same way."""

    __table_args__ = (Index("ix_import_file_same", "sha256", "profile_hash"),)


class ImportRejectRow(Row):
    """A row that was not taken, with its reasons; its values are erased once they have been kept long."""

    __tablename__ = "import_reject"
    import_id: Mapped[str] = mapped_column(ForeignKey("import_file.import_id"), primary_key=True)
    line_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    codes: Mapped[list[str]] = mapped_column(JSONB)
    reasons: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    values: Mapped[list[str] | None] = mapped_column(JSONB(none_as_null=True))


class ImportUploadRow(Row):
    """A file waiting to be taken in, and how it is to be read; its bytes are kept for a day at most."""

    __tablename__ = "import_upload"
    upload_id: Mapped[str] = mapped_column(Id, primary_key=True)
    file_name: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    profile: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    reported_on: Mapped[date] = mapped_column(Date)
    declared_rows: Mapped[int | None] = mapped_column()
    declared_sum_pence: Mapped[int | None] = mapped_column(BigInteger)
    checked: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """What the check of the whole file found, with the profile it was checked by."""
    uploaded_at: Mapped[datetime] = mapped_column(Moment, index=True)
    uploaded_by: Mapped[str] = mapped_column(Id)


class ImportedAccountRow(Row):
    """What the last file said of an account: a mark for each part, and whom it named for each debt."""

    __tablename__ = "imported_account"
    account_id: Mapped[str] = mapped_column(ForeignKey("account.account_id"), primary_key=True)
    import_id: Mapped[str] = mapped_column(ForeignKey("import_file.import_id"), index=True)
    marks: Mapped[dict[str, str]] = mapped_column(JSONB)
    named: Mapped[dict[str, list[str]]] = mapped_column(JSONB)
    outcomes: Mapped[dict[str, int]] = mapped_column(JSONB)


class PayerReferenceRow(Row):
    """The reference by which another system knows a person."""

    __tablename__ = "payer_reference"
    service: Mapped[str] = mapped_column(String(60), primary_key=True)
    reference: Mapped[str] = mapped_column(String(40), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.person_id"), index=True)
