"""Gives tests of the conversation a small office with devices."""

from tests.sync.bench import bench, engines

__all__ = ["bench", "engines"]
