"""Gives these tests an office with a few people in it."""

from tests.server.day import day

__all__ = ["day"]
