"""Gives these tests an office with a few people in it, and browsers to look with."""

from tests.server.day import day

__all__ = ["day"]
