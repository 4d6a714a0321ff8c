"""Several officers share one tablet: each has a folder, keys and a page, and nothing is another's."""

from __future__ import annotations

import contextlib
import re
import threading
from pathlib import Path

import keyring.backends.fail
import psutil
import pytest
from click.testing import CliRunner

from field_client.cli import field
from field_client.device import Stage
from field_client.tablet import Tablet, homes_in
from shared.values import is_id
from tests.field_client.office import CODE, SmallOffice
from tests.field_client.office import OFFICERS as ENROLLED
from tests.field_client.running import (
    PASSPHRASE,
    Address,
    Hand,
    Person,
    RunningDevice,
    StartDevice,
    answers,
    enrol,
    is_alive,
    unlock,
    until,
)
from tests.field_client.test_deliveries import put

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(400)]

OTHER = "cobalt walrus pepper drizzle"
SAM, AMINA = (name for _id, name in ENROLLED)


def opened(folder: Path) -> Tablet:
    """Give the officers of a tablet, as a keeper that has it finds them."""
    tablet = Tablet(folder, keyring.backends.fail.Keyring())
    with tablet.held():
        return tablet


def enrolled(folder: Path, office: SmallOffice, *officers: str) -> Tablet:
    """Enrol as many officers, one after the other."""
    tablet, office.state = opened(folder), "active"
    for _officer in officers:
        tablet.join()
        assert tablet.chosen is not None
        tablet.chosen.enrol(address=office.address, code=CODE, device_name="Blue tablet 4")
        tablet.chosen.ask_state()
    return tablet


def choose(person: Person, name: str) -> None:
    """Press the name of somebody on the page that asks who is visiting."""
    assert person.page is not None
    assert person.page.heading == "Who is visiting today?"
    forms = re.findall(r'name="folder" value="([^"]+)">(.*?)</form>', person.page.text, re.DOTALL)
    (folder,) = [folder for folder, shown in forms if name in shown]
    person.post("/choose", folder=folder)


def two_officers(device: RunningDevice, office: SmallOffice) -> tuple[Person, Address]:
    """Enrol both officers on one tablet, each with a vault, and lock it: who is visiting is asked."""
    person = enrol(device, office)
    device.next_address("unlocked")
    person.post("/lock")
    person.open(device.next_address("locked").address)
    person.post("/somebody-else")
    page = person.post("/choose/join")
    assert page.heading == "Set up this device"
    person.post("/enrol", address=office.address, code=CODE, device_name="Blue tablet 4")
    person.post("/waiting")
    person.post("/passphrase", passphrase=OTHER, again=OTHER)
    device.next_address("unlocked")
    person.post("/lock")
    return person, device.next_address("choose")


def vaults_of(device: RunningDevice) -> list[psutil.Process]:
    """List the processes of vaults; one that ends just now is none any more."""
    found = []
    for each in device.processes():
        with contextlib.suppress(psutil.Error):
            if is_alive(each) and "field_client.vault" in each.cmdline():
                found.append(each)
    return found


@pytest.mark.proves("T18")
def test_a_second_officer_joins_and_each_opens_with_their_own_passphrase_alone(
    start: StartDevice, office: SmallOffice
) -> None:
    device = start()
    person, who = two_officers(device, office)
    names = {SAM: OTHER, AMINA: PASSPHRASE}
    page = person.open(who.address)
    assert page.heading == "Who is visiting today?"
    assert all(name in page.words for name in names)
    assert vaults_of(device) == [], "nobody's vault is near before somebody is chosen"
    for name, wrong in names.items():
        choose(person, name)
        assert person.page is not None
        assert person.page.heading == "Unlock Fieldfare"
        assert f"{name}, Ambleford Council" in person.page.words
        assert "does not open this device" in person.post("/unlock", passphrase=wrong).words
        person.post("/somebody-else")
    choose(person, AMINA)
    person.post("/unlock", passphrase=OTHER)
    device.next_address("unlocked")
    homes = homes_in(device.home)
    secrets = {home.device_secret.read_bytes() for home in homes}
    keys = {home.device_key.read_bytes() for home in homes}
    assert len(homes) == len(secrets) == len(keys) == 2
    assert [len(list(home.vaults.iterdir())) for home in homes] == [1, 1]


def test_wrong_passphrases_of_one_officer_cost_another_no_wait_and_are_not_forgiven_by_theirs(
    start: StartDevice, office: SmallOffice, tmp_path: Path
) -> None:
    device = start(first=Hand(tmp_path).first)  # whose clock stands still
    person, who = two_officers(device, office)
    person.open(who.address)
    choose(person, SAM)
    person.post("/unlock", passphrase=OTHER)
    assert "Wait" in person.post("/unlock", passphrase=PASSPHRASE).words
    person.post("/somebody-else")
    choose(person, AMINA)
    person.post("/unlock", passphrase=OTHER)
    device.next_address("unlocked")
    person.post("/lock")
    person.open(device.next_address("choose").address)
    choose(person, SAM)
    assert "Wait" in person.post("/unlock", passphrase=PASSPHRASE).words


def test_changing_officers_ends_the_first_ones_process_before_the_others_is_open(
    start: StartDevice, office: SmallOffice
) -> None:
    device = start()
    person, who = two_officers(device, office)
    person.open(who.address)
    choose(person, SAM)
    person.post("/unlock", passphrase=PASSPHRASE)
    first = device.next_address("unlocked")
    (vault,) = vaults_of(device)
    assert person.post("/somebody-else").status == 404, "an open vault is left by locking it"
    person.open(f"http://127.0.0.1:{first.port}/")
    person.post("/lock")
    person.open(device.next_address("choose").address)
    assert not is_alive(vault)
    assert not answers(first)
    choose(person, AMINA)
    assert len(vaults_of(device)) == 1


def test_leaving_a_lock_page_ends_its_process(start: StartDevice, office: SmallOffice) -> None:
    device = start()
    person, who = two_officers(device, office)
    person.open(who.address)
    choose(person, SAM)
    (vault,) = vaults_of(device)
    person.post("/somebody-else")
    assert until(lambda: not is_alive(vault))
    assert until(lambda: vaults_of(device) == [])
    assert person.page is not None
    assert person.page.heading == "Who is visiting today?"


def test_with_one_officer_the_first_page_is_their_lock_and_joining_can_be_called_off(
    start: StartDevice, office: SmallOffice
) -> None:
    device = start()
    person = enrol(device, office)
    device.next_address("unlocked")
    person.post("/lock")
    page = person.open(device.next_address("locked").address)
    assert "Somebody else is visiting" in page.words
    page = person.post("/somebody-else")
    assert SAM in page.words
    page = person.post("/choose/join")
    for known in (office.address, "Blue tablet 4"):
        assert f'value="{known}"' in page.text, "it is the same office and the same tablet"
    page = person.post("/enrol", address=office.address, code="ZZZZZZZZ", device_name="Blue")
    assert "did not accept that code" in page.words
    page = person.post("/somebody-else")
    assert page.words.count("Blue") == 0
    device.stop()
    again = start()
    unlock(person, again.next_address("locked"))
    again.next_address("unlocked")
    assert len(homes_in(device.home)) == 2, "what was begun is there to be gone on with"
    tried = {said["public_key"] for path, said in office.asked if path.endswith("/enrol")}
    assert len(tried) == 2
    tablet = opened(device.home) if again.stop() == 0 else None
    assert tablet is not None
    tablet.join()
    assert len(homes_in(device.home)) == 2


def test_the_office_is_told_of_one_piece_of_hardware(office: SmallOffice, tmp_path: Path) -> None:
    enrolled(tmp_path / "one", office, SAM, AMINA)
    enrolled(tmp_path / "two", office, SAM)
    told = [said["tablet_id"] for path, said in office.asked if path == "/device/v1/enrol"]
    assert told[0] == told[1] != told[2]
    assert all(is_id(each) for each in told)
    (tmp_path / "one" / "tablet.json").write_bytes(b"{")
    assert opened(tmp_path / "one")._id not in told


def test_one_officers_trouble_is_nothing_to_another(
    start: StartDevice, office: SmallOffice
) -> None:
    device = start()
    person, _who = two_officers(device, office)
    device.stop()
    (first,) = [h for h in homes_in(device.home) if SAM in h.enrolment.read_text("utf-8")]
    first.enrolment.write_bytes(b"{}")
    again = start()
    page = person.open(again.next_address("choose").address)
    assert "An officer of this tablet Cannot start" in page.words
    choose(person, "An officer of this tablet")
    assert person.page is not None
    assert person.page.heading == "Fieldfare cannot start on this device"
    person.post("/somebody-else")
    choose(person, AMINA)
    person.post("/unlock", passphrase=OTHER)
    again.next_address("unlocked")
    assert first.enrolment.read_bytes() == b"{}"


def test_a_folder_that_is_not_an_officers_chooses_nobody(
    start: StartDevice, office: SmallOffice
) -> None:
    device = start()
    person, who = two_officers(device, office)
    person.open(who.address)
    assert person.post("/choose", folder="../elsewhere").heading == "Who is visiting today?"
    assert person.post("/choose").heading == "Who is visiting today?"


def test_a_lease_ends_on_time_whoever_is_here(office: SmallOffice, tmp_path: Path) -> None:
    tablet = enrolled(tmp_path, office, SAM, AMINA)
    first, second = tablet.devices
    for device in (first, second):
        device.ask_lease()
    tablet.choose(second.home.folder.name)
    first._leasing().take_back()
    tablet.look()
    assert (first.stage, second.stage) == (Stage.LEASE, Stage.PASSPHRASE)
    with first._turn:
        asked = threading.Thread(target=tablet.look)
        asked.start()
        asked.join(5)
        assert not asked.is_alive(), "a lock must not wait for what the office says to another"


def test_what_was_shut_for_good_is_never_another_officers_to_begin_in(
    office: SmallOffice, tmp_path: Path
) -> None:
    tablet = enrolled(tmp_path, office, SAM, AMINA)
    first = tablet.devices[0]
    put(first.home.sealed, 1)
    first.start_again()
    assert first in tablet.devices
    tablet.join()
    assert tablet.chosen is not first


def test_a_rescue_writes_a_file_for_each_officer_and_says_whose_is_missing(
    office: SmallOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    folder, stick = tmp_path / "tablet", tmp_path / "stick"
    stick.mkdir()
    tablet = enrolled(folder, office, SAM, AMINA)
    asked = ["--home", str(folder), "--rescue-to", str(stick)]
    first, second = tablet.devices
    put(first.home.sealed, 1)
    assert CliRunner().invoke(field, asked).exit_code == 0
    put(second.home.sealed, 2)
    done = CliRunner().invoke(field, asked)
    assert done.exit_code == 0
    assert len(done.output.split()) == 2
    first.home.enrolment.write_bytes(b"{")
    done = CliRunner().invoke(field, asked)
    assert done.exit_code == 1
    assert "cannot be read" in done.output
    assert ".sealed" in done.output, "the other's is written all the same"
