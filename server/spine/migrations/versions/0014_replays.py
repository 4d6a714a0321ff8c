"""What was set aside and recorded after all, and which command bytes that were set aside are."""

from __future__ import annotations

import json
import uuid
from hashlib import sha256

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up to this revision."""
    op.create_table(
        "replay",
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("replay_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("officer_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("original_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("case_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("replayed_by", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_replay")),
    )
    op.create_index(op.f("ix_replay_original_id"), "replay", ["original_id"])
    op.create_index(op.f("ix_replay_case_id"), "replay", ["case_id"])
    op.add_column("set_aside", sa.Column("command_id", sa.Uuid(as_uuid=False), nullable=True))
    op.add_column("set_aside", sa.Column("identity", sa.String(64), nullable=True))
    op.add_column("set_aside", sa.Column("name", sa.String(60), server_default="", nullable=False))
    _name_what_was_kept()


def _name_what_was_kept() -> None:
    """Say of bytes kept before now which command they are, where that can be read."""
    connection = op.get_bind()
    kept = connection.execute(sa.text("SELECT set_aside_id, body FROM set_aside")).all()
    for set_aside_id, body in kept:
        try:
            said = json.loads(bytes(body))
            command_id, name = str(uuid.UUID(said["command_id"])), str(said["name"])[:60]
        except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
            continue
        connection.execute(
            sa.text(
                "UPDATE set_aside SET command_id = :c, identity = :i, name = :n "
                "WHERE set_aside_id = :s"
            ),
            {
                "c": command_id,
                "i": sha256(bytes(body)).hexdigest(),
                "n": name,
                "s": set_aside_id,
            },
        )


def downgrade() -> None:
    """Go back down from it."""
    op.drop_column("set_aside", "name")
    op.drop_column("set_aside", "identity")
    op.drop_column("set_aside", "command_id")
    op.drop_table("replay")
