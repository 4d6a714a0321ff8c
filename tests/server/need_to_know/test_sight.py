"""Sight: views that show what their tables have, to one reader, for one transaction, or else least."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import text

from server.spine import database, sight
from server.spine.database import db
from tests.server.access.conftest import Office
from tests.server.need_to_know.restricted_town import build, restrict

COLUMNS = """
    SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute AS a
    WHERE a.attrelid = to_regclass(:table) AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum
"""
"""The columns of a table or view with their types, which prepared statements hold on to."""

PEOPLE = text("SELECT count(*) FROM person")


def test_each_view_has_the_columns_of_its_table_with_their_types(office: Office) -> None:
    with office.session() as session:
        views = text(
            "SELECT viewname FROM pg_views WHERE schemaname = 'visible'"
            " AND to_regclass('public.' || quote_ident(viewname)) IS NOT NULL"
        )
        named = session.scalars(views).all()
        assert len(named) > 25
        for name in named:
            of_view, of_table = (
                session.execute(text(COLUMNS), {"table": f'{schema}."{name}"'}).all()
                for schema in ("visible", "public")
            )
            assert of_view == of_table, name


def test_a_connection_forgets_its_reader_with_the_transaction(office: Office) -> None:
    keeper, carol = office.person("keeper", "supervisor"), office.person("carol", "caseworker")
    (household,) = build(office, 1, keeper)
    restrict(office, keeper, (household, ""))
    with office.app.app_context():
        session = db.session()
        sight.look_for(session, sight.Reader(user_id=carol, now=datetime.now(UTC)))
        assert session.scalar(PEOPLE) == 0
        session.rollback()
        assert session.scalar(PEOPLE) == 0, "each transaction of the session is told again"
        session.close()
        with db.session.session_factory() as other:
            assert other.scalar(PEOPLE) == 1


def test_a_session_that_looks_for_a_reader_is_told_even_in_the_middle_of_a_transaction(
    office: Office,
) -> None:
    keeper, carol = office.person("keeper", "supervisor"), office.person("carol", "caseworker")
    (household,) = build(office, 1, keeper)
    restrict(office, keeper, (household, ""))
    with office.session() as session:
        assert session.scalar(PEOPLE) == 1
        sight.look_for(session, sight.Reader(user_id=carol, now=datetime.now(UTC)))
        assert session.scalar(PEOPLE) == 0


def test_views_that_nobody_looks_through_show_nobody_who_is_restricted(office: Office) -> None:
    keeper = office.person("keeper", "supervisor")
    (household,) = build(office, 1, keeper)
    restrict(office, keeper, (household, ""))
    with office.session() as session:
        assert session.scalar(text("SELECT count(*) FROM visible.person")) == 0


def test_the_views_are_made_again_when_the_schema_moves(office: Office) -> None:
    with office.session() as session, session.begin():
        session.execute(text("DROP SCHEMA visible CASCADE"))
        session.execute(text("ALTER TABLE person ADD COLUMN shoe_size integer"))
    database.unmigrate(office.url, "0019")
    database.migrate(office.url)
    with office.session() as session:
        rows = session.execute(text(COLUMNS), {"table": "visible.person"}).all()
    assert ("shoe_size", "integer") in [tuple(row) for row in rows]
