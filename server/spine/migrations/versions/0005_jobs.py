"""Jobs: what a job was asked to do, and the queue of procrastinate in a schema of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up to this revision."""
    op.add_column("job", sa.Column("name", sa.String(length=60), server_default="", nullable=False))
    op.add_column(
        "job", sa.Column("arguments", postgresql.JSONB(), server_default="{}", nullable=False)
    )
    op.create_index(op.f("ix_job_asked_at"), "job", ["asked_at"])
    op.execute("CREATE SCHEMA procrastinate")
    op.execute("SET LOCAL search_path TO procrastinate")
    plain = op.get_bind().execution_options(no_parameters=True)
    plain.exec_driver_sql(SchemaManager.get_schema())
    op.execute("SET LOCAL search_path TO DEFAULT")


def downgrade() -> None:
    """Go back down from it."""
    op.execute("DROP SCHEMA procrastinate CASCADE")
    op.drop_index(op.f("ix_job_asked_at"), table_name="job")
    op.drop_column("job", "arguments")
    op.drop_column("job", "name")
