"""The office's database: one declarative base, one handle, and its migrations up and down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from time import monotonic
from typing import Any

import psycopg
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import MetaData, Table, create_engine, text
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import NullPool

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Every constraint is named, so that a refusal by the database can be put into words."""


class Row(DeclarativeBase):
    """The base of every table; a table class is called XRow."""

    metadata = MetaData(naming_convention=NAMES)


def table_of(row: type[Row]) -> Table:
    """Give the table of a class of rows, to be written to without an object a row."""
    return Row.metadata.tables[row.__tablename__]


db = SQLAlchemy(model_class=Row)
"""The handle every screen and query reads through; writes go through `execute` only."""


IDLE_SECONDS = 1.0
"""How long a connection may have been unused before it is asked whether it still lives."""

_USED_AT = "used_at"


def _note_return(_connection: Any, record: Any) -> None:  # noqa: ANN401 - the driver's and the pool's
    """Note when a connection was last used."""
    record.info[_USED_AT] = monotonic()


def _check_after_idling(connection: Any, record: Any, _holder: Any) -> None:  # noqa: ANN401 - a value of any kind
    """Have a connection that has lain idle answer first, so that one a restart broke is replaced.

    One that was just used is not asked: that would double the statements of a short request.
    """
    if monotonic() - record.info.get(_USED_AT, monotonic()) <= IDLE_SECONDS:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except psycopg.Error as error:
        raise DisconnectionError from error


def connect(app: Flask, url: str) -> None:
    """Bind the app to its database."""
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "hide_parameters": True,
        "pool_events": [(_note_return, "checkin"), (_check_after_idling, "checkout")],
        "pool_size": 10,
        "max_overflow": 20,
        "connect_args": {"application_name": "fieldfare", "options": "-c lock_timeout=20s"},
    }
    db.init_app(app)


def _migrations(url: str) -> AlembicConfig:
    """Point Alembic at the migrations that ship with the package."""
    config = AlembicConfig()
    folder = resources.files("server.spine") / "migrations"
    config.set_main_option("script_location", str(folder))
    config.attributes["url"] = url
    return config


def migrate(url: str, revision: str = "head") -> None:
    """Bring a database up to a revision of the schema."""
    if revision == "head" and _revision(url) == newest_revision():
        return
    with _sight_made_again(url):
        command.upgrade(_migrations(url), revision)


def unmigrate(url: str, revision: str = "base") -> None:
    """Take a database down to a revision of the schema."""
    with _sight_made_again(url):
        command.downgrade(_migrations(url), revision)


@contextmanager
def _sight_made_again(url: str) -> Iterator[None]:
    """Take away what readers see the tables through while these change, and make it again after.

    Views would hold on to columns that go, and would not show those that come.
    """
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA IF EXISTS visible CASCADE"))
        yield
    finally:
        with engine.begin() as connection:
            if connection.scalar(text("SELECT to_regproc('public.make_visible')")):
                connection.execute(text("SELECT public.make_visible()"))
        engine.dispose()


def _revision(url: str) -> str | None:
    """Say at which revision a database is; none when it has not been migrated at all."""
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def newest_revision() -> str:
    """Name the revision of the schema that this version of the program brings a database to."""
    return str(ScriptDirectory.from_config(_migrations("")).get_current_head())


def is_newest(url: str) -> bool:
    """Tell whether a database is at the revision that this version of the program brings it to."""
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return (
                MigrationContext.configure(connection).get_current_revision() == newest_revision()
            )
    finally:
        engine.dispose()


def is_known(revision: str) -> bool:
    """Tell whether this version of the program knows a revision; a later one's it does not."""
    known = ScriptDirectory.from_config(_migrations("")).walk_revisions()
    return revision in {script.revision for script in known}


def differences(url: str) -> list[Any]:
    """List where a migrated database and the tables in the code disagree."""
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            return list(compare_metadata(context, Row.metadata))
    finally:
        engine.dispose()
