"""The way to the office: signed, patient with a slow line, and not taken in by anything else."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import platform
import random
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path

import pytest
import zstandard
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from field_client import office_link, pipe
from field_client.device_key import DeviceKey
from field_client.office_link import OfficeAddress, OfficeLink
from shared.errors import RuleBroken
from sync import signatures
from sync.blob_session import Asking
from sync.blobs import TUS_VERSION
from sync.protocol import CONTENT_TYPE, REPLY_BYTES_MAX, SENT_BYTES_MAX
from tests.field_client.plain_office import Office, Received, Reply, saying

pytestmark = pytest.mark.enable_socket

UPLOAD = "/sync/v1/blobs/0b0e3c52-3c77-4bd0-8e5b-6b8a4c1d2e3f"


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office()
    yield made
    made.stop()


@pytest.fixture
def device_key(tmp_path: Path) -> DeviceKey:
    return DeviceKey.make(tmp_path / "key", bytes(32))


@pytest.fixture
def link(office: Office, device_key: DeviceKey) -> OfficeLink:
    return OfficeLink(OfficeAddress.read(f"http://127.0.0.1:{office.port}"), device_key)


def code_of(link: OfficeLink) -> str:
    with pytest.raises(RuleBroken) as refused:
        link.post("/device/v1/state", b"{}")
    assert link.online is False
    return refused.value.code


def test_a_request_is_signed_by_the_device_and_the_answer_comes_back(
    office: Office, link: OfficeLink, device_key: DeviceKey
) -> None:
    office.replies = [saying(b"\x00reply", content_type=CONTENT_TYPE)]
    answer = link.post("/sync/v1", b"\x01request", CONTENT_TYPE)
    assert (answer.status, answer.body) == (200, b"\x00reply")
    assert link.online is True
    assert link.last_reached_at is not None
    received = office.received[0]
    assert received.line == "POST /sync/v1 HTTP/1.1"
    signed = signatures.parse(received.headers)
    signatures.check_digest(signed.digest, received.body)
    base = signatures.signature_base(
        "POST", f"http://127.0.0.1:{office.port}/sync/v1", signed.digest, signed.parameters
    )
    public_key = Ed25519PublicKey.from_public_bytes(device_key.public_bytes())
    public_key.verify(signed.signature, base)
    with pytest.raises(InvalidSignature):
        public_key.verify(signed.signature, base + b" ")
    assert signed.parameters.keyid == signatures.key_id(device_key.public_bytes())
    assert "Cookie" not in received.headers


def test_no_two_requests_have_one_nonce(office: Office, link: OfficeLink) -> None:
    office.replies = [saying(b"{}"), saying(b"{}")]
    link.post("/device/v1/state", b"{}")
    link.post("/device/v1/state", b"{}")
    nonces = {signatures.parse(each.headers).parameters.nonce for each in office.received}
    assert len(nonces) == 2


def test_a_refusal_of_the_office_is_an_answer(office: Office, link: OfficeLink) -> None:
    office.replies = [saying(b'{"code":"device.revoked"}', "403 Forbidden")]
    answer = link.post("/device/v1/state", b"{}")
    assert answer.status == 403
    assert office_link.code_of(answer) == "device.revoked"


@pytest.mark.parametrize("body", [b"", b"[]", b'"code"', b"\xff", b"[" * 100_000, b"{}"])
def test_an_answer_without_a_code_has_none(office: Office, link: OfficeLink, body: bytes) -> None:
    office.replies = [saying(body, "400 Bad Request")]
    assert office_link.code_of(link.post("/device/v1/state", b"{}")) == ""


def test_a_sign_in_page_is_not_the_office(office: Office, link: OfficeLink) -> None:
    office.replies = [saying(b"<html>Welcome to Cafe Wi-Fi", content_type="text/html")]
    assert code_of(link) == "office.not_the_office"


def test_a_redirect_is_not_followed(office: Office, link: OfficeLink) -> None:
    where = f"Location: http://127.0.0.1:{office.port}/elsewhere\r\n"
    office.replies = [saying(b"", "302 Found", "text/html", where), saying(b"{}")]
    assert code_of(link) == "office.not_the_office"
    assert len(office.received) == 1


def test_a_gateway_that_apologises_means_the_office_is_not_there(
    office: Office, link: OfficeLink
) -> None:
    office.replies = [saying(b"<h1>502</h1>", "502 Bad Gateway", "text/html")]
    assert code_of(link) == "office.unreachable"


def test_something_that_does_not_speak_http_is_not_the_office(
    office: Office, link: OfficeLink
) -> None:
    office.replies = [lambda connection, _received: connection.sendall(b"220 mail ready\r\n\r\n")]
    assert code_of(link) == "office.not_the_office"


def test_a_reply_cut_short_is_not_taken_for_whole(office: Office, link: OfficeLink) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{}"
    office.replies = [lambda connection, _received: connection.sendall(head)]
    assert code_of(link) == "office.unreachable"


def test_a_line_that_is_cut_before_any_reply_means_the_office_is_not_there(
    office: Office, link: OfficeLink
) -> None:
    office.replies = [lambda _connection, _received: None]
    assert code_of(link) == "office.unreachable"


def test_a_reply_larger_than_any_of_ours_is_not_read(
    office: Office, link: OfficeLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office_link, "SENT_BYTES_MAX", 1_000)
    office.replies = [saying(bytes(1_001))]
    assert code_of(link) == "office.not_the_office"


def test_a_commit_of_any_size_that_may_be_written_comes_through(
    office: Office, link: OfficeLink
) -> None:
    """One commit is never split, so a reply that may be written and not be carried stops a device."""
    body = random.Random(1).randbytes(20 * 1024 * 1024)
    office.replies = [saying(body, content_type=CONTENT_TYPE)]
    assert link.post("/sync/v1", b"", CONTENT_TYPE).body == body


def test_nothing_on_the_way_allows_less_than_the_protocol() -> None:
    worst = random.Random(1).randbytes(1_000_000)
    longer = len(zstandard.compress(worst, 3)) / len(worst)
    assert longer * REPLY_BYTES_MAX < SENT_BYTES_MAX == pipe.BODY_BYTES_MAX


def test_a_slow_line_that_moves_is_waited_for_and_one_that_stands_still_is_not(
    office: Office, link: OfficeLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up = threading.Event()

    def dripping(connection: socket.socket, received: Received) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
        connection.sendall(b"Content-Length: 12\r\n\r\n")
        for byte in b"[1, 2, 3, 4]":
            time.sleep(0.5)
            connection.sendall(bytes([byte]))

    def standing(connection: socket.socket, received: Received) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        given_up.wait(60)

    office.replies = [dripping, standing]
    monkeypatch.setattr(office_link, "READ_SECONDS", 5)  # less than all of the drops take
    assert link.post("/device/v1/state", b"{}").body == b"[1, 2, 3, 4]"
    monkeypatch.setattr(office_link, "READ_SECONDS", 0.3)
    assert code_of(link) == "office.unreachable"
    given_up.set()


def test_even_a_line_that_moves_is_not_waited_for_for_ever(
    office: Office, link: OfficeLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office_link, "TOTAL_SECONDS", -1)
    office.replies = [saying(b"{}")]
    assert code_of(link) == "office.unreachable"


def test_nobody_there_is_said_plainly(device_key: DeviceKey) -> None:
    with socket.socket() as taken:  # held and not listened at, so that nobody else comes to have it
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        link = OfficeLink(OfficeAddress.read(f"http://127.0.0.1:{port}"), device_key)
        assert code_of(link) == "office.unreachable"


def test_an_office_that_does_not_speak_tls_is_not_spoken_to(
    office: Office, device_key: DeviceKey
) -> None:
    link = OfficeLink(OfficeAddress.read(f"https://127.0.0.1:{office.port}"), device_key)
    assert code_of(link) == "office.unreachable"
    assert office.received == []


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, SHA256())
    )
    written = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "pem").write_bytes(written + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pem")
    return context


def test_an_office_that_cannot_prove_who_it_is_is_told_nothing(
    device_key: DeviceKey, tmp_path: Path
) -> None:
    context = self_signed(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        heard: list[bytes] = []

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError):
                heard.append(context.wrap_socket(connection, server_side=True).recv(100))

        answering = threading.Thread(target=serve)
        answering.start()
        port = listening.getsockname()[1]
        link = OfficeLink(OfficeAddress.read(f"https://127.0.0.1:{port}"), device_key)
        assert code_of(link) == "office.certificate"
        answering.join(60)
        assert not answering.is_alive()
        assert heard == []


def test_a_device_whose_clock_is_years_out_learns_the_offset_and_is_heard(
    office: Office, link: OfficeLink
) -> None:
    later = time.time() + 10 * 365 * 86_400
    stale = json.dumps({"code": signatures.STALE}).encode()
    date = f"Date: {formatdate(later, usegmt=True)}\r\n"
    office.replies = [saying(stale, "401 Unauthorized", more=date), saying(b"{}")]
    assert link.post("/device/v1/state", b"{}").status == 200
    created = [signatures.parse(each.headers).parameters.created for each in office.received]
    assert abs(created[1] - later) < 600
    assert link.offset_seconds is not None
    assert abs(link.offset_seconds - 10 * 365 * 86_400) < 600


def asking(method: str, path: str = UPLOAD, body: bytes = b"", **said: str) -> Asking:
    headers = {"Tus-Resumable": TUS_VERSION, **said}
    return Asking(method=method, path=path, headers=headers, body=body)


def tus(status: str, headers: str = "") -> Reply:
    """Answer as tus does: a status, headers, and nothing else."""

    def reply(connection: socket.socket, _received: Received) -> None:
        date = formatdate(usegmt=True)
        head = f"HTTP/1.1 {status}\r\nDate: {date}\r\nTus-Resumable: 1.0.0\r\n{headers}"
        connection.sendall(f"{head}Content-Length: 0\r\n\r\n".encode())

    return reply


def test_a_part_is_signed_with_its_method_and_the_answer_comes_back_in_headers(
    office: Office, link: OfficeLink, device_key: DeviceKey
) -> None:
    office.replies = [tus("204 No Content", "Upload-Offset: 3\r\n")]
    answer = link.upload(asking("PATCH", UPLOAD, b"abc", **{"Upload-Offset": "0"}))
    assert (answer.status, answer.headers["Upload-Offset"]) == (204, "3")
    (received,) = office.received
    assert received.line == f"PATCH {UPLOAD} HTTP/1.1"
    assert received.headers["Upload-Offset"] == "0"
    signed = signatures.parse(received.headers)
    base = signatures.signature_base(
        "PATCH", f"http://127.0.0.1:{office.port}{UPLOAD}", signed.digest, signed.parameters
    )
    public = Ed25519PublicKey.from_public_bytes(device_key.public_bytes())
    public.verify(signed.signature, base)


def test_an_answer_to_head_is_heard_though_it_has_no_body(office: Office, link: OfficeLink) -> None:
    office.replies = [tus("200 OK", "Upload-Offset: 7\r\n")]
    assert link.upload(asking("HEAD")).headers["Upload-Offset"] == "7"
    office.replies = [
        tus("401 Unauthorized", "Fieldfare-Refused: signature.stale\r\n"),
        tus("404 Not Found", "Fieldfare-Refused: blob.unknown\r\n"),
    ]
    answer = link.upload(asking("HEAD"))
    assert (answer.status, answer.headers["Fieldfare-Refused"]) == (404, "blob.unknown")


def test_a_page_is_not_the_office_to_an_upload_either(office: Office, link: OfficeLink) -> None:
    for status, code in (("200 OK", "not_the_office"), ("502 Bad Gateway", "unreachable")):
        office.replies = [saying(b"<h1>Welcome</h1>", status, "text/html")]
        with pytest.raises(RuleBroken, match=rf"office\.{code}"):
            link.upload(asking("PATCH"))
        assert link.online is False


def test_an_upload_asks_nothing_but_what_uploads_ask(link: OfficeLink) -> None:
    for wrong in (
        asking("PUT"),
        asking("GET"),
        asking("PATCH", Authorization="Bearer x"),
        asking("HEAD", Host="elsewhere.example"),
        asking("HEAD", "http://elsewhere.example/"),
    ):
        with pytest.raises(ValueError, match=r"no upload asks this|no such path"):
            link.upload(wrong)


def test_the_way_to_an_office_on_this_machine_costs_nothing(device_key: DeviceKey) -> None:
    here = OfficeLink(OfficeAddress.read("http://127.0.0.1:8000"), device_key)
    assert here.metered is False
    far = OfficeLink(OfficeAddress.read("https://office.example"), device_key)
    assert far.metered is (None if platform.system() != "Windows" else far.metered)


def test_a_stale_signature_is_tried_again_once_and_not_without_a_date(
    office: Office, link: OfficeLink
) -> None:
    stale = json.dumps({"code": signatures.STALE}).encode()
    date = f"Date: {formatdate(time.time(), usegmt=True)}\r\n"
    office.replies = [saying(stale, "401 Unauthorized", more=date)] * 2
    assert link.post("/device/v1/state", b"{}").status == 401
    office.replies = [saying(stale, "401 Unauthorized", more="Date: yesterday\r\n")]
    assert link.post("/device/v1/state", b"{}").status == 401
    assert len(office.received) == 3


@pytest.mark.parametrize("path", ["", "device", "/a b", "/a?b=c", "//evil.example@x", "/a\r\nX: y"])
def test_only_a_plain_path_is_asked_for(link: OfficeLink, path: str) -> None:
    with pytest.raises(ValueError, match="no such path"):
        link.post(path, b"")
