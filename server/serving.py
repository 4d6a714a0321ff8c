"""How the office runs: its database up and migrated, then served to loopback by waitress."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import waitress
from fasteners import InterProcessLock
from flask import Flask
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import make_url
from sqlalchemy.exc import ProgrammingError

from server.config import Config
from server.spine import database, database_roles, logs
from server.spine.database_roles import OFFICE
from server.spine.postgres import DATABASE, EmbeddedPostgres

THREADS = 16
"""Requests answered at once by one process."""


@contextmanager
def running_database(config: Config) -> Iterator[str]:
    """Give the URL by which the office works with a database that runs and is migrated.

    It is the home's own unless one is named. Its role can add to the logs, and not alter them.
    """
    with owned_database(config) as owner_url:
        yield config.database_url or database_roles.office_url(owner_url)


@contextmanager
def owned_database(config: Config) -> Iterator[str]:
    """Give the URL of the same database for the role that owns its tables, as far as it is known."""
    config.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if config.database_url:
        owner_url = config.owner_database_url or config.database_url
        _migrate(config, owner_url)
        yield owner_url
        return
    with EmbeddedPostgres(config.home) as server, server.kept_up():
        url = server.url(DATABASE)
        database_roles.make(url)
        _migrate(config, url)
        yield url


def owner_url(config: Config, url: str) -> str:
    """Name the database that the office works with for the role that owns its tables."""
    if config.database_url:
        return config.owner_database_url or config.database_url
    return database_roles.office_url(url, DATABASE)


def _migrate(config: Config, url: str) -> None:
    """Migrate, one process at a time, and give the office's role its rights on what there is then.

    A role that owns nothing cannot: for it, the owner has migrated already.
    """
    with InterProcessLock(config.home / "migrate.lock"):
        if not database.is_newest(url):
            _bring_up(url)
        role = make_url(config.database_url).username if config.database_url else OFFICE
        if role and role != make_url(url).username:
            database_roles.grant(url, role)


def _bring_up(url: str) -> None:
    try:
        database.migrate(url)
    except ProgrammingError as error:
        if not isinstance(error.orig, InsufficientPrivilege):
            raise
        raise SystemExit(
            "The database is older than this program, and its role may not migrate it: run"
            " `fieldfare migrate` with FIELDFARE_OWNER_DATABASE_URL"
        ) from error


def serve(app: Flask, config: Config) -> None:
    """Answer requests until told to stop; says where in one JSON line once it listens."""
    logs.install()
    server = waitress.create_server(
        app,
        host="127.0.0.1",
        port=config.port,
        threads=THREADS,
        channel_timeout=30,
        max_request_body_size=app.config["MAX_CONTENT_LENGTH"],
        clear_untrusted_proxy_headers=True,
        ident=None,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    port = server.effective_port
    sys.stdout.write(json.dumps({"event": "ready", "address": f"http://127.0.0.1:{port}"}) + "\n")
    sys.stdout.flush()
    try:
        server.run()
    finally:
        server.close()
