"""Tablets: which devices say that they are on one piece of hardware."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up to this revision."""
    op.add_column("device", sa.Column("tablet_id", sa.Uuid(as_uuid=False), nullable=True))
    op.create_index(op.f("ix_device_tablet_id"), "device", ["tablet_id"])


def downgrade() -> None:
    """Go back down from it."""
    op.drop_index(op.f("ix_device_tablet_id"), table_name="device")
    op.drop_column("device", "tablet_id")
