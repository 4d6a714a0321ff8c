"""Up to which commit a verified backup holds the office, and how each backup ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up to this revision."""
    op.add_column(
        "sync_head",
        sa.Column("durable_commit_number", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.add_column("sync_head", sa.Column("durable_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "backup",
        sa.Column("backup_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(20), server_default="", nullable=False),
        sa.Column("commit_number", sa.BigInteger(), nullable=True),
        sa.Column("epoch", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.String(80), nullable=True),
        sa.Column("values", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("incident", sa.String(20), nullable=True),
        sa.PrimaryKeyConstraint("backup_id", name=op.f("pk_backup")),
    )
    op.create_index(op.f("ix_backup_began_at"), "backup", ["began_at"])


def downgrade() -> None:
    """Go back down from it."""
    op.drop_table("backup")
    op.drop_column("sync_head", "durable_at")
    op.drop_column("sync_head", "durable_commit_number")
