"""Personal text in the log is erased or stays as it is: whoever works with the office cannot reword it."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

REFUSE = """
CREATE FUNCTION only_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.body IS NULL AND NEW.salt IS NULL AND NEW.erased_at IS NOT NULL THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a text of the log is only ever erased'
        USING ERRCODE = 'insufficient_privilege';
END $$
"""


def upgrade() -> None:
    """Go up to this revision."""
    op.execute(REFUSE)
    op.execute(
        "CREATE TRIGGER only_erased BEFORE UPDATE ON detail "
        "FOR EACH ROW EXECUTE FUNCTION only_erased()"
    )


def downgrade() -> None:
    """Go back down from it."""
    op.execute("DROP TRIGGER only_erased ON detail")
    op.execute("DROP FUNCTION only_erased")
