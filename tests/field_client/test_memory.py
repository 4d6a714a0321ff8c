"""Once locked, no process of a device holds the passphrase or a name: its memory is read from outside."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import keyring.backends.fail
import psutil
import pytest

from field_client import device_secret
from field_client.home import Home
from field_client.leasing import Leasing
from field_client.made_records import KINDS, made_records
from field_client.measured_start import prepare
from field_client.vault import keys
from tests.field_client.office import SmallOffice
from tests.field_client.running import PASSPHRASE, Person, StartDevice, enrol, is_alive, unlock
from tests.field_client.test_unlocking_by_pin import choose_pin

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.proves("T06"),
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="reads another process's memory on Linux"),
]

PEOPLE = 5_000

_NAME = re.compile(rb"[A-Z][a-z]{1,20} [A-Z][a-z]{1,20}")


def memory_of(process: psutil.Process) -> Iterator[bytes]:
    """Read all that a process can write to, a region at a time."""
    with Path(f"/proc/{process.pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{process.pid}/maps").read_text().splitlines():
            place, may = line.split()[:2]
            start, end = (int(part, 16) for part in place.split("-"))
            if may.startswith("rw"):
                with contextlib.suppress(OSError, OverflowError):
                    memory.seek(start)
                    yield memory.read(end - start)


def copies(process: psutil.Process, what: bytes) -> int:
    """Count the copies of some bytes in a process."""
    return sum(region.count(what) for region in memory_of(process))


def names_in(process: psutil.Process, names: frozenset[bytes]) -> set[bytes]:
    """Find which of these names a process holds."""
    return {
        found for region in memory_of(process) for found in _NAME.findall(region) if found in names
    }


def test_once_locked_no_process_of_a_device_holds_its_passphrase(
    start: StartDevice, office: SmallOffice
) -> None:
    passphrase = "zanzibar quokka obelisk"  # noqa: S105 - invented
    typed = passphrase.replace(" ", "+").encode()
    device = start()
    person = enrol(device, office, passphrase)
    device.next_address("unlocked")
    keeper, vault = device.processes()
    if os.geteuid() != 0:
        for process in (keeper, vault):
            with pytest.raises(PermissionError):
                copies(process, typed)
        return
    # The reader sees what is surely there: what this test holds, and what each was started with.
    assert copies(psutil.Process(), typed) > 0
    for process in (keeper, vault):
        assert copies(process, os.fsencode(process.cmdline()[-1])) > 0
    assert copies(keeper, typed) == copies(keeper, passphrase.encode()) == 0
    person.post("/lock")
    device.next_address("locked")
    assert not is_alive(vault)
    for process in device.processes():
        assert copies(process, typed) == 0
        assert copies(process, passphrase.encode()) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may read them, which is what T08 shows")
def test_once_locked_no_process_of_a_device_holds_one_of_five_thousand_names(
    start: StartDevice, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    home = prepare(tmp_path / "home", PASSPHRASE, PEOPLE)
    people = [each for each in islice(made_records(), PEOPLE * len(KINDS)) if each.kind == "person"]
    names = frozenset(json.loads(each.body or "")["name"].encode() for each in people)
    device, person = start(home=home.folder), Person()
    page = unlock(person, device.next_address("locked"))
    device.next_address("unlocked")
    person.open(page.url.replace("/today", "/search?q=nobody"))
    keeper, vault = device.processes()
    held = len(names_in(vault, names))
    assert held > PEOPLE / 2, "the reader sees what an open vault holds"
    assert names_in(keeper, names) == set()
    person.post("/lock")
    device.next_address("locked")
    assert not is_alive(vault)
    assert [names_in(process, names) for process in device.processes()] == [set(), set()]
    record_property("figure", f"{held} of {len(names)} names while open, 0 once locked")


def keys_of(home: Home, passphrase: str) -> list[bytes]:
    """Work out the key of a vault and the key of its database, in the one place that may know them."""
    secret = device_secret.load(home.device_secret, keyring.backends.fail.Keyring()).secret
    shares = Leasing(home.lease, secret).shares
    factors = keys.Factors(passphrase=passphrase, device_secret=secret, shares=shares)
    (folder,) = home.vaults.iterdir()
    header, sealed = keys._read(folder / keys.KEY_FILE, keys.FLOOR)
    stretched = keys._stretched(header, passphrase)
    vault_key = keys._unwrap(header, sealed, stretched, factors)
    return [bytes(vault_key), bytes(keys.open_vault(folder, factors).db)]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may read them, which is what T08 shows")
def test_with_a_pin_the_keeper_never_holds_the_vault_s_key_nor_the_pin(
    start: StartDevice, office: SmallOffice, record_property: Callable[[str, object], None]
) -> None:
    pin, wrong = "730264918527", "730264918528"
    device = start()
    person = enrol(device, office)
    device.next_address("unlocked")
    choose_pin(person, pin=pin)
    (vault_key, database_key) = keys_of(device.kept, PASSPHRASE)
    sought = [vault_key, vault_key.hex().encode(), database_key, database_key.hex().encode()]
    sought += [pin.encode(), wrong.encode(), PASSPHRASE.encode()]
    assert all(copies(psutil.Process(), each) for each in sought), "the reader sees what it holds"
    keeper, vault = device.processes()
    assert copies(vault, pin.encode()), "what was chosen is where it was typed"
    found = [copies(keeper, each) for each in sought]
    person.post("/lock")
    person.open(device.next_address("locked").address)
    assert not is_alive(vault)
    assert copies(keeper, b'"memory_kib":65536'), "what the PIN wraps is there"
    for process in device.processes():
        found += [copies(process, each) for each in sought]
    person.post("/pin", pin=wrong)
    found += [copies(keeper, each) for each in sought]
    _keeper, locked = device.processes()
    assert copies(locked, wrong.encode()), "what was tried is where it was typed"
    found += [copies(locked, each) for each in sought[:4]]
    assert person.post("/pin", pin=pin).url.endswith("/today")
    device.next_address("unlocked")
    person.post("/lock")
    device.next_address("locked")
    assert not is_alive(locked)
    for process in device.processes():
        found += [copies(process, each) for each in sought]
    assert set(found) == {0}
    record_property("figure", f"{sum(found)} copies of the vault's key in the keeper")
