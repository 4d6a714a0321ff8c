"""The rows of visits: planned, made, commented on, and the photographs taken."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from server.spine.database import Row
from server.spine.tables import Id, Moment


class PlannedVisitRow(Row):
    """A visit an officer was asked to make."""

    __tablename__ = "planned_visit"
    planned_visit_id: Mapped[str] = mapped_column(Id, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case.case_id"), index=True)
    officer_id: Mapped[str] = mapped_column(Id, index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    planned_on: Mapped[date] = mapped_column(Date, index=True)
    instructions: Mapped[str] = mapped_column(Text, server_default="")
    state: Mapped[str] = mapped_column(String(20), server_default="planned")


class VisitRow(Row):
    """A visit that was made, as the officer wrote it; never altered."""

    __tablename__ = "visit"
    visit_id: Mapped[str] = mapped_column(Id, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case.case_id"), index=True)
    planned_visit_id: Mapped[str | None] = mapped_column(Id)
    officer_id: Mapped[str] = mapped_column(Id, index=True)
    happened_at: Mapped[datetime] = mapped_column(Moment)
    received_at: Mapped[datetime] = mapped_column(Moment)
    outcome: Mapped[str] = mapped_column(String(40))
    met_person_ids: Mapped[list[str]] = mapped_column(ARRAY(Id), server_default=text("'{}'"))
    others_met: Mapped[str] = mapped_column(Text, server_default="")
    notes: Mapped[str] = mapped_column(Text, server_default="")
    flags: Mapped[list[str]] = mapped_column(ARRAY(String(80)), server_default=text("'{}'"))
    review: Mapped[str] = mapped_column(String(20), server_default="waiting", index=True)
    reviewer_id: Mapped[str | None] = mapped_column(Id)
    reviewed_at: Mapped[datetime | None] = mapped_column(Moment)


class VisitCommentRow(Row):
    """What a supervisor asked about a part of a visit, or what the officer answered."""

    __tablename__ = "visit_comment"
    comment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    visit_id: Mapped[str] = mapped_column(ForeignKey("visit.visit_id"), index=True)
    about: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
    author_id: Mapped[str] = mapped_column(Id)
    made_at: Mapped[datetime] = mapped_column(Moment)
    is_answer: Mapped[bool] = mapped_column()


class PhotographRow(Row):
    """A photograph taken at a visit, named by the SHA-256 of its bytes."""

    __tablename__ = "photograph"
    photograph_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    visit_id: Mapped[str] = mapped_column(ForeignKey("visit.visit_id"), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case.case_id"), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    size_bytes: Mapped[int] = mapped_column(BigInteger)


class BlobRow(Row):
    """The bytes of a photograph once all have arrived and their digest has been checked."""

    __tablename__ = "blob"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[datetime] = mapped_column(Moment)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class BlobUploadRow(Row):
    """One way a photograph comes in; once it is whole, the row stays and says who brought it."""

    __tablename__ = "blob_upload"
    __table_args__ = (
        Index("ix_blob_upload_device_id_digest", "device_id", "digest"),
        Index(
            "ix_blob_upload_unfinished",
            "expires_at",
            postgresql_where=text("finished_at IS NULL"),
        ),
    )
    upload_id: Mapped[str] = mapped_column(Id, primary_key=True)
    device_id: Mapped[str] = mapped_column(Id)
    digest: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    received_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    parts: Mapped[int] = mapped_column(server_default="0")
    begun_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)


class BlobPartRow(Row):
    """A part of a photograph on its way in, so that an upload resumes where it was cut."""

    __tablename__ = "blob_part"
    upload_id: Mapped[str] = mapped_column(
        ForeignKey("blob_upload.upload_id", ondelete="CASCADE"), primary_key=True
    )
    start: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


LOST = "photograph."
"""How the codes begin by which a device says that it lost a photograph, which it may yet bring."""


class BlobRefusalRow(Row):
    """Why a photograph will never be kept, so that nobody waits for it."""

    __tablename__ = "blob_refusal"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    refused_at: Mapped[datetime] = mapped_column(Moment)
