"""Gives the doctor's tests a whole office."""

from __future__ import annotations

from tests.server.access.conftest import make_app, office

__all__ = ["make_app", "office"]
