"""Gives tests of the device a small office, and real devices that are ended with the test."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.field_client.office import SmallOffice
from tests.field_client.running import Hand, RunningDevice, StartDevice

ENVIRONMENT = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
"""So that no test writes into a keystore somebody really uses."""


@pytest.fixture
def office() -> Iterator[SmallOffice]:
    """Open a small office that waits to approve."""
    made = SmallOffice()
    yield made
    made.stop()


@pytest.fixture
def hand(tmp_path: Path) -> Hand:
    """Give the hand of the clocks of a keeper that is started with it."""
    return Hand(tmp_path)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartDevice]:
    """Start devices, each in the same home unless another is said, and end them afterwards."""
    started: list[RunningDevice] = []

    def start_device(
        *options: str, home: Path = tmp_path / "home", first: str = ""
    ) -> RunningDevice:
        started.append(RunningDevice(home, *options, environment=ENVIRONMENT, first=first))
        return started[-1]

    yield start_device
    for device in started:
        device.stop()
        sys.stderr.write(device.log.decode())  # pytest shows it with a failure
