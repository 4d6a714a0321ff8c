"""Says whose device this is and how it stands, and lets the officer choose how it looks."""

from __future__ import annotations

import platform
from importlib.metadata import version

from flask import Blueprint, redirect, render_template
from werkzeug.wrappers import Response

from field_client.vault import outbox, uploads
from field_client.vault.desk import desk
from field_client.vault.diagnostics import diagnose
from field_client.vault.store import Store
from shared.lease_modes import MEANINGS, named
from sync.officer_keys import fingerprint

screens = Blueprint("settings", __name__, template_folder="templates")

OUTDOORS = "outdoors"
"""Under which name the vault keeps whether the high-contrast look is wanted."""


@screens.get("/settings")
def settings() -> str:
    """Show who, which device, which office and how things stand."""
    here = desk()
    return render_template(
        "screens/settings.html",
        identity=here.identity,
        version=version("fieldfare"),
        copy=here.copy(),
        progress=here.syncing.progress,
        counts=outbox.counts(here.store),
        outdoors=here.store.get(OUTDOORS) == "yes",
        wifi_only=uploads.is_wifi_only(here.store),
        signs_as=_signs_as(here.store),
        lease=here.told.lease,
        lease_named=named,
        meanings=MEANINGS,
        pin_ends_at=here.pin.ends_at(),
    )


def _signs_as(store: Store) -> str:
    """Write the officer's own key in short; nothing where none could be made yet."""
    own = store.own_key()
    return "" if own is None else fingerprint(own.public_text)


@screens.post("/settings/outdoors")
def outdoors() -> Response:
    """Change between the usual look and the one for bright light, and keep it."""
    store = desk().store
    store.put(OUTDOORS, "no" if store.get(OUTDOORS) == "yes" else "yes")
    return redirect("/settings", 303)


@screens.post("/settings/wifi")
def wifi() -> Response:
    """Change between photographs on Wi-Fi only and on any connection, and keep it."""
    here = desk()
    here.store.put(uploads.WIFI_ONLY, "no" if uploads.is_wifi_only(here.store) else "yes")
    here.syncing.ask()
    return redirect("/settings", 303)


@screens.get("/settings/diagnostics")
def diagnostics() -> str:
    """Show counts, times and versions that can be read out on the phone: nothing about anybody."""
    here = desk()
    lines = diagnose(here.store, here.clock(), here.syncing.progress)
    programs = {"Fieldfare": version("fieldfare"), "Python": platform.python_version()}
    return render_template(
        "screens/diagnostics.html",
        lines=lines,
        programs=programs,
        store_id=here.store.store_id(),
        system=platform.system(),
    )
