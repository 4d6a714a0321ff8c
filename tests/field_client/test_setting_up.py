"""A device is set up as real processes: enrolled, approved, given a passphrase, and at no step lost."""

from __future__ import annotations

import re

import pytest

from tests.field_client.office import SmallOffice
from tests.field_client.running import PASSPHRASE, Person, StartDevice, answers

pytestmark = [pytest.mark.enable_socket]


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
    (device.kept.folder / "device" / name).write_bytes(b"{}")
    again = start()
    page = person.open(again.next_address("enrol").address)
    assert page.heading == "Fieldfare cannot start on this device"
    assert "cannot be read. Take the device to the office" in page.words
    assert (device.kept.folder / "device" / name).read_bytes() == b"{}"


def test_a_page_of_another_stage_leads_to_the_right_one(
    start: StartDevice, office: SmallOffice
) -> None:
    device, person = start(), Person()
    entrance = device.next_address("enrol")
    person.open(entrance.address)
    for path in ("unlock", "passphrase", "waiting", "revoked", "problem", "nothing"):
        page = person.open(f"http://127.0.0.1:{entrance.port}/{path}")
        assert page.heading in {"Set up this device", "Page not found"}, path
