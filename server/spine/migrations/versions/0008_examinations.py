"""Examinations: that somebody has looked at what was set aside, so that its tray can be emptied."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up to this revision."""
    op.create_table(
        "examination",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("examined_by", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("examined_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_examination")),
    )
    op.create_index(
        "ix_command_quarantined",
        "command",
        ["received_at"],
        postgresql_where=sa.text("outcome = 'quarantined'"),
    )


def downgrade() -> None:
    """Go back down from it."""
    op.drop_index("ix_command_quarantined", table_name="command")
    op.drop_table("examination")
