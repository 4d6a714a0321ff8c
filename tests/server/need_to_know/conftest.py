"""Lends these tests the office that the tests of access use."""

from __future__ import annotations

from tests.server.access.conftest import make_app, office

__all__ = ["make_app", "office"]
