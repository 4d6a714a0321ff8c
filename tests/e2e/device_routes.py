"""Lists the pages of a device, from all the apps that show them one after the other."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path

from flask import Blueprint, Flask
from werkzeug.routing import Map

from field_client.door import Door
from field_client.entrance import Entrance
from field_client.identity import Identity
from field_client.tablet import Tablet
from field_client.vault import screens
from field_client.vault.gate import Gate, Ways
from tests.e2e.studio import Routes

EXCUSED: dict[str, str] = {
    "static": "the shared look: asked for by every page, under names of its own",
    "door.boot": "the way in: each process is entered by it, and then leads on to its first page",
    "sent.progress": "asked by the page of a sync that runs: those they come to may have ended",
}
"""Addresses of the device nobody needs to come to, each with the reason."""


def device_routes() -> Routes:
    """Gather the pages of a device before it has a vault, at its lock, and open."""
    every = Map()
    wanted: set[str] = set()
    for app in _apps():
        for rule in app.url_map.iter_rules():
            known = {each.rule for each in every.iter_rules()}
            if "GET" in (rule.methods or ()) and rule.rule not in known:
                every.add(rule.empty())
                wanted.add(rule.endpoint)
    return Routes(every, frozenset(wanted), EXCUSED)


def _apps() -> list[Flask]:
    """Make the apps without a vault, an office or a server: only their addresses are asked for."""
    before = Entrance(Tablet(Path("/nowhere")), lambda: "")
    made = [before.create_app(lambda: 0, boot_seconds=1)[0]]
    for new in (True, False):
        ways = Ways(by_passphrase=_never, by_pin=_never, leave=lambda: "")
        gate = Gate(_NOBODY, new=new, ways=ways)
        made.append(gate.create_app(lambda: 0, boot_seconds=1)[0])
    vault = Flask("vault", static_folder=None)
    for module in pkgutil.iter_modules(screens.__path__):
        found = getattr(import_module(f"{screens.__name__}.{module.name}"), "screens", None)
        if isinstance(found, Blueprint):
            vault.register_blueprint(found)
    return [*made, vault]


def _never(_entered: str) -> Door:
    raise AssertionError("nobody unlocks this")


_NOBODY = Identity(
    device_id="",
    device_name="",
    officer_id="",
    officer_name="",
    office_name="",
    office_address="",
    fictional=True,
    secret_kept_in="file",  # noqa: S106 - where, not what
)
