"""Imports: the files taken in, what they turned away, and what the last one said of each account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.Uuid(as_uuid=False)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Go up to this revision."""
    op.create_table(
        "import_file",
        sa.Column("import_id", ID, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("profile_hash", sa.String(64), nullable=False),
        sa.Column("profile_name", sa.String(80), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("begun_by", ID, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        *[
            sa.Column(name, sa.Integer(), server_default="0", nullable=False)
            for name in ("read", "created", "changed", "unchanged", "rejected")
        ],
        sa.Column("found", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("header", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_import_file")),
    )
    op.create_index(op.f("ix_import_file_begun_at"), "import_file", ["begun_at"])
    op.create_index("ix_import_file_same", "import_file", ["sha256", "profile_hash"])
    op.create_table(
        "import_reject",
        sa.Column("import_id", ID, nullable=False),
        sa.Column("line_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("codes", postgresql.JSONB(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(), nullable=True),
        sa.Column("values", postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import_file.import_id"], name=op.f("fk_import_reject_import_id")
        ),
        sa.PrimaryKeyConstraint("import_id", "line_number", name=op.f("pk_import_reject")),
    )
    op.create_table(
        "import_upload",
        sa.Column("upload_id", ID, nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("profile", postgresql.JSONB(), nullable=True),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("declared_rows", sa.Integer(), nullable=True),
        sa.Column("declared_sum_pence", sa.BigInteger(), nullable=True),
        sa.Column("checked", postgresql.JSONB(), nullable=True),
        sa.Column("uploaded_at", MOMENT, nullable=False),
        sa.Column("uploaded_by", ID, nullable=False),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_import_upload")),
    )
    op.create_index(op.f("ix_import_upload_uploaded_at"), "import_upload", ["uploaded_at"])
    op.create_table(
        "imported_account",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("import_id", ID, nullable=False),
        sa.Column("marks", postgresql.JSONB(), nullable=False),
        sa.Column("named", postgresql.JSONB(), nullable=False),
        sa.Column("outcomes", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.account_id"], name=op.f("fk_imported_account_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import_file.import_id"], name=op.f("fk_imported_account_import_id")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_imported_account")),
    )
    op.create_index(op.f("ix_imported_account_import_id"), "imported_account", ["import_id"])
    op.create_table(
        "payer_reference",
        sa.Column("service", sa.String(60), nullable=False),
        sa.Column("reference", sa.String(40), nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.person_id"], name=op.f("fk_payer_reference_person_id")
        ),
        sa.PrimaryKeyConstraint("service", "reference", name=op.f("pk_payer_reference")),
    )
    op.create_index(op.f("ix_payer_reference_person_id"), "payer_reference", ["person_id"])


def downgrade() -> None:
    """Go back down from it."""
    op.drop_table("payer_reference")
    op.drop_table("imported_account")
    op.drop_table("import_upload")
    op.drop_table("import_reject")
    op.drop_table("import_file")
