"""The web app of an open vault: the screens, behind the door, and the button that locks it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from flask import Flask, Response, after_this_request, render_template, request

from field_client import clock
from field_client.door import SAFE_METHODS, Door, guard
from field_client.pages import make_app
from field_client.vault.opened import EXTENSION, OpenVault

BODY_BYTES_MAX = 48 * 1024 * 1024
"""Bytes one form may have: more than any photograph that is taken, so that the form can say so."""


class Screens(Protocol):
    """What `field_client.vault.screens` gives: its pages, and what stands around each of them."""

    def register(self, app: Flask, vault: OpenVault) -> None:
        """Add the screens to the app."""

    def frame(self, vault: OpenVault) -> Mapping[str, Any]:
        """Give the frame its navigation and its status; see shared/ui/templates/frame.html."""


def create_app(
    vault: OpenVault, screens: Screens, port_of: Callable[[], int], *, boot_seconds: float
) -> tuple[Flask, Door]:
    """Make the app of an open vault."""

    def frame() -> Mapping[str, Any]:
        return {
            "fictional": vault.identity.fictional,
            "lock": "/lock",
            "now": clock.now(),
            **screens.frame(vault),
        }

    app = make_app("field_client.vault", frame, body_bytes_max=BODY_BYTES_MAX)
    app.extensions[EXTENSION] = vault
    door = guard(app, port_of, boot_seconds=boot_seconds)
    app.add_url_rule("/lock", "lock", lambda: _lock(vault), methods=["POST"])

    @app.after_request
    def notice(response: Response) -> Response:
        if _is_by_a_person():
            vault.keeper.activity()
        if request.method not in SAFE_METHODS:
            vault.seal_unsent()
        return response

    screens.register(app, vault)
    return app, door


def _lock(vault: OpenVault) -> str:
    """Say that the device is locked, and have it locked, whether or not that could be said."""

    @after_this_request
    def lock_once_answered(response: Response) -> Response:
        response.call_on_close(vault.keeper.lock)
        return response

    return render_template("field/locked.html")


def _is_by_a_person() -> bool:
    """Tell a person's request from a script's: a page that asks by itself keeps nothing open."""
    navigating = request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
    return navigating or request.method not in SAFE_METHODS
