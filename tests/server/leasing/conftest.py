"""Gives tests of leasing a whole office, and what a device asks of it."""

from __future__ import annotations

from tests.server.access.conftest import make_app, office

__all__ = ["make_app", "office"]
