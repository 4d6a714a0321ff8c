"""The spine's own rows: commands once for ever, the change log, erasable detail, field records."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    String,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.spine.database import Row

Moment = DateTime(timezone=True)
"""Every time column is aware."""

Id = Uuid(as_uuid=False)
"""Every id column holds a UUID and reads as text."""

WRITTEN_IN = text("(pg_current_xact_id()::text::bigint)")
"""The transaction that writes a row, so that the seal of the history knows when it is surely over."""


class CommandRow(Row):
    """One command the office has answered, kept for ever so that nothing is done twice."""

    __tablename__ = "command"
    command_id: Mapped[str] = mapped_column(Id, primary_key=True)
    payload_hash: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(60))
    actor_id: Mapped[str] = mapped_column(Id, index=True)
    device_id: Mapped[str | None] = mapped_column(Id)
    store_id: Mapped[str | None] = mapped_column(Id)
    lane: Mapped[str | None] = mapped_column(String(10))
    seq: Mapped[int | None] = mapped_column(BigInteger)
    case_id: Mapped[str | None] = mapped_column(Id, index=True)
    happened_at: Mapped[datetime] = mapped_column(Moment)
    received_at: Mapped[datetime] = mapped_column(Moment, index=True)
    outcome: Mapped[str] = mapped_column(String(20))
    code: Mapped[str | None] = mapped_column(String(80))
    values: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    flags: Mapped[list[str]] = mapped_column(ARRAY(String(80)), server_default=text("'{}'"))
    commit_number: Mapped[int | None] = mapped_column(BigInteger)
    detail_id: Mapped[int | None] = mapped_column(ForeignKey("detail.detail_id"))
    signature: Mapped[str | None] = mapped_column(String(200))
    """What its officer's key signed of it, as it came; whether it is right, its outcome says."""

    written_in: Mapped[int] = mapped_column(BigInteger, server_default=WRITTEN_IN, deferred=True)

    __table_args__ = (
        Index("ix_command_written_in", "written_in", postgresql_using="brin"),
        Index(
            "uq_command_store_lane_seq",
            "store_id",
            "lane",
            "seq",
            unique=True,
            postgresql_where=text("store_id IS NOT NULL"),
        ),
        Index(
            "ix_command_quarantined",
            "received_at",
            postgresql_where=text("outcome = 'quarantined'"),
        ),
        Index(
            "ix_command_device",
            "device_id",
            "received_at",
            postgresql_where=text("device_id IS NOT NULL"),
        ),
    )


class UnmadeRecordRow(Row):
    """A record that a device believes it made, and the command of its that the office did not take.

    What names the record afterwards waits beside that command.
    """

    __tablename__ = "unmade_record"
    record_id: Mapped[str] = mapped_column(Id, primary_key=True)
    command_id: Mapped[str] = mapped_column(Id)


class DetailRow(Row):
    """Personal text of a change or an envelope, apart from its line so that it can be erased."""

    __tablename__ = "detail"
    detail_id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    salt: Mapped[bytes | None] = mapped_column(LargeBinary)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    erased_at: Mapped[datetime | None] = mapped_column(Moment)


class ChangeRow(Row):
    """One line of the change log: what happened, to which subjects, by which command."""

    __tablename__ = "change"
    change_id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    command_id: Mapped[str] = mapped_column(
        ForeignKey("command.command_id", deferrable=True, initially="DEFERRED"), index=True
    )
    position: Mapped[int] = mapped_column()
    name: Mapped[str] = mapped_column(String(60))
    actor_id: Mapped[str] = mapped_column(Id)
    happened_at: Mapped[datetime] = mapped_column(Moment)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    case_ids: Mapped[list[str]] = mapped_column(ARRAY(Id))
    account_ids: Mapped[list[str]] = mapped_column(ARRAY(Id))
    debt_ids: Mapped[list[str]] = mapped_column(ARRAY(Id))
    person_ids: Mapped[list[str]] = mapped_column(ARRAY(Id))
    line: Mapped[dict[str, Any]] = mapped_column(JSONB)
    commitment: Mapped[str | None] = mapped_column(String(64))
    detail_id: Mapped[int | None] = mapped_column(ForeignKey("detail.detail_id"))
    written_in: Mapped[int] = mapped_column(BigInteger, server_default=WRITTEN_IN, deferred=True)

    __table_args__ = (
        Index("ix_change_written_in", "written_in", postgresql_using="brin"),
        Index("ix_change_case_ids", "case_ids", postgresql_using="gin"),
        Index("ix_change_account_ids", "account_ids", postgresql_using="gin"),
        Index("ix_change_debt_ids", "debt_ids", postgresql_using="gin"),
        Index("ix_change_person_ids", "person_ids", postgresql_using="gin"),
    )


class SyncHeadRow(Row):
    """The one row that hands out commit numbers, last in each transaction and under its lock.

    A verified backup holds every commit up to the durable one, and every command that was received
    before `durable_at`, whether it changed a field record or not.
    """

    __tablename__ = "sync_head"
    head_id: Mapped[int] = mapped_column(primary_key=True)
    commit_number: Mapped[int] = mapped_column(BigInteger)
    epoch: Mapped[str] = mapped_column(Id)
    durable_commit_number: Mapped[int] = mapped_column(BigInteger, server_default="0")
    durable_at: Mapped[datetime | None] = mapped_column(Moment)


class FieldRecordRow(Row):
    """What a device is given: one projected record of a case, stamped with its commit number.

    A body changed without a new number is refused when the transaction commits; a trigger sees
    to it, whoever writes.
    """

    __tablename__ = "field_record"
    case_id: Mapped[str] = mapped_column(Id, primary_key=True)
    view: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    record_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    body: Mapped[str | None] = mapped_column(Text)
    content_hash: Mapped[str] = mapped_column(String(64))
    commit_number: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ix_field_record_scope", "case_id", "view", "commit_number"),
        Index(
            "ix_field_record_unnumbered",
            "case_id",
            postgresql_where=text("commit_number IS NULL"),
        ),
    )


class CaseTotalRow(Row):
    """What the field records of one view of a case come to: how many, and the sum of their hashes.

    Kept in the transaction that moves them, so that comparing with a device costs a row a case.
    """

    __tablename__ = "case_total"
    case_id: Mapped[str] = mapped_column(Id, primary_key=True)
    view: Mapped[str] = mapped_column(String(40), primary_key=True)
    records: Mapped[int] = mapped_column()
    hash: Mapped[int] = mapped_column(BigInteger)


class CaseAccessRow(Row):
    """Which officer's devices are given which view of a case, since and until which commit."""

    __tablename__ = "case_access"
    case_id: Mapped[str] = mapped_column(Id, primary_key=True)
    officer_id: Mapped[str] = mapped_column(Id, primary_key=True)
    view: Mapped[str] = mapped_column(String(40), primary_key=True)
    granted_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    granted: Mapped[bool] = mapped_column()
    reason: Mapped[str] = mapped_column(String(80))
    commit_number: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ix_case_access_officer", "officer_id", "commit_number"),
        Index(
            "ix_case_access_unnumbered", "case_id", postgresql_where=text("commit_number IS NULL")
        ),
    )


class ReadRow(Row):
    """One reading of personal data: who looked at what, when and by which page."""

    __tablename__ = "read"
    read_id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[str] = mapped_column(Id, index=True)
    device_id: Mapped[str | None] = mapped_column(Id)
    read_at: Mapped[datetime] = mapped_column(Moment, index=True)
    what: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[str | None] = mapped_column(String(80), index=True)
    results: Mapped[int | None] = mapped_column()
    written_in: Mapped[int] = mapped_column(BigInteger, server_default=WRITTEN_IN, deferred=True)

    __table_args__ = (Index("ix_read_written_in", "written_in", postgresql_using="brin"),)


class JobRow(Row):
    """A long piece of work as a person follows it: how far it is and how it ended."""

    __tablename__ = "job"
    job_id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(60), server_default="")
    title: Mapped[str] = mapped_column(String(120))
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    asked_by: Mapped[str] = mapped_column(Id, index=True)
    asked_at: Mapped[datetime] = mapped_column(Moment, index=True)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    done: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[int] = mapped_column(server_default="0")
    state: Mapped[str] = mapped_column(String(20))
    result: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    incident: Mapped[str | None] = mapped_column(String(20))


class SettingRow(Row):
    """One fact about this office as a whole, such as that its people are fictional."""

    __tablename__ = "setting"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(400))


class FieldClassRow(Row):
    """One thing of a sensitive class, as the code declares it, for the views that withhold it."""

    __tablename__ = "field_class"
    record: Mapped[str] = mapped_column(String(20), primary_key=True)
    field: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(40), primary_key=True)
    field_class: Mapped[str] = mapped_column("class", String(20))
