"""Devices: a code for an officer, six words to compare, an approval by somebody else, an end."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select, text

from field_client.vault.keys import is_signed_by
from server.access.device_commands import ApproveDevice, RevokeDevice, read_key
from server.access.enrolment import ALPHABET, in_halves, new_code, read_code
from server.access.tables import DeviceRow, TicketRow
from server.access.user_commands import SuspendUser, WithdrawRole
from server.spine import clock
from server.spine.tables import ChangeRow, DetailRow
from shared.commands import Outcome
from shared.words import words_to_compare
from sync.sealed import key_statement
from tests.server.access.conftest import Office
from tests.server.access.tablet import ENROL, STATE, Tablet, enrolled, issue_code


def test_a_code_is_eight_characters_nobody_misreads() -> None:
    code = new_code()
    assert len(code) == 8
    assert set(code) <= set(ALPHABET)
    assert not set("ILOU") & set(ALPHABET)
    assert re.fullmatch(r"\w{4} \w{4}", in_halves(code))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("7K3M9QXV", "7K3M9QXV"),
        (" 7k3m-9qxv ", "7K3M9QXV"),
        ("OIL0 I1lo", "01101110"),
        ("7K3M9QX", None),
        ("7K3M9QXU", None),
        ("7K3M9QXVV", None),
        ("ſK3M9QXV", None),
        ("٧K3M9QXV", None),
        ("", None),
    ],
)
def test_a_code_is_read_as_people_type_it(typed: str, meant: str | None) -> None:
    assert read_code(typed) == meant


def test_a_device_shows_the_words_the_office_shows(office: Office) -> None:
    tablet, code = Tablet(), issue_code(office, office.person("amina", "officer"))
    said = tablet.post(office.app.test_client(), ENROL, tablet.ask(code)).get_json()
    own_key = read_key(said["office_key"])
    receipt_key = read_key(said["receipt_key"])
    assert own_key is not None
    assert receipt_key is not None
    worked_out = words_to_compare(tablet.public_key, said["ticket_id"], own_key + receipt_key)
    with office.session() as session:
        kept = session.get_one(DeviceRow, said["device_id"])
    assert list(worked_out) == said["words"] == kept.words.split()
    assert (said["state"], kept.state, kept.name) == ("pending", "pending", "Blue tablet 4")


def test_a_code_is_shown_once_and_kept_only_as_a_hash(office: Office) -> None:
    amina = office.person("amina", "officer")
    client = office.client_of(office.person("sal", "administrator"))
    page = client.post("/devices/new", data={"officer_id": amina}).text
    found = re.search(r">([0-9A-Z]{4}) ([0-9A-Z]{4})<", page)
    assert found is not None
    code = found[1] + found[2]
    with office.session() as session:
        ticket = session.scalars(select(TicketRow)).one()
        logged = [str(each.line) for each in session.scalars(select(ChangeRow))]
        logged += [str(each.body) for each in session.scalars(select(DetailRow))]
    assert timedelta(0) < ticket.expires_at - datetime.now(UTC) <= timedelta(minutes=15)
    assert code not in ticket.code_hash
    assert not [each for each in logged if code in each or ticket.code_hash in each]
    tablet = Tablet()
    answer = tablet.post(office.app.test_client(), ENROL, tablet.ask(code.lower()))
    assert answer.status_code == 200


def test_asking_again_after_a_lost_reply_gets_the_same_answer(office: Office) -> None:
    tablet, code = Tablet(), issue_code(office, office.person("amina", "officer"))
    client = office.app.test_client()
    first = tablet.post(client, ENROL, tablet.ask(code)).get_json()
    assert tablet.post(client, ENROL, tablet.ask(code)).get_json() == first
    with office.session() as session:
        assert session.scalar(select(func.count()).select_from(DeviceRow)) == 1


def test_a_code_works_for_one_device(office: Office) -> None:
    code = issue_code(office, office.person("amina", "officer"))
    client, first, second = office.app.test_client(), Tablet(), Tablet()
    assert first.post(client, ENROL, first.ask(code)).status_code == 200
    late = second.post(client, ENROL, second.ask(code))
    assert (late.status_code, late.get_json()["code"]) == (403, "enrolment.refused")


def test_of_devices_that_show_one_code_at_once_one_is_taken(office: Office) -> None:
    code = issue_code(office, office.person("amina", "officer"))
    said: list[int] = []

    def ask() -> None:
        tablet = Tablet()
        answer = tablet.post(office.app.test_client(), ENROL, tablet.ask(code))
        said.append(answer.status_code)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(said) == [200, 403, 403, 403]


def test_a_code_is_over_after_15_minutes(office: Office) -> None:
    tablet, code = Tablet(), issue_code(office, office.person("amina", "officer"))
    with office.session() as session, session.begin():
        session.execute(
            text("UPDATE enrolment_ticket SET expires_at = expires_at - interval '15 minutes'")
        )
    late = tablet.post(office.app.test_client(), ENROL, tablet.ask(code))
    assert late.get_json()["code"] == "enrolment.refused"


def test_another_code_for_an_officer_ends_the_first(office: Office) -> None:
    amina = office.person("amina", "officer")
    first, second = issue_code(office, amina), issue_code(office, amina)
    client, tablet = office.app.test_client(), Tablet()
    assert tablet.post(client, ENROL, tablet.ask(first)).get_json()["code"] == "enrolment.refused"
    assert tablet.post(client, ENROL, tablet.ask(second)).status_code == 200


@pytest.mark.parametrize("how", ["suspended", "no longer an officer"])
def test_a_code_of_someone_who_no_longer_goes_out_works_no_more(office: Office, how: str) -> None:
    amina = office.person("amina", "officer")
    tablet, code = Tablet(), issue_code(office, amina)
    office.give(
        SuspendUser(user_id=amina)
        if how == "suspended"
        else WithdrawRole(user_id=amina, role="officer")
    ).raise_if_refused()
    answer = tablet.post(office.app.test_client(), ENROL, tablet.ask(code))
    assert answer.get_json()["code"] == "enrolment.refused"


def test_a_key_enrols_once(office: Office) -> None:
    amina = office.person("amina", "officer")
    tablet, _device_id = enrolled(office, amina, approved=False)
    again = tablet.post(office.app.test_client(), ENROL, tablet.ask(issue_code(office, amina)))
    assert (again.status_code, again.get_json()["code"]) == (403, "enrolment.refused")


def test_nobody_without_visits_is_given_a_code(office: Office) -> None:
    caseworker = office.person("cleo", "caseworker")
    client = office.client_of(office.person("sal", "administrator"))
    answer = client.post("/devices/new", data={"officer_id": caseworker})
    assert answer.status_code == 422
    assert client.post("/devices/new", data={}).status_code == 422


def test_a_wrong_code_five_times_and_an_address_must_wait(office: Office) -> None:
    tablet, client = Tablet(), office.app.test_client()
    code = issue_code(office, office.person("amina", "officer"))
    for _ in range(5):
        assert tablet.post(client, ENROL, tablet.ask("00000000")).status_code == 403
    assert tablet.post(client, ENROL, tablet.ask(code)).status_code == 429
    other = tablet.post(client, ENROL, tablet.ask(code), REMOTE_ADDR="10.0.0.9")
    assert other.status_code == 200


def test_ten_wrong_codes_from_anywhere_and_everyone_must_wait(office: Office) -> None:
    tablet, client = Tablet(), office.app.test_client()
    code = issue_code(office, office.person("amina", "officer"))
    for number in range(10):
        wrong = tablet.post(client, ENROL, tablet.ask("00000000"), REMOTE_ADDR=f"10.0.0.{number}")
        assert wrong.status_code == 403
    late = tablet.post(client, ENROL, tablet.ask(code), REMOTE_ADDR="10.0.1.1")
    assert (late.status_code, late.get_json()["code"]) == (429, "enrolment.too_many")


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"[" * 5_000,
        b'{"code": "7K3M9QXV"}',
        json.dumps({"code": 1, "public_key": "x", "device_name": "y"}).encode(),
        json.dumps({"code": "7K3M9QXV", "public_key": "short", "device_name": "y"}).encode(),
        b'{"code": "\\ud800"}',
    ],
)
def test_what_is_no_request_to_enrol_is_refused_as_unreadable(office: Office, said: bytes) -> None:
    answer = Tablet().post(office.app.test_client(), ENROL, said)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "message.unreadable")


def test_a_name_no_screen_can_show_is_refused(office: Office) -> None:
    tablet, code = Tablet(), issue_code(office, office.person("amina", "officer"))
    for other in ({"device_name": "a\x00b"}, {"device_name": ""}, {"more": "than asked"}):
        answer = tablet.post(office.app.test_client(), ENROL, tablet.ask(code, **other))
        assert answer.get_json()["code"] == "message.unreadable"


def test_a_request_to_enrol_that_is_too_large_is_not_read(office: Office) -> None:
    answer = Tablet().post(office.app.test_client(), ENROL, b"x" * 8_193)
    assert answer.status_code == 413


def test_a_request_to_enrol_is_signed_by_the_key_it_brings(office: Office) -> None:
    code = issue_code(office, office.person("amina", "officer"))
    mine, theirs = Tablet(), Tablet()
    answer = mine.post(office.app.test_client(), ENROL, theirs.ask(code))
    assert (answer.status_code, answer.get_json()["code"]) == (401, "signature.wrong")
    masked = Tablet(key=Masked(theirs.key, shows=mine.key))  # type: ignore[arg-type]  # plays a key
    answer = masked.post(office.app.test_client(), ENROL, masked.ask(code))
    assert answer.get_json()["code"] == "signature.wrong"


@pytest.mark.proves("T33")
def test_a_request_to_enrol_sent_again_by_someone_else_is_refused(office: Office) -> None:
    tablet, code = Tablet(), issue_code(office, office.person("amina", "officer"))
    body = json.dumps(tablet.ask(code)).encode()
    headers = tablet.signed(ENROL, body)
    client = office.app.test_client()
    assert client.post(ENROL, data=body, headers=headers).status_code == 200
    again = client.post(ENROL, data=body, headers=headers)
    assert (again.status_code, again.get_json()["code"]) == (401, "signature.repeated")


def test_whoever_gave_out_the_code_does_not_approve_the_device(office: Office) -> None:
    issuer = office.person("sal", "supervisor")
    tablet, code = Tablet(), issue_code(office, office.person("amina", "officer"), issuer)
    said = tablet.post(office.app.test_client(), ENROL, tablet.ask(code)).get_json()
    command = ApproveDevice(device_id=said["device_id"])
    assert office.give(command, office.actor(issuer)).code == "device.approver_issued"


def test_an_officer_does_not_approve_their_own_device(office: Office) -> None:
    amina = office.person("amina", "officer", "supervisor")
    _tablet, device_id = enrolled(office, amina, approved=False)
    command = ApproveDevice(device_id=device_id)
    assert office.give(command, office.actor(amina)).code == "device.own_approval"


def test_an_approval_needs_the_permission(office: Office) -> None:
    _tablet, device_id = enrolled(office, office.person("amina", "officer"), approved=False)
    cleo = office.person("cleo", "caseworker")
    command = ApproveDevice(device_id=device_id)
    assert office.give(command, office.actor(cleo)).code == "authority.lacking"
    assert office.client_of(cleo).post(f"/devices/{device_id}/approve").status_code == 403


def test_a_device_of_someone_who_left_is_not_approved(office: Office) -> None:
    amina = office.person("amina", "officer")
    _tablet, device_id = enrolled(office, amina, approved=False)
    office.give(SuspendUser(user_id=amina)).raise_if_refused()
    sal = office.actor(office.person("sal", "supervisor"))
    assert office.give(ApproveDevice(device_id=device_id), sal).code == "device.officer_gone"


def test_a_device_is_approved_once_and_revoked_once(office: Office) -> None:
    _tablet, device_id = enrolled(office, office.person("amina", "officer"))
    sal = office.actor(office.person("sal", "supervisor"))
    assert office.give(ApproveDevice(device_id=device_id), sal).code == "device.not_pending"
    lost = RevokeDevice(device_id=device_id, reason="lost")
    assert office.give(lost, sal).outcome is Outcome.APPLIED
    assert office.give(lost, sal).code == "device.already_revoked"
    with office.session() as session:
        device = session.get_one(DeviceRow, device_id)
    assert (device.state, device.revoked_reason, device.revoked_by) == (
        "revoked",
        "lost",
        sal.user_id,
    )


def test_an_unknown_device_is_neither_approved_nor_revoked(office: Office) -> None:
    nothing = clock.new_id()
    assert office.give(ApproveDevice(device_id=nothing)).code == "device.not_known"
    assert office.give(RevokeDevice(device_id=nothing, reason="lost")).code == "device.not_known"


def test_approving_twice_at_once_is_one_approval(office: Office) -> None:
    _tablet, device_id = enrolled(office, office.person("amina", "officer"), approved=False)
    approvers = [office.person(name, "supervisor") for name in ("sal", "tom")]
    racers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.server.access.approver", office.url, approver, device_id],
            stdout=subprocess.PIPE,
            text=True,
        )
        for approver in approvers
    ]
    said = sorted(each.communicate(timeout=100)[0].strip() for each in racers)
    assert said == ["applied", "refused"]


def test_a_device_learns_how_it_stands(office: Office) -> None:
    amina = office.person("amina", "officer")
    tablet, device_id = enrolled(office, amina, approved=False)
    client = office.app.test_client()
    said = tablet.post(client, STATE, b"{}").get_json()
    assert said == {
        "device_id": device_id,
        "state": "pending",
        "officer": {"id": amina, "name": "Amina"},
        "office": {"name": "Fieldfare", "fictional": False},
        "receipt_key": office.app.extensions["fieldfare"]["seal"].public_text,
        "sealing_key": said["sealing_key"],
        "wipe": None,
    }
    own, key = office.app.extensions["fieldfare"], said["sealing_key"]
    assert key["key"] == own["box"].public_text
    assert is_signed_by(own["seal"].public_text, key_statement(key["key"]), key["signature"])
    sal = office.actor(office.person("sal", "supervisor"))
    office.give(ApproveDevice(device_id=device_id), sal).raise_if_refused()
    assert tablet.post(client, STATE, b"").get_json()["state"] == "active"
    office.give(RevokeDevice(device_id=device_id, reason="lost"), sal).raise_if_refused()
    assert tablet.post(client, STATE, b"{}").get_json()["state"] == "revoked"


def test_the_device_of_a_suspended_officer_is_told_so(office: Office) -> None:
    amina = office.person("amina", "officer")
    tablet, _device_id = enrolled(office, amina)
    office.give(SuspendUser(user_id=amina)).raise_if_refused()
    answer = tablet.post(office.app.test_client(), STATE, b"{}")
    assert (answer.status_code, answer.get_json()["code"]) == (401, "device.suspended")


def test_a_device_can_say_what_its_clock_shows(office: Office) -> None:
    tablet, device_id = enrolled(office, office.person("amina", "officer"))
    wall = datetime.now(UTC) + timedelta(minutes=7)
    client = office.app.test_client()
    assert tablet.post(client, STATE, {"wall_at": wall.isoformat()}).status_code == 200
    with office.session() as session:
        offset = session.get_one(DeviceRow, device_id).clock_offset_seconds
    took_seconds = (datetime.now(UTC) + timedelta(minutes=7) - wall).total_seconds()
    assert offset is not None
    assert 420 - took_seconds - 1 <= offset <= 420
    assert tablet.post(client, STATE, {"wall_at": "noon"}).status_code == 400


class Masked:
    """A key that shows another's public half, as a thief of a public key would."""

    def __init__(self, key: Ed25519PrivateKey, *, shows: Ed25519PrivateKey) -> None:
        self.sign = key.sign
        self.public_key = shows.public_key


def test_devices_that_say_they_are_on_one_tablet_name_each_other(office: Office) -> None:
    client = office.client_of(office.person("sal", "supervisor"))
    tablet_id = clock.new_id()
    ids = {}
    for name, here in (("amina", tablet_id), ("bryn", tablet_id), ("carys", clock.new_id())):
        tablet, code = Tablet(), issue_code(office, office.person(name, "officer"))
        asked = tablet.ask(code, tablet_id=here)
        ids[name] = tablet.post(office.app.test_client(), ENROL, asked).get_json()["device_id"]
    with office.session() as session:
        assert session.get_one(DeviceRow, ids["amina"]).tablet_id == tablet_id
    for name, others in (("amina", ["bryn"]), ("bryn", ["amina"]), ("carys", [])):
        page = client.get(f"/devices/{ids[name]}").text
        linked = [other for other in ids if f'/devices/{ids[other]}">' in page]
        assert linked == others
        assert ("On the same tablet" in page) is bool(others)


def test_a_device_that_says_nothing_of_its_tablet_is_with_no_other(office: Office) -> None:
    client = office.client_of(office.person("sal", "supervisor"))
    for name in ("amina", "bryn"):
        _tablet, device_id = enrolled(office, office.person(name, "officer"))
        assert "On the same tablet" not in client.get(f"/devices/{device_id}").text
    code = issue_code(office, office.person("carys", "officer"))
    tablet = Tablet()
    answer = tablet.post(
        office.app.test_client(), ENROL, tablet.ask(code, tablet_id="the blue one")
    )
    assert (answer.status_code, answer.get_json()["code"]) == (400, "message.unreadable")
