"""Sealed work: copies of unsent work that wait for what their device numbered before them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up to this revision."""
    op.create_table(
        "sealed_copy",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("device_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("store_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("command_ids", postgresql.ARRAY(sa.Uuid(as_uuid=False)), nullable=False),
        sa.Column("written", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.device_id"], name=op.f("fk_sealed_copy_device_id_device")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sealed_copy")),
    )
    op.create_index(op.f("ix_sealed_copy_device_id"), "sealed_copy", ["device_id"])
    op.create_index(op.f("ix_sealed_copy_store_id"), "sealed_copy", ["store_id"])


def downgrade() -> None:
    """Go back down from it."""
    op.drop_table("sealed_copy")
