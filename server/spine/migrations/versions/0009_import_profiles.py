"""How each imported file was read, so that the next one like it can be read the same way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up to this revision."""
    op.add_column(
        "import_file",
        sa.Column("profile", postgresql.JSONB(), server_default="{}", nullable=False),
    )


def downgrade() -> None:
    """Go back down from it."""
    op.drop_column("import_file", "profile")
