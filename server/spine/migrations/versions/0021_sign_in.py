"""Sign-in: the council's accounts, what people were doing when asked who they are, emergency sign-ins."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up to this revision."""
    op.create_table(
        "identity",
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("tenant", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.user_id"], name=op.f("fk_identity_user_id_user")
        ),
        sa.PrimaryKeyConstraint("issuer", "tenant", "subject", name=op.f("pk_identity")),
        sa.UniqueConstraint("user_id", name=op.f("uq_identity_user_id")),
    )
    op.create_table(
        "errand",
        sa.Column("errand_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state_hash", sa.String(64), nullable=True),
        sa.Column("browser_hash", sa.String(64), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.user_id"], name=op.f("fk_errand_user_id_user")),
        sa.PrimaryKeyConstraint("errand_id", name=op.f("pk_errand")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_errand_state_hash")),
    )
    op.create_index(op.f("ix_errand_began_at"), "errand", ["began_at"])
    op.create_table(
        "emergency_sign_in",
        sa.Column("sign_in_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("examined_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("examined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.user_id"], name=op.f("fk_emergency_sign_in_user_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["examined_by"], ["user.user_id"], name=op.f("fk_emergency_sign_in_examined_by_user")
        ),
        sa.PrimaryKeyConstraint("sign_in_id", name=op.f("pk_emergency_sign_in")),
    )
    op.create_index(
        "ix_emergency_sign_in_open",
        "emergency_sign_in",
        ["happened_at"],
        postgresql_where=sa.text("examined_at IS NULL"),
    )
    op.add_column(
        "session", sa.Column("ended_why", sa.String(20), server_default="", nullable=False)
    )
    op.add_column("session", sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE session SET proved_at = started_at")
    op.alter_column("session", "proved_at", nullable=False)
    op.add_column(
        "session", sa.Column("by_provider", sa.Boolean(), server_default="false", nullable=False)
    )
    op.add_column("session", sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("session", sa.Column("sealed_refresh", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Go back down from it."""
    for column in ("sealed_refresh", "checked_at", "by_provider", "proved_at", "ended_why"):
        op.drop_column("session", column)
    op.drop_table("emergency_sign_in")
    op.drop_table("errand")
    op.drop_table("identity")
