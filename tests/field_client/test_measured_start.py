"""How long a device takes to start is measured on a real one: its keeper, its vault and their pages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from field_client.measured_start import prepare, start_and_unlock
from server.cli import main

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(180)]

STEPS = ["first_page", "unlock"]


def test_starting_and_unlocking_stand_beside_what_nothing_can_be_quicker_than() -> None:
    ended = CliRunner().invoke(
        main, ["bench", "start", "--rounds", "1", "--cases", "2", "--json"], catch_exceptions=False
    )
    said = json.loads(ended.stdout)
    assert ended.exit_code == 0
    assert (said["cases"], said["rounds"]) == (2, 1)
    assert list(said["steps"]) == list(said["raw"]) == STEPS
    for step in STEPS:
        assert said["steps"][step]["ms"] > 0
        assert said["raw"][step]["ms"] > 0


def test_a_device_that_does_not_open_is_not_measured(tmp_path: Path) -> None:
    home = prepare(tmp_path / "field", "lantern orchard ferry heron", 1)
    with pytest.raises(RuntimeError, match="did not open"):
        start_and_unlock(home, "another passphrase altogether")
