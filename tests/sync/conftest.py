"""Gives tests of the conversation a small office with devices."""

from tests.sync.bench import bench, books

__all__ = ["bench", "books"]
