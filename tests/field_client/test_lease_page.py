"""A device and its lease as real processes: what the officer sees when it ends, and what opens again."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from field_client import device_secret
from field_client.leasing import Leasing
from field_client.vault import keys
from shared.errors import RuleBroken
from shared.lease_modes import Mode
from sync.leases import LEASE_PATH
from tests.field_client.office import SmallOffice, share_of
from tests.field_client.running import (
    PASSPHRASE,
    Person,
    RunningDevice,
    StartDevice,
    enrol,
    unlock,
    until,
)

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(400)]

OFFICER = "5d0f6f7e-0d43-4f0a-9a3c-2f4b8a7c9d1e"


class Clocks:
    """The clocks of a keeper: hours its wall clock is off, and seconds of the one nobody can set."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.off_by(0)
        self.pass_to(1_000)
        wall, elapsed = (str(folder / name) for name in ("hours", "elapsed"))
        self.first = (
            "from pathlib import Path; from datetime import timedelta; from field_client import "
            f"clock; real, hours, elapsed = clock.now, Path({wall!r}), Path({elapsed!r}); "
            "clock.now = lambda: real() + timedelta(hours=float(hours.read_text())); "
            "clock.elapsed_seconds = lambda: float(elapsed.read_text())"
        )

    def off_by(self, hours: float) -> None:
        self._write("hours", hours)

    def pass_to(self, seconds: float) -> None:
        self._write("elapsed", seconds)

    def _write(self, name: str, value: float) -> None:
        beside = self._folder / f"{name}.new"
        beside.write_text(str(value))
        beside.replace(self._folder / name)


@pytest.fixture
def clocks(tmp_path: Path) -> Clocks:
    return Clocks(tmp_path)


def kept_standing(device: RunningDevice) -> str:
    """Read how the lease stands from its file, without looking at it by a clock of the test's."""
    content = json.loads(device.kept.lease.read_bytes())
    return str(content["said"]["standing"])


def test_a_lease_that_ended_asks_for_signal_once_and_the_passphrase_opens_after_that(
    start: StartDevice, office: SmallOffice, clocks: Clocks
) -> None:
    device = start(first=clocks.first)
    enrol(device, office)
    device.next_address("unlocked")
    device.stop()
    clocks.off_by(200)
    again = start(first=clocks.first)
    person = Person()
    office.lends = False
    page = person.open(again.next_address("lease").address)
    assert page.heading == "This device needs signal once"
    assert "too long since this device reached the office" in page.words
    assert "Up to 3 days without signal" in page.words
    assert "ring your supervisor" in page.words
    assert "Could not reach the office" in person.post("/lease").words
    assert person.post("/lease/again").heading == "This device needs signal once"
    office.lends = True
    assert person.post("/lease").heading == "Unlock Fieldfare"
    person.post("/unlock", passphrase=PASSPHRASE)
    unlocked = again.next_address("unlocked")
    settings = person.open(f"http://127.0.0.1:{unlocked.port}/settings")
    assert "Up to 3 days without signal" in settings.words


def test_a_clock_set_back_while_unlocked_locks_the_device_and_says_why(
    start: StartDevice, office: SmallOffice, clocks: Clocks
) -> None:
    device = start(first=clocks.first)
    person = enrol(device, office)
    device.next_address("unlocked")
    person.post("/lock")
    device.next_address("locked")
    clocks.off_by(-24)
    page = Person().open(device.next_address("lease").address)
    assert "The clock of this device was set back" in page.words


def test_a_lease_that_ends_at_a_door_lets_the_visit_in_hand_be_finished_and_then_locks(
    start: StartDevice, office: SmallOffice, clocks: Clocks
) -> None:
    device = start(first=clocks.first)
    person = enrol(device, office)
    unlocked = device.next_address("unlocked")
    clocks.off_by(200)
    assert until(lambda: kept_standing(device) == "ended"), "the share is erased at once"
    clocks.pass_to(1_020)
    assert person.open(f"http://127.0.0.1:{unlocked.port}/today").status == 200
    for seconds in range(1_040, 1_101, 20):  # a longer step would look like a device that slept
        assert device.printed_no_more() or seconds > 1_080
        time.sleep(2)
        clocks.pass_to(seconds)
    page = Person().open(device.next_address("lease").address)
    assert page.heading == "This device needs signal once"


def test_a_device_that_starts_online_opens_after_it_was_switched_off_only_with_the_office(
    start: StartDevice, office: SmallOffice
) -> None:
    office.mode = Mode.ONLINE_START
    device = start()
    person = enrol(device, office)
    device.next_address("unlocked")
    person.post("/lock")
    locked = device.next_address("locked")
    assert unlock(person, locked).status == 200, "a lock is no reason to ask"
    device.next_address("unlocked")
    settings = person.open(
        f"http://127.0.0.1:{person.page.url.split(':')[2].split('/')[0]}/settings"
    )
    assert "Signal at every start" in settings.words
    device.stop()
    again = start()
    page = person.open(again.next_address("lease").address)
    assert "switched off" in page.words
    assert person.post("/lease").heading == "Unlock Fieldfare"


def test_a_vault_from_before_leases_opens_without_the_office_and_moves_at_its_next_contact(
    start: StartDevice, office: SmallOffice
) -> None:
    device = start()
    enrol(device, office)
    device.next_address("unlocked")
    device.stop()
    home = device.kept
    secret = device_secret.load(home.device_secret).secret
    folder = home.vault(OFFICER)
    older = _as_before_leases(folder, secret)
    home.lease.unlink()
    office.lends = False
    again = start()
    person = Person()
    locked = again.next_address("locked")
    assert unlock(person, locked).status == 200
    again.next_address("unlocked")
    assert keys.epoch_of(folder) == 0
    again.stop()
    office.lends, office.syncs = True, True
    third = start()
    unlock(person, third.next_address("locked"))
    third.next_address("unlocked")
    assert until(lambda: set(Leasing(home.lease, secret).shares) == {1}), "a sync brings a lease"
    person.post("/lock")
    unlock(person, third.next_address("locked"))
    third.next_address("unlocked")
    assert keys.epoch_of(folder) == 1
    factors = keys.Factors(passphrase=PASSPHRASE, device_secret=secret, shares={1: share_of(1)})
    assert keys.open_vault(folder, factors).db == older


def _as_before_leases(folder: Path, secret: bytes) -> bytearray:
    """Put the vault's key back under no share, as vaults were wrapped before there were leases."""
    factors = keys.Factors(
        passphrase=PASSPHRASE, device_secret=secret, shares={1: share_of(1), 0: b""}
    )
    header, sealed = keys._read(folder / keys.KEY_FILE, keys.FLOOR)
    stretched = keys._stretched(header, PASSPHRASE)
    vault_key = keys._unwrap(header, sealed, stretched, factors)
    before = {**header, "lease_epoch": 0}
    keys._write(folder / keys.KEY_FILE, before, stretched, factors, vault_key)
    return keys.open_vault(folder, keys.Factors(passphrase=PASSPHRASE, device_secret=secret)).db


@pytest.mark.parametrize(
    ("said", "heading"),
    [
        ("device.suspended", "These records have been shut"),
        ("device.revoked", "This device is no longer allowed"),
    ],
)
def test_a_device_that_hears_that_its_share_is_destroyed_shuts_at_once_and_for_good(
    start: StartDevice, office: SmallOffice, said: str, heading: str
) -> None:
    """T14 and T16, the device's side: 0 rows readable, with the right passphrase and every file."""
    device = start()
    person = enrol(device, office)
    device.next_address("unlocked")
    office.says = said
    person.post("/sync")
    event = "lease" if said == "device.suspended" else "enrol"
    shut = device.next_address(event)
    assert person.open(shut.address).heading == heading
    home = device.kept
    secret = device_secret.load(home.device_secret).secret
    kept = Leasing(home.lease, secret)
    assert dict(kept.shares) == {}
    with pytest.raises(RuleBroken, match=r"lease\.missing"):
        keys.open_vault(
            home.vault(OFFICER), keys.Factors(passphrase=PASSPHRASE, device_secret=secret)
        )
    device.stop()
    again = start()
    page = person.open(again.next_address(event).address)
    assert page.heading == heading
    assert json.loads(home.enrolment.read_bytes())["state"] == (
        "active" if said == "device.suspended" else "revoked"
    )
    page = person.post("/lease/again" if said == "device.suspended" else "/revoked")
    assert page.heading == "Set up this device"
    assert not home.vault(OFFICER).exists()
    assert len(list(home.vault(OFFICER).parent.iterdir())) == 1, "the shut vault is put aside"


def test_a_sync_renews_the_lease_and_the_next_unlocking_wraps_the_vault_anew(
    start: StartDevice, office: SmallOffice
) -> None:
    office.syncs = True
    device = start()
    person = enrol(device, office)
    device.next_address("unlocked")
    home = device.kept
    secret = device_secret.load(home.device_secret).secret
    assert keys.epoch_of(home.vault(OFFICER)) == 1
    assert until(
        lambda: [said["wrapped"] for path, said in office.asked if path == LEASE_PATH] == [0, 1]
    )
    device.stop()
    office.epoch = 2
    again = start()
    unlock(person, again.next_address("locked"))
    again.next_address("unlocked")
    assert until(lambda: set(Leasing(home.lease, secret).shares) == {1, 2})
    person.post("/lock")
    unlock(person, again.next_address("locked"))
    again.next_address("unlocked")
    assert keys.epoch_of(home.vault(OFFICER)) == 2
    assert until(lambda: set(Leasing(home.lease, secret).shares) == {2})
