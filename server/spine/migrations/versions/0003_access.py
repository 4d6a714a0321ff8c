"""Access remembers more: who vouched for a device, why it was revoked, what the software gave a role."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up to this revision."""
    op.add_column(
        "user",
        sa.Column("password_temporary", sa.Boolean(), server_default="false", nullable=False),
    )
    op.create_table(
        "shipped_permission",
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("permission", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("role", "permission", name=op.f("pk_shipped_permission")),
    )
    op.create_table(
        "office_key",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_office_key")),
    )
    op.add_column("device", sa.Column("ticket_id", sa.Uuid(as_uuid=False), nullable=True))
    op.create_foreign_key(
        op.f("fk_device_ticket_id"), "device", "enrolment_ticket", ["ticket_id"], ["ticket_id"]
    )
    op.add_column(
        "device",
        sa.Column(
            "key_hash",
            sa.LargeBinary(),
            sa.Computed("sha256(public_key)", persisted=True),
            nullable=False,
        ),
    )
    op.create_unique_constraint(op.f("uq_device_key_hash"), "device", ["key_hash"])
    op.add_column("device", sa.Column("revoked_by", sa.Uuid(as_uuid=False), nullable=True))
    op.add_column(
        "device",
        sa.Column("revoked_reason", sa.String(length=20), server_default="", nullable=False),
    )


def downgrade() -> None:
    """Go back down from it."""
    op.drop_column("device", "revoked_reason")
    op.drop_column("device", "revoked_by")
    op.drop_constraint(op.f("uq_device_key_hash"), "device", type_="unique")
    op.drop_column("device", "key_hash")
    op.drop_constraint(op.f("fk_device_ticket_id"), "device", type_="foreignkey")
    op.drop_column("device", "ticket_id")
    op.drop_table("office_key")
    op.drop_table("shipped_permission")
    op.drop_column("user", "password_temporary")
