"""Gives tests of the embedded PostgreSQL other processes that use it too."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.server.spine.homes import USER_OF_THE_SERVER, Join, end


@pytest.fixture
def join() -> Iterator[Join]:
    """Start other processes that use the server of a home until their input ends."""
    with ExitStack() as processes:

        def start(home: Path) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-c", USER_OF_THE_SERVER, str(home)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            processes.callback(end, process, kill=True)
            return process

        yield start
