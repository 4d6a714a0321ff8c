"""A signed request: every byte that matters covered, once, in time, by a device that still may."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from flask import request
from sqlalchemy import select, text
from werkzeug.test import EnvironBuilder

from field_client.device_key import DeviceKey
from field_client.enrolment import Asking, State, ask, ask_state
from field_client.office_link import OfficeLink
from server.access.device_commands import ApproveDevice, RevokeDevice
from server.access.device_requests import (
    OFFSET_SECONDS_MAX,
    DeviceRefused,
    DeviceSpeaking,
    device_of,
)
from server.access.tables import DeviceRow, NonceRow
from server.access.user_commands import SuspendUser, WithdrawRole
from shared.errors import RuleBroken
from sync import signatures
from tests.server.access.conftest import Office
from tests.server.access.serving import served
from tests.server.access.tablet import STATE, Tablet, enrolled, issue_code

BODY = b'{"wall_at": null}'
PATH = "/sync/v1?lane=urgent"


def heard(
    office: Office,
    body: bytes,
    headers: dict[str, str],
    *,
    method: str = "POST",
    path: str = PATH,
    host: str = "localhost",
    at: datetime | None = None,
) -> DeviceSpeaking | str:
    """Ask who is speaking as an endpoint would; a refusal is given by its code."""
    builder = EnvironBuilder(path, method=method, data=body, base_url="http://localhost")
    environ = {**builder.get_environ(), "HTTP_HOST": host, "REQUEST_URI": path}
    environ["REQUEST_METHOD"] = method
    for name, value in headers.items():
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    with office.app.app_context(), office.app.request_context(environ):
        try:
            return device_of(request, body, at or datetime.now(UTC))
        except DeviceRefused as refusal:
            return refusal.code if refusal.status == 401 else str(refusal.status)


def test_a_signed_request_says_which_device_speaks_for_whom(office: Office) -> None:
    amina = office.person("amina", "officer")
    tablet, device_id = enrolled(office, amina)
    speaking = heard(office, BODY, tablet.signed(PATH, BODY))
    assert isinstance(speaking, DeviceSpeaking)
    assert (speaking.device_id, speaking.officer_id, speaking.state) == (device_id, amina, "active")
    assert speaking.actor == replace(office.actor(amina), device_id=device_id)
    assert speaking.actor.may("visits.record")


def test_no_byte_of_what_is_covered_can_be_another(office: Office) -> None:
    tablet, _device_id = enrolled(office, office.person("amina", "officer"))
    tried, accepted = 0, []
    for what in (
        "body",
        "path",
        "host",
        "method",
        "Content-Digest",
        "Signature-Input",
        "Signature",
    ):
        headers = tablet.signed(PATH, BODY)
        parts = {"path": PATH, "host": "localhost", "method": "POST", **headers}
        whole = BODY.decode() if what == "body" else parts[what]
        for place in range(len(whole)):
            for bit in (1, 2, 4, 8, 16, 32, 64):
                changed = whole[:place] + chr(ord(whole[place]) ^ bit) + whole[place + 1 :]
                told = {**parts, what: changed}
                answer = heard(
                    office,
                    changed.encode() if what == "body" else BODY,
                    {name: told[name] for name in headers},
                    method=told["method"],
                    path=told["path"],
                    host=told["host"],
                )
                tried += 1
                if isinstance(answer, DeviceSpeaking):
                    accepted.append((what, place, bit))
    assert tried >= 1_000
    assert accepted == []


def test_a_path_that_means_the_same_written_otherwise_is_not_what_was_signed(
    office: Office,
) -> None:
    tablet, _device_id = enrolled(office, office.person("amina", "officer"))
    for other in ("/sync/v%31?lane=urgent", "/sync//v1?lane=urgent", "/sync/v1?lane=urgent&"):
        assert heard(office, BODY, tablet.signed(PATH, BODY), path=other) == "signature.wrong"


@pytest.mark.parametrize("missing", ["Content-Digest", "Signature-Input", "Signature"])
def test_a_request_without_one_of_the_headers_is_unreadable(office: Office, missing: str) -> None:
    tablet, _device_id = enrolled(office, office.person("amina", "officer"))
    headers = tablet.signed(PATH, BODY)
    del headers[missing]
    assert heard(office, BODY, headers) == "signature.unreadable"


def test_two_signatures_are_one_too_many(office: Office) -> None:
    tablet, _device_id = enrolled(office, office.person("amina", "officer"))
    first, second = tablet.signed(PATH, BODY), tablet.signed(PATH, BODY)
    both = {name: f"{first[name]}, {second[name]}" for name in first}
    assert heard(office, BODY, both) == "signature.unreadable"


@pytest.mark.proves("T34")
def test_another_body_is_refused_before_the_signature_is_looked_at(office: Office) -> None:
    tablet, _device_id = enrolled(office, office.person("amina", "officer"))
    assert heard(office, BODY + b" ", tablet.signed(PATH, BODY)) == "signature.digest"


def test_a_device_nobody_enrolled_is_unknown(office: Office) -> None:
    assert heard(office, BODY, Tablet().signed(PATH, BODY)) == "device.unknown"


def test_a_device_cannot_name_anothers_key(office: Office) -> None:
    amina = office.person("amina", "officer")
    known, _device_id = enrolled(office, amina)
    thief = Tablet()
    headers = thief.signed(PATH, BODY)
    mine, theirs = (signatures.key_id(each.public_key) for each in (thief, known))
    headers["Signature-Input"] = headers["Signature-Input"].replace(mine, theirs)
    assert heard(office, BODY, headers) == "signature.wrong"


@pytest.mark.proves("T33")
def test_a_request_sent_again_is_refused(office: Office) -> None:
    tablet, _device_id = enrolled(office, office.person("amina", "officer"))
    headers = tablet.signed(PATH, BODY)
    assert isinstance(heard(office, BODY, headers), DeviceSpeaking)
    assert heard(office, BODY, headers) == "signature.repeated"
    assert isinstance(heard(office, BODY, tablet.signed(PATH, BODY)), DeviceSpeaking)


def test_of_one_request_sent_many_times_at_once_one_is_heard(office: Office) -> None:
    tablet, _device_id = enrolled(office, office.person("amina", "officer"))
    headers = tablet.signed(PATH, BODY)
    said: list[DeviceSpeaking | str] = []
    threads = [
        threading.Thread(target=lambda: said.append(heard(office, BODY, headers))) for _ in range(6)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len([each for each in said if isinstance(each, DeviceSpeaking)]) == 1
    assert said.count("signature.repeated") == 5


def test_two_devices_may_use_the_same_nonce(office: Office) -> None:
    amina = office.person("amina", "officer")
    nonce = signatures.nonce_of(bytes(16))
    for _ in range(2):
        tablet, _device_id = enrolled(office, amina)
        answer = heard(office, BODY, tablet.signed(PATH, BODY, nonce))
        assert isinstance(answer, DeviceSpeaking)


@pytest.mark.proves("T33")
def test_a_nonce_is_forgotten_when_its_signature_is_long_stale(office: Office) -> None:
    tablet, device_id = enrolled(office, office.person("amina", "officer"))
    heard(office, BODY, tablet.signed(PATH, BODY))
    with office.session() as session, session.begin():
        session.execute(text("UPDATE nonce SET seen_at = seen_at - interval '11 minutes'"))
    heard(office, BODY, tablet.signed(PATH, BODY))
    with office.session() as session:
        kept = session.scalars(select(NonceRow).where(NonceRow.device_id == device_id)).all()
    assert len(kept) == 1


@pytest.mark.parametrize(
    ("ahead_seconds", "is_heard"),
    [(-120, "yes"), (120, "yes"), (-121, "no"), (121, "no"), (-(10**9), "no"), (10**9, "no")],
)
def test_a_signature_is_good_for_two_minutes_either_way(
    office: Office, ahead_seconds: int, is_heard: str
) -> None:
    tablet, _device_id = enrolled(office, office.person("amina", "officer"))
    tablet.ahead_seconds, now = ahead_seconds, datetime.now(UTC)
    answer = heard(office, BODY, tablet.signed(PATH, BODY, at=now), at=now)
    assert ("yes" if isinstance(answer, DeviceSpeaking) else "no") == is_heard
    if is_heard == "no":
        assert answer == signatures.STALE


def test_a_device_with_a_wrong_clock_is_told_the_time_and_its_office_sees_it(
    office: Office,
) -> None:
    tablet, device_id = enrolled(office, office.person("amina", "officer"))
    tablet.ahead_seconds = 7_200
    client, asked_at = office.app.test_client(), datetime.now(UTC)
    answer = tablet.post(client, STATE, b"{}")
    answered_at = datetime.now(UTC)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "signature.stale")
    told = parsedate_to_datetime(answer.headers["Date"])
    assert asked_at - timedelta(seconds=1) <= told <= answered_at
    with office.session() as session:
        device = session.get_one(DeviceRow, device_id)
    assert device.clock_offset_seconds is not None
    took_seconds = (answered_at - asked_at).total_seconds()
    assert 7_200 - took_seconds - 1 <= device.clock_offset_seconds <= 7_200 + 1
    assert device.seen_at is not None


def test_a_clock_that_is_wrong_by_centuries_is_no_fault_of_the_office(office: Office) -> None:
    tablet, device_id = enrolled(office, office.person("amina", "officer"))
    client = office.app.test_client()
    tablet.ahead_seconds = 90_000_000_000
    assert tablet.post(client, STATE, b"{}").get_json()["code"] == "signature.stale"
    tablet.ahead_seconds = 0
    for wall, offset in (
        ("0088-02-20T08:32:55+23:57", -OFFSET_SECONDS_MAX),
        ("9999-12-31T23:59:59+01:00", OFFSET_SECONDS_MAX),
    ):
        assert tablet.post(client, STATE, {"wall_at": wall}).status_code == 200
        with office.session() as session:
            assert session.get_one(DeviceRow, device_id).clock_offset_seconds == offset


def test_a_stranger_with_a_wrong_clock_moves_nothing(office: Office) -> None:
    known, device_id = enrolled(office, office.person("amina", "officer"))
    thief = Tablet(ahead_seconds=7_200)
    headers = thief.signed(PATH, BODY)
    mine, theirs = (signatures.key_id(each.public_key) for each in (thief, known))
    headers["Signature-Input"] = headers["Signature-Input"].replace(mine, theirs)
    assert heard(office, BODY, headers) == "signature.wrong"
    with office.session() as session:
        assert session.get_one(DeviceRow, device_id).clock_offset_seconds is None


@pytest.mark.proves("T16")
def test_a_revoked_device_is_still_heard_but_may_do_nothing(office: Office) -> None:
    amina = office.person("amina", "officer")
    tablet, device_id = enrolled(office, amina)
    office.give(RevokeDevice(device_id=device_id, reason="stolen")).raise_if_refused()
    speaking = heard(office, BODY, tablet.signed(PATH, BODY))
    assert isinstance(speaking, DeviceSpeaking)
    assert (speaking.state, speaking.actor.permissions) == ("revoked", frozenset())
    assert speaking.actor.user_id == amina


def test_a_device_nobody_approved_yet_may_do_nothing(office: Office) -> None:
    tablet, _device_id = enrolled(office, office.person("amina", "officer"), approved=False)
    speaking = heard(office, BODY, tablet.signed(PATH, BODY))
    assert isinstance(speaking, DeviceSpeaking)
    assert (speaking.state, speaking.actor.permissions) == ("pending", frozenset())


@pytest.mark.proves("T16")
def test_the_device_of_a_suspended_officer_may_do_nothing(office: Office) -> None:
    amina = office.person("amina", "officer")
    tablet, _device_id = enrolled(office, amina)
    office.give(SuspendUser(user_id=amina)).raise_if_refused()
    speaking = heard(office, BODY, tablet.signed(PATH, BODY))
    assert isinstance(speaking, DeviceSpeaking)
    assert (speaking.state, speaking.actor.permissions) == ("suspended", frozenset())


@pytest.mark.proves("T16")
def test_a_role_taken_away_is_gone_from_the_device_at_its_next_request(office: Office) -> None:
    amina = office.person("amina", "officer")
    tablet, _device_id = enrolled(office, amina)
    office.give(WithdrawRole(user_id=amina, role="officer")).raise_if_refused()
    speaking = heard(office, BODY, tablet.signed(PATH, BODY))
    assert isinstance(speaking, DeviceSpeaking)
    assert not speaking.actor.may("visits.record")


@pytest.mark.enable_socket
def test_the_devices_own_client_is_understood_over_a_real_socket(
    office: Office, tmp_path: Path
) -> None:
    key = DeviceKey.make(tmp_path / "key", bytes(32))
    amina = office.person("amina", "officer")
    code = issue_code(office, amina)
    with served(office) as address:
        link = OfficeLink(address, key)
        link.offset_seconds = 86_400.0
        asking = Asking(
            office_address=str(address),
            code=code,
            device_name="Blue tablet 4",
            platform="Linux",
            public_key=key.public_bytes(),
        )
        asked_at = datetime.now(UTC)
        asked = ask(link, asking)
        took_seconds = (datetime.now(UTC) - asked_at).total_seconds()
        assert abs(link.offset_seconds) < 2 + took_seconds
        assert ask_state(link, asked).state is State.PENDING
        sal = office.actor(office.person("sal", "supervisor"))
        office.give(ApproveDevice(device_id=asked.device_id), sal).raise_if_refused()
        settled = ask_state(link, asked)
        office.give(RevokeDevice(device_id=asked.device_id, reason="lost")).raise_if_refused()
        ended = ask_state(link, asked)
    assert (settled.state, settled.officer_id) == (State.ACTIVE, amina)
    assert ended.state is State.REVOKED
    with office.session() as session:
        assert " ".join(asked.words) == session.get_one(DeviceRow, asked.device_id).words


@pytest.mark.enable_socket
def test_the_devices_own_client_understands_a_code_that_is_refused(
    office: Office, tmp_path: Path
) -> None:
    key = DeviceKey.make(tmp_path / "key", bytes(32))
    codes = []
    with served(office) as address:
        for _ in range(6):
            asking = Asking(
                office_address=str(address),
                code="00000000",
                device_name="Blue tablet 4",
                platform="Linux",
                public_key=key.public_bytes(),
            )
            with pytest.raises(RuleBroken) as refused:
                ask(OfficeLink(address, key), asking)
            codes.append(refused.value.code)
    assert codes == ["code.refused"] * 5 + ["code.too_many_tries"]
