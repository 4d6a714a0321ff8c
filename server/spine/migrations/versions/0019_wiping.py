"""Wiping: devices that are to erase themselves, what was known of each, and their receipts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up to this revision."""
    op.create_table(
        "wipe",
        sa.Column("wipe_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("device_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("ordered_by", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("incident", postgresql.JSONB(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("receipt", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.device_id"], name=op.f("fk_wipe_device_id_device")
        ),
        sa.PrimaryKeyConstraint("wipe_id", name=op.f("pk_wipe")),
        sa.UniqueConstraint("device_id", name=op.f("uq_wipe_device_id")),
    )
    op.create_index(op.f("ix_wipe_ordered_at"), "wipe", ["ordered_at"])


def downgrade() -> None:
    """Go back down from it."""
    op.drop_table("wipe")
