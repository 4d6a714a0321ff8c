"""What tables alone cannot promise: numbers on field records, logs only added to, subjects derived."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CASE_SUBJECT = """
CREATE VIEW case_subject AS
    SELECT case_id, 'debt' AS kind, debt_id AS subject_id FROM case_debt
    UNION
    SELECT case_id, 'account', account_id FROM case_debt JOIN debt USING (debt_id)
    UNION
    SELECT case_id, 'person', person_id FROM "case" WHERE person_id IS NOT NULL
    UNION
    SELECT case_id, 'person', person_id FROM case_debt JOIN liable_party USING (debt_id)
"""

GOES_OUT = """
CREATE VIEW goes_out AS
    SELECT DISTINCT user_id FROM "user"
    JOIN user_role USING (user_id) JOIN role_permission USING (role)
    WHERE active AND permission = 'visits.record'
"""

FORGET_NUMBER = """
CREATE FUNCTION field_record_forget_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.body IS DISTINCT FROM OLD.body
       AND NEW.commit_number IS NOT DISTINCT FROM OLD.commit_number THEN
        NEW.commit_number := NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER forget_number BEFORE UPDATE ON field_record
    FOR EACH ROW EXECUTE FUNCTION field_record_forget_number();
"""

NEED_NUMBER = """
CREATE FUNCTION need_commit_number() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE lacking boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE case_id = $1 AND commit_number IS NULL)',
                   TG_TABLE_NAME) INTO lacking USING NEW.case_id;
    IF lacking THEN
        RAISE EXCEPTION '% of case % was changed without a commit number',
            TG_TABLE_NAME, NEW.case_id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER need_number AFTER INSERT OR UPDATE ON field_record
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.commit_number IS NULL) EXECUTE FUNCTION need_commit_number();
CREATE CONSTRAINT TRIGGER need_number AFTER INSERT OR UPDATE ON case_access
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.commit_number IS NULL) EXECUTE FUNCTION need_commit_number();
"""

ONLY_ADDED_TO = ("change", "command", "transaction")

REFUSE = """
CREATE FUNCTION only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""


def upgrade() -> None:
    """Go up to this revision."""
    op.execute(CASE_SUBJECT)
    op.execute(GOES_OUT)
    op.execute("CREATE SEQUENCE case_reference")
    op.execute(FORGET_NUMBER)
    op.execute(NEED_NUMBER)
    op.execute(REFUSE)
    for table in ONLY_ADDED_TO:
        op.execute(
            f'CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE ON "{table}" '
            "FOR EACH ROW EXECUTE FUNCTION only_added_to()"
        )
        op.execute(
            f'CREATE TRIGGER never_emptied BEFORE TRUNCATE ON "{table}" '
            "FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()"
        )
    op.execute("INSERT INTO sync_head VALUES (1, 0, gen_random_uuid())")


def downgrade() -> None:
    """Go back down from it."""
    op.execute("DELETE FROM sync_head")
    for table in ONLY_ADDED_TO:
        op.execute(f'DROP TRIGGER only_added_to ON "{table}"')
        op.execute(f'DROP TRIGGER never_emptied ON "{table}"')
    op.execute("DROP FUNCTION only_added_to")
    op.execute("DROP TRIGGER need_number ON case_access")
    op.execute("DROP TRIGGER need_number ON field_record")
    op.execute("DROP FUNCTION need_commit_number")
    op.execute("DROP TRIGGER forget_number ON field_record")
    op.execute("DROP FUNCTION field_record_forget_number")
    op.execute("DROP SEQUENCE case_reference")
    op.execute("DROP VIEW goes_out")
    op.execute("DROP VIEW case_subject")
