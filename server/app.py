"""The office, put together: its areas in order, its database, its guard; the table of contents."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from flask import Flask

from server.access.area import AREA as ACCESS
from server.access.identity import identify
from server.accounts.area import AREA as ACCOUNTS
from server.cases.area import AREA as CASES
from server.config import Config
from server.payments.area import AREA as PAYMENTS
from server.people.area import AREA as PEOPLE
from server.recovery.area import AREA as RECOVERY
from server.spine import database, error_pages, web
from server.spine.areas import Area, House, assemble
from server.spine.permissions import Opening, check_every_view
from server.sync_api.area import AREA as SYNC
from server.visits.area import AREA as VISITS
from server.worktray.area import AREA as WORKTRAY

AREAS: tuple[Area, ...] = (
    WORKTRAY,
    PEOPLE,
    ACCOUNTS,
    CASES,
    RECOVERY,
    PAYMENTS,
    VISITS,
    ACCESS,
    SYNC,
)
"""Every area of the office; taking one out is deleting its folder and its line."""


def house() -> House:
    """Assemble the areas, failing when anything has no owner."""
    return assemble(AREAS)


def create_app(config: Config, database_url: str) -> Flask:
    """Build the office on a database that has been migrated."""
    assembled = house()
    app = Flask("server", static_folder=None, template_folder=None)
    app.config["SECRET_KEY"] = _secret(config.home / "secrets" / "cookies")
    database.connect(app, database_url)
    web.install(app, assembled, config, identify)
    error_pages.install(app)
    app.add_url_rule("/assets/<path:filename>", "static", app.send_static_file)
    app.view_functions["static"].needs = Opening.EVERYONE  # type: ignore[attr-defined]
    for area in assembled.areas:
        for screens in area.screens:
            app.register_blueprint(screens)
    check_every_view(app, assembled)
    return app


def _secret(path: Path) -> bytes:
    """Read the key that signs cookies, making it at the first start."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(32))
    return path.read_bytes()
