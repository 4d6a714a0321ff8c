"""Lends these tests the office that the tests of the office use."""

from __future__ import annotations

from tests.server.conftest import door, office, sessions

__all__ = ["door", "office", "sessions"]
