"""The sealed history: the transaction each row was written in, the chain's entries, its checkpoints."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

SEALED = ("command", "change", "read")
WRITTEN_IN = "(pg_current_xact_id()::text::bigint)"

ONLY_ADDED_TO = ("audit_entry", "read")
"""As commands, changes and transactions are; the function that refuses is older."""


def upgrade() -> None:
    """Go up to this revision; what is there already is given this transaction, without being rewritten."""
    for table in SEALED:
        op.add_column(
            table,
            sa.Column(
                "written_in", sa.BigInteger(), server_default=sa.text(WRITTEN_IN), nullable=False
            ),
        )
        op.create_index(f"ix_{table}_written_in", table, ["written_in"], postgresql_using="brin")
    op.create_table(
        "audit_entry",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("source_key", sa.String(40), nullable=True),
        sa.Column("written_in", sa.BigInteger(), nullable=True),
        sa.Column("header", sa.Text(), nullable=False),
        sa.Column("detail_id", sa.BigInteger(), nullable=True),
        sa.Column("commitment", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["detail_id"], ["detail.detail_id"], name=op.f("fk_audit_entry_detail_id_detail")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_entry")),
    )
    op.create_index(
        "ix_audit_entry_log", "audit_entry", ["seq"], postgresql_where=sa.text("kind = 'log'")
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("entries", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.Column("epoch", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("public_key", sa.String(60), nullable=False),
        sa.Column("signature", sa.String(100), nullable=False),
        sa.Column("copied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("copied_to", sa.Text(), nullable=True),
        sa.Column("problem", sa.String(80), nullable=True),
        sa.PrimaryKeyConstraint("entries", name=op.f("pk_audit_checkpoint")),
    )
    for table in ONLY_ADDED_TO:
        op.execute(
            f'CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE ON "{table}" '
            "FOR EACH ROW EXECUTE FUNCTION only_added_to()"
        )
        op.execute(
            f'CREATE TRIGGER never_emptied BEFORE TRUNCATE ON "{table}" '
            "FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()"
        )


def downgrade() -> None:
    """Go back down from it."""
    for table in ONLY_ADDED_TO:
        op.execute(f'DROP TRIGGER only_added_to ON "{table}"')
        op.execute(f'DROP TRIGGER never_emptied ON "{table}"')
    op.drop_table("audit_checkpoint")
    op.drop_table("audit_entry")
    for table in SEALED:
        op.drop_index(f"ix_{table}_written_in", table_name=table)
        op.drop_column(table, "written_in")
