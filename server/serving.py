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

from server.config import Config
from server.spine import database, logs
from server.spine.postgres import EmbeddedPostgres

THREADS = 16
"""Requests answered at once by one process."""


@contextmanager
def running_database(config: Config) -> Iterator[str]:
    """Give the URL of a database that runs and is migrated; the home's own unless one is named."""
    config.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if config.database_url:
        _migrate(config, config.database_url)
        yield config.database_url
        return
    with EmbeddedPostgres(config.home) as server, server.kept_up():
        url = server.url("fieldfare")
        _migrate(config, url)
        yield url


def _migrate(config: Config, url: str) -> None:
    """Migrate, one process at a time."""
    with InterProcessLock(config.home / "migrate.lock"):
        database.migrate(url)


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
