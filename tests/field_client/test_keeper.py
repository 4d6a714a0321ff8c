"""Keeper and vault as real processes: enrol, unlock, lock, be killed, and leave nothing behind."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from field_client.keeper import ASLEEP_SECONDS
from sync.protocol import SYNC_PATH
from tests.field_client.office import SmallOffice
from tests.field_client.running import PASSPHRASE, Address, Page, Person, RunningDevice, enrol

pytestmark = [pytest.mark.enable_socket]

ENVIRONMENT = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
"""So that no test writes into a keystore somebody really uses."""

StartDevice = Callable[..., RunningDevice]


@pytest.fixture
def office() -> Iterator[SmallOffice]:
    made = SmallOffice()
    yield made
    made.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartDevice]:
    started: list[RunningDevice] = []

    def start_device(*options: str, home: Path = tmp_path / "home") -> RunningDevice:
        started.append(RunningDevice(home, *options, environment=ENVIRONMENT))
        return started[-1]

    yield start_device
    for device in started:
        device.stop()
        sys.stderr.write(device.log.decode())  # pytest shows it with a failure


def until(true: Callable[[], bool], seconds: float = 15) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return bool(true())


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def answers(address: Address) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=2)
    try:
        connection.connect()
    except ConnectionRefusedError:
        return False
    finally:
        connection.close()
    return True


def unlock(person: Person, locked: Address, passphrase: str = PASSPHRASE) -> Page:
    person.open(locked.address)
    return person.post("/unlock", passphrase=passphrase)


def test_a_device_is_enrolled_approved_given_a_passphrase_and_open(
    start: StartDevice, office: SmallOffice
) -> None:
    device, person = start(), Person()
    enrolling = device.next_address("enrol")
    page = person.open(enrolling.address)
    assert (page.heading, page.status) == ("Set up this device", 200)
    page = person.post("/enrol", address=office.address, code="7k3m-9qxv", device_name="Blue 4")
    assert page.heading == "Waiting for approval"
    assert office.words() in page.words
    assert "trusted" not in page.words
    page = person.post("/waiting")
    assert "The office has not approved this device yet." in page.words
    office.state = "active"
    page = person.post("/waiting")
    assert page.heading == "Choose your passphrase"
    page = person.post("/passphrase", passphrase=PASSPHRASE, again=PASSPHRASE)
    unlocked = device.next_address("unlocked")
    assert page.status == 200
    assert page.url == f"http://127.0.0.1:{unlocked.port}/" or page.url.startswith(
        f"http://127.0.0.1:{unlocked.port}/"
    )
    assert not answers(enrolling)
    assert device.listening() == [("127.0.0.1", unlocked.port)]


def test_what_was_typed_to_enrol_is_still_there_when_it_was_refused(
    start: StartDevice, office: SmallOffice
) -> None:
    device, person = start(), Person()
    person.open(device.next_address("enrol").address)
    page = person.post("/enrol")
    for sentence in ("Enter the address of your office", "Enter the code", "Enter a name"):
        assert sentence in page.words
    typed = {"address": office.address, "device_name": "Blue tablet 4"}
    for code, sentence in {
        "7K3M": "Enter the code as 8 letters and numbers",
        "ZZZZZZZZ": "The office did not accept that code",
        "BVSYBVSY": "Too many codes were tried",
    }.items():
        page = person.post("/enrol", code=code, **typed)
        assert sentence in page.words
        assert page.text.startswith("\n\n<!DOCTYPE html>") or "<title>Error:" in page.text
        for value in (code, *typed.values()):
            assert f'value="{value}"' in page.text
    page = person.post("/enrol", code="7K3M9QXV", address="http://office.example", device_name="B")
    assert "Enter the address of your office, like" in page.words
    office.stop()
    page = person.post("/enrol", code="7K3M9QXV", **typed)
    assert "Could not reach the office" in page.words


def test_each_new_code_is_tried_with_a_new_key_and_the_same_code_with_the_same(
    start: StartDevice, office: SmallOffice
) -> None:
    device, person = start(), Person()
    person.open(device.next_address("enrol").address)
    for code in ("ZZZZZZZZ", "ZZZZZZZZ", "YYYYYYYY"):
        person.post("/enrol", address=office.address, code=code, device_name="Blue")
    keys = [said["public_key"] for _path, said in office.asked]
    assert keys[0] == keys[1] != keys[2]


def test_a_poor_passphrase_is_refused_beside_its_box(
    start: StartDevice, office: SmallOffice
) -> None:
    device, person = start(), Person()
    person.open(device.next_address("enrol").address)
    person.post("/enrol", address=office.address, code="7K3M9QXV", device_name="Blue tablet 4")
    office.state = "active"
    page = person.post("/waiting")
    suggested = re.search(r"govuk-inset-text[^>]*>([a-z ]+)<", page.text)
    assert suggested is not None
    assert len(suggested[1].split()) == 5
    other = re.search(r"govuk-inset-text[^>]*>([a-z ]+)<", person.post("/suggest").text)
    assert other is not None
    assert other[1] != suggested[1]
    for first, second, sentence in (
        ("", "", "Enter your passphrase"),
        ("", "", "Enter the same passphrase again"),
        ("short", "short", "at least 12 characters"),
        ("1" * 14, "1" * 14, "would be guessed"),
        (PASSPHRASE, PASSPHRASE + "s", "The two passphrases are different"),
    ):
        page = person.post("/passphrase", passphrase=first, again=second)
        assert sentence in page.words
        assert not first or first not in page.text
    assert person.post("/passphrase", passphrase=other[1], again=other[1]).status == 200
    device.next_address("unlocked")


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
    start: StartDevice, office: SmallOffice
) -> None:
    device = start()
    person = enrol(device, office)
    device.next_address("unlocked")
    person.post("/lock")
    locked = device.next_address("locked")
    page = unlock(person, locked, "harbour lantern meadow violet")
    assert "That passphrase does not open this device" in page.words
    page = person.post("/unlock", passphrase=PASSPHRASE)
    assert "Wait 1 seconds" in page.words
    assert "Enter your passphrase" in person.post("/unlock", passphrase="").words
    time.sleep(1.1)
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


def test_a_device_left_alone_locks_itself(start: StartDevice, office: SmallOffice) -> None:
    device = start("--idle-seconds", "5")
    person = enrol(device, office)
    unlocked = device.next_address("unlocked")
    began = time.monotonic()
    for _ in range(2):
        time.sleep(2)
        assert person.open(f"http://127.0.0.1:{unlocked.port}/").status == 200
    device.next_address("locked")
    assert time.monotonic() - began > 5
    assert not answers(unlocked)


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
        except OSError:
            break
    device.next_address("locked")


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
    enrol(device, office)
    unlocked = device.next_address("unlocked")
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
    start: StartDevice, office: SmallOffice
) -> None:
    device = start()
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
    with ThreadPoolExecutor(2) as pool:
        pages = list(pool.map(lambda p: p.post("/unlock", passphrase=PASSPHRASE), [person, second]))
    assert [page.status for page in pages] == [200, 200]
    assert "Unlock Fieldfare" not in {page.heading for page in pages}
    device.next_address("unlocked")
    time.sleep(0.5)
    assert device.printed_no_more()
    assert len(device.processes()) == 2


def test_a_device_restarted_before_its_passphrase_was_chosen_asks_for_one(
    start: StartDevice, office: SmallOffice
) -> None:
    device, person = start(), Person()
    person.open(device.next_address("enrol").address)
    person.post("/enrol", address=office.address, code="7K3M9QXV", device_name="Blue tablet 4")
    office.state = "active"
    person.post("/waiting")
    device.stop()
    again = start()
    page = person.open(again.next_address("enrol").address)
    assert page.heading == "Choose your passphrase"
    person.post("/passphrase", passphrase=PASSPHRASE, again=PASSPHRASE)
    again.next_address("unlocked")


def test_a_second_device_in_the_same_folder_does_not_start(start: StartDevice) -> None:
    first = start()
    first.next_address("enrol")
    second = start()
    assert second.process.wait(15) == 1
    second.stop()
    assert b"Fieldfare is already open on this device" in second.log
    assert first.process.poll() is None


def test_two_devices_on_one_machine_never_touch(start: StartDevice, tmp_path: Path) -> None:
    first, second = start(home=tmp_path / "a"), start(home=tmp_path / "b")
    one, other = first.next_address("enrol"), second.next_address("enrol")
    assert one.port != other.port
    stolen = other.address.replace(str(other.port), str(one.port))
    assert Person().open(stolen).status == 401


def test_a_device_the_office_no_longer_wants_can_start_again(
    start: StartDevice, office: SmallOffice
) -> None:
    device, person = start(), Person()
    person.open(device.next_address("enrol").address)
    person.post("/enrol", address=office.address, code="7K3M9QXV", device_name="Blue tablet 4")
    office.state = "revoked"
    assert person.post("/waiting").heading == "This device is no longer allowed"
    device.stop()
    again = start()
    assert person.open(again.next_address("enrol").address).heading == (
        "This device is no longer allowed"
    )
    assert person.post("/revoked").heading == "Set up this device"


def test_an_enrolment_waits_through_a_restart(start: StartDevice, office: SmallOffice) -> None:
    device, person = start(), Person()
    person.open(device.next_address("enrol").address)
    person.post("/enrol", address=office.address, code="7K3M9QXV", device_name="Blue tablet 4")
    device.stop()
    again = start()
    page = person.open(again.next_address("enrol").address)
    assert office.words() in page.words
    office.state = "active"
    assert person.post("/waiting").heading == "Choose your passphrase"


@pytest.mark.parametrize("name", ["enrolment.json", "device-key.json", "device-secret.json"])
def test_a_device_whose_own_files_are_damaged_says_so_and_deletes_nothing(
    start: StartDevice, office: SmallOffice, name: str
) -> None:
    device, person = start(), Person()
    person.open(device.next_address("enrol").address)
    person.post("/enrol", address=office.address, code="7K3M9QXV", device_name="Blue tablet 4")
    device.stop()
    (device.home / "device" / name).write_bytes(b"{}")
    again = start()
    page = person.open(again.next_address("enrol").address)
    assert page.heading == "Fieldfare cannot start on this device"
    assert "cannot be read. Take the device to the office" in page.words
    assert (device.home / "device" / name).read_bytes() == b"{}"


def test_a_page_of_another_stage_leads_to_the_right_one(
    start: StartDevice, office: SmallOffice
) -> None:
    device, person = start(), Person()
    entrance = device.next_address("enrol")
    person.open(entrance.address)
    for path in ("unlock", "passphrase", "waiting", "revoked", "problem", "nothing"):
        page = person.open(f"http://127.0.0.1:{entrance.port}/{path}")
        assert page.heading in {"Set up this device", "Page not found"}, path


def test_what_a_vault_sends_is_signed_by_the_keeper_and_reaches_the_office(
    start: StartDevice, office: SmallOffice
) -> None:
    device = start()
    enrol(device, office)
    device.next_address("unlocked")
    assert until(lambda: bool(office.sent))
    assert office.sent[0][0] == SYNC_PATH


def test_nothing_on_disk_is_for_others_and_no_secret_is_on_a_command_line(
    start: StartDevice, office: SmallOffice
) -> None:
    device = start()
    enrol(device, office)
    device.next_address("unlocked")
    for path in device.home.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    for process in device.processes():
        said = " ".join([*process.cmdline(), *map("=".join, process.environ().items())])
        assert "violin" not in said
        assert "boot" not in said
    kept = b"".join(path.read_bytes() for path in device.home.rglob("*") if path.is_file())
    assert b"violin" not in kept
    assert b"SQLite format 3" not in kept


def copies_in_memory(process: psutil.Process, what: bytes) -> int:
    """Count the copies of some bytes in all that a process can write to."""
    found = 0
    with Path(f"/proc/{process.pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{process.pid}/maps").read_text().splitlines():
            place, may = line.split()[:2]
            start, end = (int(part, 16) for part in place.split("-"))
            if may.startswith("rw"):
                with contextlib.suppress(OSError, OverflowError):
                    memory.seek(start)
                    found += memory.read(end - start).count(what)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="reads another process's memory on Linux")
def test_once_locked_no_process_holds_a_passphrase_or_a_name(
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
                copies_in_memory(process, typed)
        return
    assert copies_in_memory(keeper, b"Sam Patel") > 0  # so this would see what it looks for
    assert copies_in_memory(vault, typed) + copies_in_memory(vault, passphrase.encode()) > 0
    assert copies_in_memory(keeper, typed) == copies_in_memory(keeper, passphrase.encode()) == 0
    person.post("/lock")
    device.next_address("locked")
    assert not is_alive(vault)
    for process in device.processes():
        assert copies_in_memory(process, typed) == 0
        assert copies_in_memory(process, passphrase.encode()) == 0


def test_no_process_of_a_device_leaves_a_core_file(start: StartDevice, office: SmallOffice) -> None:
    device = start()
    enrol(device, office)
    device.next_address("unlocked")
    for process in device.processes():
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        assert re.search(r"Max core file size\s+0\s+0", limits)
