"""Uploads by the tus protocol: each has an address of its own, an end, and a receipt that stays."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up to this revision; parts on their way are dropped, and devices send them again."""
    op.drop_table("blob_part")
    op.create_table(
        "blob_upload",
        sa.Column("upload_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("device_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("received_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("parts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_blob_upload")),
    )
    op.create_index(
        "ix_blob_upload_device_id_digest", "blob_upload", ["device_id", "digest"], unique=False
    )
    op.create_index(
        "ix_blob_upload_unfinished",
        "blob_upload",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_table(
        "blob_part",
        sa.Column("upload_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"],
            ["blob_upload.upload_id"],
            name=op.f("fk_blob_part_upload_id_blob_upload"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("upload_id", "start", name=op.f("pk_blob_part")),
    )
    op.create_table(
        "blob_refusal",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_blob_refusal")),
    )


def downgrade() -> None:
    """Go back down from it."""
    op.drop_table("blob_refusal")
    op.drop_table("blob_part")
    op.drop_index("ix_blob_upload_unfinished", table_name="blob_upload")
    op.drop_index("ix_blob_upload_device_id_digest", table_name="blob_upload")
    op.drop_table("blob_upload")
    op.create_table(
        "blob_part",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("device_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", "device_id", "start", name=op.f("pk_blob_part")),
    )
