"""Keeper and vault as real processes: unlock, lock, be killed, and leave nothing behind."""

from __future__ import annotations

import http.client
import json
import re
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from field_client.keeper import ASLEEP_SECONDS
from sync.officer_keys import OFFICER_KEY_PATH
from sync.protocol import SYNC_PATH
from tests.field_client.conftest import ENVIRONMENT
from tests.field_client.office import SmallOffice
from tests.field_client.running import (
    PASSPHRASE,
    SECONDS,
    Address,
    Hand,
    Person,
    StartDevice,
    answers,
    enrol,
    is_alive,
    unlock,
    until,
)

pytestmark = [pytest.mark.enable_socket]


def let_it_sync(person: Person, unlocked: Address) -> None:
    """Wait until the sync that a vault begins with has come to its end."""
    progress = f"http://127.0.0.1:{unlocked.port}/sync/progress"
    asked_by_the_page = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
    assert until(lambda: json.loads(person._ask("GET", progress, asked_by_the_page).text)["ended"])


@pytest.mark.proves("T24")
def test_lock_now_ends_the_vault_frees_its_port_and_opens_another_address(
    start: StartDevice, office: SmallOffice
) -> None:
    device = start()
    person = enrol(device, office)
    unlocked = device.next_address("unlocked")
    vault = [each for each in device.processes() if "field_client.vault" in each.cmdline()]
    assert len(vault) == 1
    page = person.post("/lock")
    assert page.heading == "Fieldfare is locked"
    locked = device.next_address("locked")
    assert not answers(unlocked)
    assert not is_alive(vault[0])
    assert device.listening() == [("127.0.0.1", locked.port)]
    page = person.open(locked.address)
    assert page.heading == "Unlock Fieldfare"
    assert "Sam Patel, Ambleford Council" in page.words


def test_the_right_passphrase_opens_again_and_the_wrong_one_has_to_wait(
    start: StartDevice, office: SmallOffice, hand: Hand
) -> None:
    device = start(first=hand.first)
    person = enrol(device, office)
    device.next_address("unlocked")
    person.post("/lock")
    locked = device.next_address("locked")
    page = unlock(person, locked, "harbour lantern meadow violet")
    assert "That passphrase does not open this device" in page.words
    hand.move_to(1_000.9)
    page = person.post("/unlock", passphrase=PASSPHRASE)
    assert "Wait 1 seconds" in page.words
    assert "Enter your passphrase" in person.post("/unlock", passphrase="").words
    hand.move_to(1_001.1)
    before = dict(person.cookies)
    person.post("/unlock", passphrase=PASSPHRASE)
    again = device.next_address("unlocked")
    left_behind = Person()
    left_behind.cookies = before
    assert left_behind.open(f"http://127.0.0.1:{again.port}/").status == 401
    assert Person().open(locked.address).status == 401
    assert device.listening() == [("127.0.0.1", again.port)]


def test_a_restarted_device_asks_for_the_passphrase_and_holds_what_was_saved(
    start: StartDevice, office: SmallOffice
) -> None:
    device = start()
    person = enrol(device, office)
    device.next_address("unlocked")
    assert device.stop() == 0
    again = start()
    page = unlock(person, again.next_address("locked"))
    again.next_address("unlocked")
    assert page.status == 200


@pytest.mark.proves("T07")
@pytest.mark.long
def test_a_device_left_alone_locks_itself(start: StartDevice, office: SmallOffice) -> None:
    device = start("--idle-seconds", "10")  # the keeper is told of a touch every five at most
    person = enrol(device, office)
    unlocked = device.next_address("unlocked")
    began = time.monotonic()
    while time.monotonic() - began < 11:
        assert person.open(f"http://127.0.0.1:{unlocked.port}/").status == 200
        time.sleep(0.5)
    device.next_address("locked")
    assert not answers(unlocked)


@pytest.mark.proves("T07")
@pytest.mark.long
def test_a_page_that_asks_by_itself_does_not_keep_the_device_open(
    start: StartDevice, office: SmallOffice
) -> None:
    device = start("--idle-seconds", "5")
    person = enrol(device, office)
    unlocked = device.next_address("unlocked")
    while answers(unlocked):
        time.sleep(0.5)
        try:
            person._ask(
                "GET", f"http://127.0.0.1:{unlocked.port}/static/icon.svg",
                {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"},
            )  # fmt: skip
        except (OSError, http.client.HTTPException):
            break
    device.next_address("locked")


@pytest.mark.proves("T07")
@pytest.mark.long
def test_a_device_that_was_asleep_is_locked_when_it_wakes(
    start: StartDevice, office: SmallOffice
) -> None:
    device = start()
    enrol(device, office)
    unlocked = device.next_address("unlocked")
    device.process.send_signal(signal.SIGSTOP)
    time.sleep(ASLEEP_SECONDS + 2)
    device.process.send_signal(signal.SIGCONT)
    device.next_address("locked")
    assert not answers(unlocked)


def test_sigterm_ends_every_process(start: StartDevice, office: SmallOffice) -> None:
    device = start()
    person = enrol(device, office)
    unlocked = device.next_address("unlocked")
    let_it_sync(person, unlocked)
    everyone = device.processes()
    assert len(everyone) == 2
    assert device.stop() == 0
    assert not [each for each in everyone if is_alive(each)]
    assert not answers(unlocked)
    assert device.log == b""


def test_a_keeper_that_is_killed_leaves_no_child(start: StartDevice, office: SmallOffice) -> None:
    device = start()
    enrol(device, office)
    unlocked = device.next_address("unlocked")
    everyone = device.processes()
    assert len(everyone) == 2
    device.process.send_signal(signal.SIGKILL)
    assert until(lambda: not [each for each in everyone if is_alive(each)])
    assert until(lambda: not answers(unlocked))  # a dying process closes its socket last
    again = start()
    again.next_address("locked")


def test_a_vault_that_is_killed_locks_the_device(start: StartDevice, office: SmallOffice) -> None:
    device = start()
    person = enrol(device, office)
    device.next_address("unlocked")
    device.processes()[1].kill()
    locked = device.next_address("locked")
    unlock(person, locked)
    device.next_address("unlocked")


@pytest.mark.long
def test_a_lock_page_whose_process_dies_comes_back_at_another_address(
    start: StartDevice, office: SmallOffice
) -> None:
    device = start()
    person = enrol(device, office)
    device.next_address("unlocked")
    person.post("/lock")
    device.next_address("locked")
    time.sleep(5)
    device.processes()[1].kill()
    unlock(person, device.next_address("locked"))
    device.next_address("unlocked")


@pytest.mark.long
def test_a_vault_that_dies_again_and_again_is_not_started_for_ever(
    start: StartDevice, office: SmallOffice, hand: Hand
) -> None:
    device = start(first=hand.first)  # however long a start takes, none has lived for a moment
    person = enrol(device, office)
    device.next_address("unlocked")
    person.post("/lock")
    for _ in range(3):
        device.next_address("locked")
        device.processes()[1].kill()
    last = device.next_address("enrol")
    page = person.open(last.address)
    assert page.heading == "Fieldfare cannot start on this device"
    assert "Close it, then start it again" in page.words
    assert device.listening() == [("127.0.0.1", last.port)]


def test_two_presses_of_unlock_open_one_vault(start: StartDevice, office: SmallOffice) -> None:
    device = start()
    person = enrol(device, office)
    device.next_address("unlocked")
    person.post("/lock")
    locked = device.next_address("locked")
    person.open(locked.address)
    second = Person()
    second.cookies, second.page = dict(person.cookies), person.page
    both, vault = (person, second), device.processes()[1]
    person.sent, second.sent = threading.Semaphore(0), threading.Semaphore(0)
    vault.suspend()  # so that both have been pressed before it sees the first
    with ThreadPoolExecutor(2) as pool:
        try:
            asked = [pool.submit(each.post, "/unlock", passphrase=PASSPHRASE) for each in both]
            pressed = [each.sent.acquire(timeout=SECONDS / 2) for each in both]
        finally:
            vault.resume()
        pages = [each.result() for each in asked]
    assert pressed == [True, True]
    assert [page.status for page in pages] == [200, 200]
    assert "Unlock Fieldfare" not in {page.heading for page in pages}
    device.next_address("unlocked")
    time.sleep(0.5)
    assert device.printed_no_more()
    assert len(device.processes()) == 2


def test_a_second_device_in_the_same_folder_does_not_start(start: StartDevice) -> None:
    first = start()
    first.next_address("enrol")
    second = start()
    assert second.process.wait(SECONDS) == 1
    second.stop()
    assert b"Fieldfare is already open on this device" in second.log
    assert first.process.poll() is None


def test_two_devices_on_one_machine_never_touch(start: StartDevice, tmp_path: Path) -> None:
    first, second = start(home=tmp_path / "a"), start(home=tmp_path / "b")
    one, other = first.next_address("enrol"), second.next_address("enrol")
    assert one.port != other.port
    stolen = other.address.replace(str(other.port), str(one.port))
    assert Person().open(stolen).status == 401


def test_what_a_vault_sends_is_signed_by_the_keeper_and_reaches_the_office(
    start: StartDevice, office: SmallOffice
) -> None:
    device = start()
    enrol(device, office)
    device.next_address("unlocked")
    assert until(lambda: len(office.sent) > 1)
    assert [path for path, _body in office.sent[:2]] == [OFFICER_KEY_PATH, SYNC_PATH]


@pytest.mark.proves("T01")
def test_nothing_on_disk_is_for_others_and_no_secret_is_on_a_command_line(
    start: StartDevice, office: SmallOffice
) -> None:
    device = start()
    person = enrol(device, office)
    let_it_sync(person, device.next_address("unlocked"))
    given = set(map("=".join, ENVIRONMENT.items()))
    for path in device.home.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    for process in device.processes():
        added = {"=".join(each) for each in process.environ().items()} - given
        said = " ".join([*process.cmdline(), *sorted(added)])
        assert "violin" not in said
        assert "boot" not in said
    kept = b"".join(path.read_bytes() for path in device.home.rglob("*") if path.is_file())
    assert b"violin" not in kept
    assert b"SQLite format 3" not in kept


@pytest.mark.proves("T05")
def test_no_process_of_a_device_leaves_a_core_file(start: StartDevice, office: SmallOffice) -> None:
    device = start()
    enrol(device, office)
    device.next_address("unlocked")
    for process in device.processes():
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        assert re.search(r"Max core file size\s+0\s+0", limits)
