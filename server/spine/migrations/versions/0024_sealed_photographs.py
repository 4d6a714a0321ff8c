"""Sealed photographs: on their way from a shut vault, or waiting here for their visit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up to this revision."""
    op.create_table(
        "sealed_photograph",
        sa.Column("device_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("photograph_id", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("received_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("whole_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unreadable_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.device_id"], name=op.f("fk_sealed_photograph_device_id_device")
        ),
        sa.PrimaryKeyConstraint("device_id", "digest", name=op.f("pk_sealed_photograph")),
    )
    op.create_index(
        op.f("ix_sealed_photograph_photograph_id"), "sealed_photograph", ["photograph_id"]
    )
    op.create_table(
        "sealed_photograph_part",
        sa.Column("device_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id", "digest"],
            ["sealed_photograph.device_id", "sealed_photograph.digest"],
            name=op.f("fk_sealed_photograph_part_device_id_digest_sealed_photograph"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "device_id", "digest", "start", name=op.f("pk_sealed_photograph_part")
        ),
    )


def downgrade() -> None:
    """Go back down from it."""
    op.drop_table("sealed_photograph_part")
    op.drop_table("sealed_photograph")
