"""What each case's records come to, to compare with devices, and every difference that was found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ADD_UP = """
INSERT INTO case_total
SELECT case_id, view, count(*), mod(sum(
    ('x' || left(encode(sha256(convert_to(
        concat_ws(E'\\n', case_id, view, kind, record_id, content_hash), 'UTF8')), 'hex'), 12)
    )::bit(48)::bigint), 281474976710656)
FROM field_record WHERE body IS NOT NULL GROUP BY case_id, view
"""


def upgrade() -> None:
    """Go up to this revision."""
    op.create_table(
        "case_total",
        sa.Column("case_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("view", sa.String(40), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("hash", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "view", name=op.f("pk_case_total")),
    )
    op.execute(ADD_UP)
    op.create_table(
        "sync_defect",
        sa.Column("defect_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("store_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("device_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("officer_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("values", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("defect_id", name=op.f("pk_sync_defect")),
    )
    op.create_index(op.f("ix_sync_defect_noticed_at"), "sync_defect", ["noticed_at"])
    op.create_index(op.f("ix_sync_defect_store_id"), "sync_defect", ["store_id"])


def downgrade() -> None:
    """Go back down from it."""
    op.drop_table("sync_defect")
    op.drop_table("case_total")
