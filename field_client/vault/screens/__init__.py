"""The screens of an open vault: Today, cases, visits, the outbox, search and settings.

They read the vault and give commands; they wait for no network and hold no SQL.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from flask import Flask, redirect, request
from werkzeug.wrappers import Response

from field_client import clock
from field_client.vault import freshness, losses, outbox
from field_client.vault.desk import EXTENSION, Desk, desk
from field_client.vault.opened import OpenVault
from field_client.vault.screens import (
    answering,
    case,
    day,
    details,
    draft,
    photograph,
    search,
    sent,
    session_pin,
    settings,
    visit,
)
from field_client.vault.screens.words import sentence, value_of, word
from field_client.vault.search import Search
from field_client.vault.syncing import Syncing
from shared.catalogue import mark

_NAVIGATION = (
    (mark("Today"), "/today", "today"),
    (mark("Search"), "/search", "search"),
    (mark("Outbox"), "/outbox", "outbox"),
    (mark("Settings"), "/settings", "settings"),
)


def register(app: Flask, vault: OpenVault) -> None:
    """Add the screens to the app of an open vault, and begin to sync behind them."""
    search_here = Search(vault.store, vault.identity.officer_id)

    def after_a_sync() -> None:
        """Make the search ready, and have the office told of what was found damaged on the way."""
        vault.seal_unsent()
        search_here.current()
        read = clock.reading(freshness.offset_seconds(vault.store))
        officer_id = vault.identity.officer_id
        if losses.record(vault.store, officer_id, clock=read, now=clock.now()):
            syncing.ask()

    syncing = Syncing(
        vault.store,
        vault.keeper,
        secrets.SystemRandom().uniform,
        after=after_a_sync,
        office_key=vault.identity.receipt_key,
    )
    app.extensions[EXTENSION] = Desk(
        store=vault.store,
        identity=vault.identity,
        syncing=syncing,
        search=search_here,
        pin=vault.pin,
        told=vault.told,
        pictures=vault.pictures,
    )
    for each in (
        answering, case, day, details, draft, photograph, search, sent, session_pin, settings, visit
    ):  # fmt: skip
        app.register_blueprint(each.screens)
    app.add_url_rule("/", "first_page", _first_page)
    app.jinja_env.globals.update(word=word, sentence=sentence, value_of=value_of)
    syncing.start()


def _first_page() -> Response:
    return redirect("/today")


def frame(vault: OpenVault) -> Mapping[str, Any]:
    """Give the frame where one can go, what waits, and how old the office's copy is."""
    counts = outbox.counts(vault.store)
    return {
        "navigation": [
            {"text": text, "href": href, "icon": icon, "current": request.path.startswith(href)}
            for text, href, icon in _NAVIGATION
        ],
        "outdoors": vault.store.get(settings.OUTDOORS) == "yes",
        "status": {
            "waiting": counts.waiting,
            "needs_you": counts.needs_you,
            "office_copy_at": desk().copy().read_at,
            "sync": desk().syncing.progress,
            "outbox": "/outbox",
        },
    }
