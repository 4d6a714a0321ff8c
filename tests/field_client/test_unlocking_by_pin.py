"""An officer who chose a PIN unlocks with it for a day: real processes, and a keeper that forgets."""

from __future__ import annotations

import re
import time

import pytest

from field_client.keeper import ASLEEP_SECONDS
from field_client.session_pin import ASLEEP_SECONDS_MAX, SESSION_SECONDS_MAX, TRIES_MAX
from tests.field_client.office import SmallOffice
from tests.field_client.running import (
    PASSPHRASE,
    Hand,
    Page,
    Person,
    RunningDevice,
    StartDevice,
    enrol,
)
from tests.field_client.test_tablet import AMINA, OTHER, SAM, choose, two_officers

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(400)]

PIN = "48291375"
WRONG = "48291376"


def choose_pin(person: Person, *, pin: str = PIN, passphrase: str = PASSPHRASE) -> Page:
    """Go to the settings of an open device and choose a PIN there."""
    assert person.page is not None
    person.open(re.sub(r"(://[^/]+)/.*", r"\1/settings/pin", person.page.url))
    return person.post("/settings/pin", pin=pin, again=pin, passphrase=passphrase)


def lock(device: RunningDevice, person: Person) -> Page:
    """Lock, and go to the page that stands there then."""
    person.post("/lock")
    return person.open(device.next_address("locked").address)


@pytest.mark.proves("T07")
def test_a_pin_unlocks_after_each_lock_and_the_passphrase_still_does(
    start: StartDevice, office: SmallOffice
) -> None:
    device = start()
    person = enrol(device, office)
    device.next_address("unlocked")
    page = choose_pin(person)
    assert page.heading == "Settings"
    assert re.search(r"Unlocks with Your PIN until \S+, then your passphrase", page.words)
    vault = device.processes()[1]
    page = lock(device, person)
    assert not vault.is_running()
    assert page.heading == "Unlock Fieldfare"
    assert "Sam Patel, Ambleford Council" in page.words
    assert 'inputmode="numeric"' in page.text
    assert 'name="passphrase"' not in page.text
    page = person.post("/pin", pin=WRONG)
    assert "That PIN does not open this device." in page.words
    assert "Tries left: 4" in page.words
    assert WRONG not in page.text
    assert "Use a PIN of at least 6 digits" in person.post("/pin", pin="48291").words
    assert "Enter your PIN" in person.post("/pin", pin="").words
    assert person.post("/pin", pin="4829 1375").url.endswith("/today")
    device.next_address("unlocked")
    lock(device, person)
    assert person.page is not None
    assert person.page.url.endswith("/pin")
    page = person.open(person.page.url.replace("/pin", "/unlock"))
    assert "Use your PIN instead" in page.words
    assert person.post("/unlock", passphrase=PASSPHRASE).url.endswith("/today")
    device.next_address("unlocked")
    assert lock(device, person).url.endswith("/pin")


@pytest.mark.proves("T37")
def test_five_wrong_pins_in_all_and_the_device_asks_for_the_passphrase(
    start: StartDevice, office: SmallOffice
) -> None:
    device = start()
    person = enrol(device, office)
    device.next_address("unlocked")
    choose_pin(person)
    lock(device, person)
    for _ in range(TRIES_MAX - 2):
        person.post("/pin", pin=WRONG)
    person.post("/pin", pin=PIN)
    device.next_address("unlocked")
    page = lock(device, person)
    assert "Tries left: 1" in person.post("/pin", pin=WRONG).words
    page = person.post("/pin", pin=WRONG)
    assert "The PIN was wrong too often. Enter your passphrase" in page.words
    assert 'href="#passphrase"' in page.text
    assert "Use your PIN instead" not in page.words
    assert person.post("/pin", pin=PIN).url.endswith("/unlock")
    assert person.post("/unlock", passphrase=PASSPHRASE).url.endswith("/today")
    unlocked = device.next_address("unlocked")
    page = person.open(f"http://127.0.0.1:{unlocked.port}/settings")
    assert "Unlocks with Your passphrase" in page.words
    assert "Choose a PIN for today" in page.words


@pytest.mark.parametrize("after", [SESSION_SECONDS_MAX, ASLEEP_SECONDS_MAX + 1])
def test_a_lock_page_that_stood_there_past_the_session_asks_for_the_passphrase(
    start: StartDevice, office: SmallOffice, hand: Hand, after: float
) -> None:
    device = start(first=hand.first)
    person = enrol(device, office)
    device.next_address("unlocked")
    choose_pin(person)
    assert lock(device, person).url.endswith("/pin")
    hand.move_to(1_000 + after)
    page = person.post("/pin", pin=PIN)
    assert "The PIN does not open this device any more. Enter your passphrase" in page.words
    assert person.post("/unlock", passphrase=PASSPHRASE).url.endswith("/today")
    device.next_address("unlocked")
    assert lock(device, person).url.endswith("/unlock")


def test_a_device_unlocked_as_it_wakes_is_not_locked_again_for_having_slept(
    start: StartDevice, office: SmallOffice, hand: Hand
) -> None:
    looks_seldom = "from field_client import keeper; keeper._LOOK_SECONDS = 4.0; "
    device = start(first=looks_seldom + hand.first)
    person = enrol(device, office)
    device.next_address("unlocked")
    lock(device, person)
    hand.move_to(1_000 + 2 * ASLEEP_SECONDS)
    assert person.post("/unlock", passphrase=PASSPHRASE).url.endswith("/today")
    device.next_address("unlocked")
    time.sleep(5)
    assert device.printed_no_more(), "the keeper has looked at the clock since"


def test_a_pin_is_chosen_with_the_passphrase_and_forgotten_at_a_press(
    start: StartDevice, office: SmallOffice, hand: Hand
) -> None:
    device = start(first=hand.first)
    person = enrol(device, office)
    device.next_address("unlocked")
    page = choose_pin(person, passphrase=OTHER)
    assert "That passphrase does not open this device" in page.words
    assert PIN not in page.text
    assert "Wait 2 seconds, then enter your passphrase again" in choose_pin(person).words
    hand.move_to(1_002)
    page = person.post("/settings/pin", pin=PIN, again=WRONG, passphrase=PASSPHRASE)
    assert "The two PINs are different" in page.words
    assert "That PIN would be guessed" in choose_pin(person, pin="123456").words
    for missing in ("pin", "again", "passphrase"):
        said = {"pin": PIN, "again": PIN, "passphrase": PASSPHRASE, missing: ""}
        assert f'href="#{missing}"' in person.post("/settings/pin", **said).text
    assert "Forget the PIN" not in page.words
    choose_pin(person)
    assert person.page is not None
    page = person.open(f"{person.page.url}/pin")
    assert page.heading == "Change your PIN for today"
    page = person.post("/settings/pin/forget")
    assert "Unlocks with Your passphrase" in page.words
    assert lock(device, person).url.endswith("/unlock")


@pytest.mark.proves("T01")
def test_nothing_of_a_pin_is_on_disk_and_a_device_that_was_started_again_has_none(
    start: StartDevice, office: SmallOffice
) -> None:
    device = start()
    person = enrol(device, office)
    device.next_address("unlocked")
    before = {path for path in device.home.rglob("*") if path.is_file()}
    choose_pin(person)
    lock(device, person)
    person.post("/pin", pin=WRONG)
    after = {path for path in device.home.rglob("*") if path.is_file()}
    assert {path.suffix for path in after - before} <= {".db-wal", ".db-shm"}
    kept = b"".join(path.read_bytes() for path in after)
    assert not [typed for typed in (PIN, WRONG) if typed.encode() in kept]
    assert b"argon2id" in kept, "that of the passphrase"
    assert kept.count(b"argon2id") == 1
    assert device.stop() == 0
    assert PIN.encode() not in device.log
    again = start()
    assert person.open(again.next_address("locked").address).url.endswith("/unlock")


@pytest.mark.proves("T18")
def test_the_turn_of_another_officer_neither_asks_for_a_pin_nor_forgets_it(
    start: StartDevice, office: SmallOffice
) -> None:
    device = start()
    person, who = two_officers(device, office)
    person.open(who.address)
    choose(person, AMINA)
    person.post("/unlock", passphrase=OTHER)
    device.next_address("unlocked")
    choose_pin(person, passphrase=OTHER)
    person.post("/lock")
    person.open(device.next_address("choose").address)
    choose(person, SAM)
    assert person.page is not None
    assert person.page.url.endswith("/unlock")
    assert person.post("/pin", pin=PIN).url.endswith("/unlock")
    person.post("/somebody-else")
    choose(person, AMINA)
    assert person.page.url.endswith("/pin")
    assert person.post("/pin", pin=PIN).url.endswith("/today")
