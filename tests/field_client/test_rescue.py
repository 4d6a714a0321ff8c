"""A device writes its sealed copies into one file that it signs, for somebody to carry to the office."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from field_client import enrolment
from field_client.cli import field
from field_client.device import Device
from field_client.device_key import DeviceKey
from field_client.home import Home
from field_client.tablet import OFFICERS
from shared.errors import RuleBroken
from sync.rescue import read_rescue
from tests.field_client.test_deliveries import put
from tests.field_client.test_enrolment import KNOWN

DEVICE_ID = "0b0e3c52-3c77-4bd0-8e5b-6b8a4c1d2e3f"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Make a device that is enrolled, with its secret in a file."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    made = Home(tmp_path / "tablet" / OFFICERS / "one")
    DeviceKey.make(made.device_key, Device(made).secret)
    enrolment.save(made.enrolment, replace(KNOWN, device_id=DEVICE_ID))
    return made


def test_every_copy_stands_in_one_file_under_the_devices_signature(
    home: Home, tmp_path: Path
) -> None:
    paths = [put(home.sealed, number) for number in (1, 2)]
    put(home.sealed, 3).write_bytes(b"damaged")
    done = CliRunner().invoke(
        field, ["--home", str(tmp_path / "tablet"), "--rescue-to", str(tmp_path)]
    )
    assert done.exit_code == 0, done.output
    rescue = read_rescue(Path(done.output.strip()).read_bytes())
    assert rescue.device_id == DEVICE_ID
    assert list(rescue.copies) == [path.read_bytes() for path in paths]
    key = DeviceKey.load(home.device_key, Device(home).secret).public_bytes()
    signature = base64.b64decode(rescue.signature)
    Ed25519PublicKey.from_public_bytes(key).verify(signature, rescue.statement)
    assert all(path.exists() for path in paths), "they are sent all the same once there is a way"


def test_where_there_is_nothing_to_carry_it_says_so(home: Home, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        field, ["--home", str(tmp_path / "tablet"), "--rescue-to", str(tmp_path)]
    )
    assert done.exit_code == 1
    assert "there is nothing to carry" in done.output
    with pytest.raises(RuleBroken) as refused:
        Device(Home(tmp_path / "another")).rescue_to(tmp_path)
    assert refused.value.code == "rescue.nothing"
    home.enrolment.write_text("{")
    with pytest.raises(RuleBroken) as refused:
        Device(home).rescue_to(tmp_path)
    assert refused.value.code == "device.damaged"


def test_a_folder_that_cannot_be_written_is_said(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(home.sealed, 1)

    def full(*_told: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    done = CliRunner().invoke(
        field, ["--home", str(tmp_path / "tablet"), "--rescue-to", str(tmp_path)]
    )
    assert "The file could not be written: No space left on device" in done.output
