"""Gives these tests an office with a few people in it, and browsers to look with."""

from tests.server.day import day
from tests.server.people.scene import scene

__all__ = ["day", "scene"]
