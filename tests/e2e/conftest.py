"""Gives the whole days in a browser a small fictional council that runs for real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.council import RunningCouncil, running_council


@pytest.fixture
def council(home: Path) -> Iterator[RunningCouncil]:
    """Run a council in a home of the test's own."""
    with running_council(home) as running:
        yield running
