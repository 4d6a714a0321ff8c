"""What a payment undoes, names compared by sound, and the places each case leads to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SUBJECTS = """
CREATE OR REPLACE VIEW case_subject AS
    SELECT case_id, 'debt' AS kind, debt_id AS subject_id FROM case_debt
    UNION
    SELECT case_id, 'account', account_id FROM case_debt JOIN debt USING (debt_id)
    UNION
    SELECT case_id, 'person', person_id FROM "case" WHERE person_id IS NOT NULL
    UNION
    SELECT case_id, 'person', person_id FROM case_debt JOIN liable_party USING (debt_id)
"""

PLACES = """
    UNION
    SELECT case_id, 'address', address_id FROM "case" WHERE address_id IS NOT NULL
    UNION
    SELECT case_id, 'address', residence.address_id FROM "case" JOIN residence USING (person_id)
    UNION
    SELECT case_id, 'address', residence.address_id
    FROM case_debt JOIN liable_party USING (debt_id) JOIN residence USING (person_id)
    WHERE residence.until IS NULL
    UNION
    SELECT case_id, 'address', account.address_id
    FROM case_debt JOIN debt USING (debt_id) JOIN account USING (account_id)
    WHERE account.address_id IS NOT NULL
"""

ALIKE = (
    ("name", "term", "kind IN ('name', 'former_name')"),
    ("address", "term", "kind = 'address'"),
    ("sound", "sound", "sound <> ''"),
)
"""Trigrams of names, of addresses and of sounds apart, so that a town's name does not slow all three."""


def upgrade() -> None:
    """Go up to this revision."""
    op.execute(SUBJECTS + PLACES)
    op.add_column("transaction", sa.Column("reverses_id", sa.Uuid(as_uuid=False), nullable=True))
    op.create_foreign_key(
        op.f("fk_transaction_reverses_id"),
        "transaction",
        "transaction",
        ["reverses_id"],
        ["transaction_id"],
    )
    op.create_index(
        "uq_transaction_reverses_id",
        "transaction",
        ["reverses_id"],
        unique=True,
        postgresql_where=sa.text("reverses_id IS NOT NULL"),
    )
    for name in ("sound", "similar", "exact"):
        op.drop_index(f"ix_search_term_{name}", table_name="search_term")
    op.create_index(
        "ix_search_term_exact",
        "search_term",
        ["kind", "term"],
        unique=False,
        postgresql_ops={"term": "varchar_pattern_ops"},
    )
    for name, column, which in ALIKE:
        op.create_index(
            f"ix_search_term_{name}",
            "search_term",
            [column],
            unique=False,
            postgresql_using="gin",
            postgresql_ops={column: "gin_trgm_ops"},
            postgresql_where=sa.text(which),
        )


def downgrade() -> None:
    """Go back down from it."""
    for name in ("exact", *(name for name, _, _ in ALIKE)):
        op.drop_index(f"ix_search_term_{name}", table_name="search_term")
    op.create_index("ix_search_term_exact", "search_term", ["kind", "term"], unique=False)
    op.create_index(
        "ix_search_term_similar",
        "search_term",
        ["term"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"term": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_search_term_sound",
        "search_term",
        ["sound"],
        unique=False,
        postgresql_where=sa.text("sound <> ''"),
    )
    op.drop_index("uq_transaction_reverses_id", table_name="transaction")
    op.drop_constraint(op.f("fk_transaction_reverses_id"), "transaction", type_="foreignkey")
    op.drop_column("transaction", "reverses_id")
    op.execute(SUBJECTS)
