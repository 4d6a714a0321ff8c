"""Need to know: restricted people, broken glass, and what each reader's queries can see at all."""

# ruff: noqa: S608 - it is put together from what is written here, of nothing that anybody typed

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

HIDDEN = """
CREATE FUNCTION hidden_people(reader uuid, moment timestamptz) RETURNS SETOF uuid
LANGUAGE sql STABLE AS $$
    SELECT kept.person_id FROM public.restriction AS kept
    WHERE kept.open AND (kept.user_id = reader OR NOT (
        EXISTS (SELECT FROM public.restriction_access AS listed
                WHERE listed.person_id = kept.person_id AND listed.user_id = reader)
        OR EXISTS (SELECT FROM public.glass_break AS broken
                   WHERE broken.user_id = reader AND kept.person_id = ANY (broken.person_ids)
                     AND broken.broken_at <= moment AND moment < broken.until)))
$$;
CREATE FUNCTION hidden_accounts(reader uuid, moment timestamptz) RETURNS SETOF uuid
LANGUAGE sql STABLE AS $$
    SELECT owed.account_id FROM public.liable_party AS liable
    JOIN public.debt AS owed USING (debt_id)
    WHERE liable.person_id IN (SELECT public.hidden_people(reader, moment))
$$;
CREATE FUNCTION hidden_cases(reader uuid, moment timestamptz) RETURNS SETOF uuid
LANGUAGE sql STABLE AS $$
    SELECT about.case_id FROM public."case" AS about
    WHERE about.person_id IN (SELECT public.hidden_people(reader, moment))
    UNION
    SELECT of_case.case_id FROM public.case_debt AS of_case
    JOIN public.debt AS owed USING (debt_id)
    WHERE owed.account_id IN (SELECT public.hidden_accounts(reader, moment))
$$;
"""
"""Whom, and which of the accounts and cases they are in, nobody but those on a list may know of."""

SETTINGS = """
CREATE VIEW visible.hidden_person AS SELECT person_id FROM public.hidden_people(
    nullif(current_setting('fieldfare.reader', true), '')::uuid,
    nullif(current_setting('fieldfare.now', true), '')::timestamptz) AS hidden (person_id);
CREATE VIEW visible.hidden_account AS SELECT account_id FROM public.hidden_accounts(
    nullif(current_setting('fieldfare.reader', true), '')::uuid,
    nullif(current_setting('fieldfare.now', true), '')::timestamptz) AS hidden (account_id);
CREATE VIEW visible.hidden_case AS SELECT case_id FROM public.hidden_cases(
    nullif(current_setting('fieldfare.reader', true), '')::uuid,
    nullif(current_setting('fieldfare.now', true), '')::timestamptz) AS hidden (case_id);
CREATE VIEW visible.hidden_debt AS SELECT debt_id FROM public.debt
    WHERE account_id IN (SELECT account_id FROM visible.hidden_account);
CREATE VIEW visible.withheld AS SELECT record, field, value FROM public.field_class
    WHERE NOT class = ANY (string_to_array(
        coalesce(current_setting('fieldfare.classes', true), ''), ','));
CREATE VIEW visible.withheld_person AS SELECT person_id FROM public.marker
    WHERE person_id IS NOT NULL AND until IS NULL AND kind = 'protected_address'
      AND kind IN (SELECT value FROM visible.withheld WHERE record = 'marker');
CREATE VIEW visible.withheld_account AS SELECT account_id FROM public.liable_party
    JOIN public.debt USING (debt_id)
    WHERE person_id IN (SELECT person_id FROM visible.withheld_person);
CREATE VIEW visible.withheld_address AS
    SELECT address_id FROM public.residence
    WHERE person_id IN (SELECT person_id FROM visible.withheld_person)
    UNION
    SELECT address_id FROM public.account WHERE address_id IS NOT NULL
      AND account_id IN (SELECT account_id FROM visible.withheld_account)
    UNION
    SELECT address_id FROM public."case" WHERE address_id IS NOT NULL
      AND person_id IN (SELECT person_id FROM visible.withheld_person);
CREATE VIEW visible.withheld_marker AS SELECT marker_id FROM public.marker
    WHERE kind IN (SELECT value FROM visible.withheld WHERE record = 'marker');
"""
"""What this transaction's reader is not to see: without a reader nobody who is restricted is seen."""


def _among(column: str, view: str) -> str:
    key = view.partition("_")[2] + "_id"
    return f"{column} IN (SELECT {key} FROM visible.{view})"


def _none(*columns_and_views: tuple[str, str]) -> str:
    """Want none of these; an empty column is among nothing."""
    return " AND ".join(
        f"(t.{column} IS NULL OR NOT {_among(f't.{column}', view)})"
        for column, view in columns_and_views
    )


PERSON = ("person_id", "hidden_person")
ACCOUNT = ("account_id", "hidden_account")
DEBT = ("debt_id", "hidden_debt")
CASE = ("case_id", "hidden_case")
PLACE = ("address_id", "withheld_address")

PLACES = "('address', 'postcode', 'uprn', 'property_reference')"

SHOWN: dict[str, str] = {
    "person": _none(PERSON),
    "former_name": _none(PERSON),
    "contact": _none(PERSON),
    "payer_reference": _none(PERSON),
    "residence": _none(PERSON, ("person_id", "withheld_person"), PLACE),
    "address": _none(PLACE),
    "marker": _none(PERSON, ("marker_id", "withheld_marker")),
    "account": _none(ACCOUNT),
    "debt": _none(ACCOUNT),
    "liable_party": _none(PERSON, DEBT),
    "transaction": _none(DEBT),
    "hold": _none(DEBT),
    "case": _none(CASE),
    "case_debt": _none(CASE, DEBT),
    "case_access": _none(CASE),
    "planned_visit": _none(CASE),
    "visit": _none(CASE),
    "photograph": _none(CASE),
    "visit_comment": f"""NOT t.visit_id IN (
        SELECT visit_id FROM public.visit WHERE {_among("case_id", "hidden_case")})""",
    "task": _none(PERSON, ACCOUNT, CASE),
    "conflict": _none(PERSON, CASE),
    "conflict_claim": f"""NOT t.conflict_id IN (
        SELECT conflict_id FROM public.conflict WHERE {_among("case_id", "hidden_case")}
        OR {_among("person_id", "hidden_person")})""",
    "replay": _none(CASE),
    "command": _none(CASE),
    "handed_over": f"""NOT t.command_id IN (
        SELECT command_id FROM public.command WHERE {_among("case_id", "hidden_case")})""",
    "field_record": _none(CASE),
    "case_total": _none(CASE),
    "case_subject": _none(CASE),
    "search_term": _none(PERSON, ACCOUNT)
    + f""" AND NOT (t.kind IN {PLACES} AND (
        t.person_id IN (SELECT person_id FROM public.residence WHERE
                        {_among("address_id", "withheld_address")})
        OR t.account_id IN (SELECT account_id FROM visible.withheld_account)
        OR t.account_id IN (SELECT account_id FROM public.account WHERE
                            {_among("address_id", "withheld_address")})) IS TRUE)""",
    "change": """NOT t.person_ids && ARRAY(SELECT person_id FROM visible.hidden_person)
        AND NOT t.account_ids && ARRAY(SELECT account_id FROM visible.hidden_account)
        AND NOT t.debt_ids && ARRAY(SELECT debt_id FROM visible.hidden_debt)
        AND NOT t.case_ids && ARRAY(SELECT case_id FROM visible.hidden_case)
        AND NOT (t.name IN ('MarkerRecorded', 'MarkerEnded') AND t.line ->> 'kind' IN (
            SELECT value FROM visible.withheld WHERE record = 'marker'))
        AND NOT (t.name IN ('HoldPlaced', 'HoldEnded') AND t.line ->> 'reason' IN (
            SELECT value FROM visible.withheld WHERE record = 'hold'))
        AND NOT (t.name = 'DetailsCorrected' AND t.line -> 'moved' ?| ARRAY(
            SELECT field::text FROM visible.withheld WHERE record = 'person'))
        AND NOT (t.name IN ('ConflictRaised', 'ConflictDecided') AND (
            t.line ->> 'record' = 'person' AND split_part(t.line ->> 'field', '.', 1) IN (
                SELECT field FROM visible.withheld WHERE record = 'person')
            OR t.line ->> 'record' = 'marker' AND t.line ->> 'record_id' IN (
                SELECT marker_id::text FROM visible.withheld_marker)))
        AND NOT coalesce(t.line ->> 'address_id' IN (
            SELECT address_id::text FROM visible.withheld_address), false)""",
}
"""What a reader is shown of each table, `t`; a table that is not here is shown whole."""

OF_PERSON = "EXISTS (SELECT FROM visible.withheld WHERE record = 'person' AND field = '{field}')"
OF_CONFLICT = """(t.record = 'person' AND split_part(t.field, '.', 1) IN (
        SELECT field FROM visible.withheld WHERE record = 'person')
    OR t.record = 'marker' AND t.record_id IN (SELECT marker_id FROM visible.withheld_marker))"""
OF_CLAIM = f"""EXISTS (SELECT FROM public.conflict AS of_claim
    WHERE of_claim.conflict_id = t.conflict_id AND {OF_CONFLICT.replace("t.", "of_claim.")})"""
OF_HOLD = "t.reason IN (SELECT value FROM visible.withheld WHERE record = 'hold')"

MASKED: dict[tuple[str, str], tuple[str, str]] = {
    ("person", "needs"): (OF_PERSON.format(field="needs"), "'{}'"),
    ("person", "household"): (OF_PERSON.format(field="household"), "''"),
    ("hold", "reason"): (OF_HOLD, "'withheld'"),
    ("hold", "note"): (OF_HOLD, "''"),
    ("conflict", "was"): (OF_CONFLICT, "'null'"),
    ("conflict", "office"): (OF_CONFLICT, "'null'"),
    ("conflict", "decided"): (OF_CONFLICT, "'null'"),
    ("conflict", "note"): (OF_CONFLICT, "''"),
    ("conflict_claim", "value"): (OF_CLAIM, "'null'"),
    ("conflict_claim", "reason"): (OF_CLAIM, "''"),
}
"""(table, column): when it is withheld, and what stands in its place then."""

MAKE_VISIBLE = """
CREATE FUNCTION make_visible() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    shown jsonb := $json$SHOWN$json$;
    masked jsonb := $json$MASKED$json$;
    each text;
    columns text;
BEGIN
    DROP SCHEMA IF EXISTS visible CASCADE;
    CREATE SCHEMA visible;
    SETTINGS
    FOR each IN SELECT jsonb_object_keys(shown) LOOP
        SELECT string_agg(
            CASE WHEN masked -> each ? a.attname::text THEN
                '(CASE WHEN ' || (masked -> each -> a.attname::text ->> 0)
                || ' THEN ' || (masked -> each -> a.attname::text ->> 1)
                || ' ELSE t.' || quote_ident(a.attname) || ' END)::'
                || format_type(a.atttypid, a.atttypmod) || ' AS ' || quote_ident(a.attname)
            ELSE 't.' || quote_ident(a.attname) END,
            ', ' ORDER BY a.attnum)
        INTO columns FROM pg_attribute AS a
        WHERE a.attrelid = ('public.' || quote_ident(each))::regclass
          AND a.attnum > 0 AND NOT a.attisdropped;
        EXECUTE 'CREATE VIEW visible.' || quote_ident(each) || ' AS SELECT ' || columns
            || ' FROM public.' || quote_ident(each) || ' AS t WHERE ' || (shown ->> each);
    END LOOP;
END $$;
"""
"""Makes a schema with a view for each table that shows less; run again when a table has changed."""


def _make_visible() -> str:
    masked: dict[str, dict[str, tuple[str, str]]] = {}
    for (table, column), mask in MASKED.items():
        masked.setdefault(table, {})[column] = mask
    return (
        MAKE_VISIBLE.replace("$json$SHOWN$json$", f"$json${json.dumps(SHOWN)}$json$")
        .replace("$json$MASKED$json$", f"$json${json.dumps(masked)}$json$")
        .replace("SETTINGS", SETTINGS)
    )


ID = sa.Uuid(as_uuid=False)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Go up to this revision."""
    op.create_table(
        "restriction",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("open", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("restricted_by", ID, nullable=False),
        sa.Column("restricted_at", MOMENT, nullable=False),
        sa.Column("lift_asked_by", ID, nullable=True),
        sa.Column("lift_asked_at", MOMENT, nullable=True),
        sa.Column("lift_reason", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.person_id"], name=op.f("fk_restriction_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.user_id"], name=op.f("fk_restriction_user_id_user")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_restriction")),
    )
    op.create_table(
        "restriction_access",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("given_by", ID, nullable=False),
        sa.Column("given_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["restriction.person_id"],
            name=op.f("fk_restriction_access_person_id_restriction"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.user_id"], name=op.f("fk_restriction_access_user_id_user")
        ),
        sa.PrimaryKeyConstraint("person_id", "user_id", name=op.f("pk_restriction_access")),
    )
    op.create_index(op.f("ix_restriction_access_user_id"), "restriction_access", ["user_id"])
    op.create_table(
        "glass_break",
        sa.Column("break_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("person_ids", postgresql.ARRAY(ID), nullable=False),
        sa.Column("reference", sa.String(60), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("broken_at", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("finding", sa.String(20), server_default="", nullable=False),
        sa.Column("review_note", sa.Text(), server_default="", nullable=False),
        sa.Column("reviewed_by", ID, nullable=True),
        sa.Column("reviewed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.user_id"], name=op.f("fk_glass_break_user_id_user")
        ),
        sa.PrimaryKeyConstraint("break_id", name=op.f("pk_glass_break")),
    )
    op.create_index(op.f("ix_glass_break_user_id_until"), "glass_break", ["user_id", "until"])
    op.create_index(
        "ix_glass_break_waiting",
        "glass_break",
        ["broken_at"],
        postgresql_where=sa.text("reviewed_at IS NULL"),
    )
    op.create_table(
        "field_class",
        sa.Column("record", sa.String(20), nullable=False),
        sa.Column("field", sa.String(40), nullable=False),
        sa.Column("value", sa.String(40), nullable=False),
        sa.Column("class", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("record", "field", "value", name=op.f("pk_field_class")),
    )
    op.execute(HIDDEN)
    op.get_bind().exec_driver_sql(_make_visible())
    op.execute("SELECT make_visible()")


def downgrade() -> None:
    """Go back down from it."""
    op.execute("DROP SCHEMA IF EXISTS visible CASCADE")
    op.execute("DROP FUNCTION make_visible()")
    op.execute("DROP FUNCTION hidden_cases(uuid, timestamptz)")
    op.execute("DROP FUNCTION hidden_accounts(uuid, timestamptz)")
    op.execute("DROP FUNCTION hidden_people(uuid, timestamptz)")
    for table in ("field_class", "glass_break", "restriction_access", "restriction"):
        op.drop_table(table)
