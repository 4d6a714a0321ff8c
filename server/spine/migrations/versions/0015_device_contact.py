"""How each device stood when it last spoke, why its requests failed, and what was handed over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up to this revision."""
    op.create_table(
        "device_contact",
        sa.Column("device_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("store_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("whole_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("app", sa.String(40), server_default="", nullable=False),
        sa.Column("protocol", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ahead_seconds", sa.Integer(), nullable=True),
        sa.Column("waiting", sa.Integer(), nullable=True),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("photographs", sa.Integer(), nullable=True),
        sa.Column("needs_you", sa.Integer(), nullable=True),
        sa.Column("cases", sa.Integer(), server_default="0", nullable=False),
        sa.Column("records", sa.Integer(), server_default="0", nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_code", sa.String(80), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.device_id"], name=op.f("fk_device_contact_device_id_device")
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device_contact")),
    )
    op.create_table(
        "sync_failure",
        sa.Column("device_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("failed_on", sa.Date(), nullable=False),
        sa.Column("code", sa.String(80), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.device_id"], name=op.f("fk_sync_failure_device_id_device")
        ),
        sa.PrimaryKeyConstraint("device_id", "failed_on", "code", name=op.f("pk_sync_failure")),
    )
    op.create_table(
        "handed_over",
        sa.Column("command_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("officer_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("command_id", name=op.f("pk_handed_over")),
    )
    op.create_index(
        "ix_command_device",
        "command",
        ["device_id", "received_at"],
        postgresql_where=sa.text("device_id IS NOT NULL"),
    )


def downgrade() -> None:
    """Go back down from it."""
    op.drop_index("ix_command_device", table_name="command")
    op.drop_table("handed_over")
    op.drop_table("sync_failure")
    op.drop_table("device_contact")
