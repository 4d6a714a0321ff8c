"""Conflicts: both values and what was before, until a person decides; details an officer can correct."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up to this revision."""
    op.add_column(
        "person", sa.Column("preferred_contact", sa.String(20), server_default="", nullable=False)
    )
    op.add_column("person", sa.Column("household", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "person",
        sa.Column(
            "needs",
            postgresql.ARRAY(sa.String(40)),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
    )
    op.add_column(
        "contact", sa.Column("standing", sa.String(10), server_default="in_use", nullable=False)
    )
    op.create_table(
        "conflict",
        sa.Column("conflict_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("record", sa.String(20), nullable=False),
        sa.Column("record_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("field", sa.String(60), nullable=False),
        sa.Column("case_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("person_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("address_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("was", postgresql.JSONB(), nullable=False),
        sa.Column("office", postgresql.JSONB(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("open", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("answer", sa.String(10), server_default="", nullable=False),
        sa.Column("decided", postgresql.JSONB(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("conflict_id", name=op.f("pk_conflict")),
    )
    op.create_index(
        "uq_conflict_open_field",
        "conflict",
        ["record", "record_id", "field"],
        unique=True,
        postgresql_where=sa.text("open"),
    )
    op.create_index(op.f("ix_conflict_case_id"), "conflict", ["case_id"])
    op.create_index(op.f("ix_conflict_person_id"), "conflict", ["person_id"])
    op.create_index(op.f("ix_conflict_address_id"), "conflict", ["address_id"])
    op.create_index("ix_conflict_open", "conflict", ["opened_at"], postgresql_where=sa.text("open"))
    op.create_table(
        "conflict_claim",
        sa.Column("claim_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("conflict_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("command_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("officer_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("value", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_conflict_claim")),
        sa.ForeignKeyConstraint(
            ["conflict_id"],
            ["conflict.conflict_id"],
            name=op.f("fk_conflict_claim_conflict_id"),
        ),
    )
    op.create_index(op.f("ix_conflict_claim_conflict_id"), "conflict_claim", ["conflict_id"])
    op.create_table(
        "unmade_record",
        sa.Column("record_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("command_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_unmade_record")),
    )


def downgrade() -> None:
    """Go back down from it."""
    op.drop_table("unmade_record")
    op.drop_table("conflict_claim")
    op.drop_table("conflict")
    op.drop_column("contact", "standing")
    op.drop_column("person", "needs")
    op.drop_column("person", "household")
    op.drop_column("person", "preferred_contact")
