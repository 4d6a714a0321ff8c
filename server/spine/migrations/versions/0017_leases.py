"""What devices are lent, and the teams that say for how long."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up to this revision; each device gets a share when it next asks for one."""
    op.create_table(
        "device_lease",
        sa.Column("device_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("sealed_root", sa.LargeBinary(), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("epoch_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mode", sa.String(20), nullable=False),
        sa.Column("days", sa.Integer(), server_default="0", nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.device_id"], name=op.f("fk_device_lease_device_id_device")
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device_lease")),
    )
    op.create_table(
        "team",
        sa.Column("team_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("mode", sa.String(20), nullable=False),
        sa.Column("days", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("team_id", name=op.f("pk_team")),
        sa.UniqueConstraint("name", name=op.f("uq_team_name")),
    )
    op.create_table(
        "team_member",
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("team_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.team_id"], name=op.f("fk_team_member_team_id_team")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.user_id"], name=op.f("fk_team_member_user_id_user")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_team_member")),
    )
    op.create_index(op.f("ix_team_member_team_id"), "team_member", ["team_id"], unique=False)
    op.create_table(
        "offline_request",
        sa.Column("request_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("team_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(20), nullable=True),
        sa.Column("answered_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.team_id"], name=op.f("fk_offline_request_team_id_team")
        ),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_offline_request")),
    )
    op.create_index(
        "uq_offline_request_open",
        "offline_request",
        ["team_id"],
        unique=True,
        postgresql_where=sa.text("answer IS NULL"),
    )


def downgrade() -> None:
    """Go back down from it."""
    op.drop_index("uq_offline_request_open", table_name="offline_request")
    op.drop_table("offline_request")
    op.drop_index(op.f("ix_team_member_team_id"), table_name="team_member")
    op.drop_table("team_member")
    op.drop_table("team")
    op.drop_table("device_lease")
