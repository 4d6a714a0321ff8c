"""Officers' keys: whose hand signs on which device, and what it signed of each command."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up to this revision."""
    op.create_table(
        "officer_key",
        sa.Column("device_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("officer_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("office", sa.String(43), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.device_id"], name=op.f("fk_officer_key_device_id_device")
        ),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["user.user_id"], name=op.f("fk_officer_key_officer_id_user")
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_officer_key")),
    )
    op.add_column("command", sa.Column("signature", sa.String(200), nullable=True))
    op.add_column("set_aside", sa.Column("signature", sa.String(200), nullable=True))


def downgrade() -> None:
    """Go back down from it."""
    op.drop_column("set_aside", "signature")
    op.drop_column("command", "signature")
    op.drop_table("officer_key")
