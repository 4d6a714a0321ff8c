"""The office, put together: its areas in order, its database, its guard; the table of contents."""

from __future__ import annotations

from flask import Flask, Response, current_app

from server.access.area import AREA as ACCESS
from server.access.identity import identify
from server.access.roles import ensure_roles
from server.accounts.area import AREA as ACCOUNTS
from server.audit.area import AREA as AUDIT
from server.cases.area import AREA as CASES
from server.config import Config
from server.entrance import sealing
from server.entrance import settings as provider_settings
from server.entrance.area import AREA as ENTRANCE
from server.entrance.provider import Provider
from server.entrance.settings import NotSetUp
from server.interop.area import AREA as INTEROP
from server.keeping.area import AREA as KEEPING
from server.leasing import shares
from server.leasing.area import AREA as LEASING
from server.need_to_know.area import AREA as NEED_TO_KNOW
from server.payments.area import AREA as PAYMENTS
from server.people.area import AREA as PEOPLE
from server.published.area import AREA as PUBLISHED
from server.reconciling.area import AREA as RECONCILING
from server.recovery.area import AREA as RECOVERY
from server.sealed_work.area import AREA as SEALED_WORK
from server.spine import database, error_pages, office_box, office_seal, secret_files, web
from server.spine.areas import Area, House, assemble
from server.spine.database import db
from server.spine.permissions import Opening, check_every_view, needs
from server.spine.settings import FICTIONAL, OFFICE_NAME, setting
from server.spine.sight import ensure_classes
from server.sync_api.area import AREA as SYNC
from server.sync_health.area import AREA as SYNC_HEALTH
from server.visits.area import AREA as VISITS
from server.wiping.area import AREA as WIPING
from server.worktray.area import AREA as WORKTRAY

COOKIE_KEY_BYTES = 32
"""Bytes of the key that signs cookies."""

AREAS: tuple[Area, ...] = (
    WORKTRAY,
    PEOPLE,
    ACCOUNTS,
    CASES,
    RECONCILING,
    RECOVERY,
    PAYMENTS,
    VISITS,
    INTEROP,
    ACCESS,
    NEED_TO_KNOW,
    ENTRANCE,
    LEASING,
    KEEPING,
    AUDIT,
    SYNC,
    SEALED_WORK,
    SYNC_HEALTH,
    WIPING,
    PUBLISHED,
)
"""Every area of the office; taking one out is deleting its folder and its line."""


def house() -> House:
    """Assemble the areas, failing when anything has no owner."""
    return assemble(AREAS)


def create_app(config: Config, database_url: str) -> Flask:
    """Build the office on a database that has been migrated."""
    assembled, provider = house(), _provider(config)
    app = Flask("server", static_folder=None, template_folder=None)
    app.config["SECRET_KEY"] = secret_files.read_or_make(
        config.home / "secrets" / "cookies", COOKIE_KEY_BYTES
    )
    database.connect(app, database_url)
    web.install(app, assembled, config, identify)
    error_pages.install(app)
    app.add_url_rule("/assets/<path:filename>", "static", static_file)
    for area in assembled.areas:
        for screens in area.screens:
            app.register_blueprint(screens)
    check_every_view(app, assembled)
    with app.app_context(), db.session.begin():
        ensure_roles(db.session())
        ensure_classes(db.session())
        app.extensions["fieldfare"].update(
            fictional=setting(db.session(), FICTIONAL) == "yes",
            seal=office_seal.load(config.home / "secrets"),
            shares=shares.load(config.home / "secrets"),
            box=office_box.load(config.home / "secrets"),
            sealer=sealing.load(config.home / "secrets"),
            provider=provider,
            office_name=setting(db.session(), OFFICE_NAME) or config.office_name,
        )
    return app


def _provider(config: Config) -> Provider | None:
    """Give the provider people sign in by, if any; an office that names one wrongly stays shut."""
    try:
        settings = provider_settings.load(config)
    except NotSetUp as error:
        raise SystemExit(str(error)) from error
    return Provider(settings) if settings else None


@needs(Opening.EVERYONE)
def static_file(filename: str) -> Response:
    """Send a file of the shared look; there is nothing else in its folder."""
    return current_app.send_static_file(filename)
