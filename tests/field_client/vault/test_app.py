"""An open vault's app and its way out: real SQLCipher, real pipe, real socket, one small screen."""

from __future__ import annotations

import io
import os
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response

from field_client.answers import Answer
from field_client.identity import Identity
from field_client.loopback import LoopbackServer
from field_client.pipe import Message, Pipe
from field_client.vault import keeper_link
from field_client.vault.app import create_app
from field_client.vault.keeper_link import KeeperLink
from field_client.vault.opened import OpenVault, opened
from field_client.vault.store import open_store
from shared.errors import RuleBroken
from sync.blob_session import Asking
from tests.field_client.running import Person, until
from tests.field_client.vault.conftest import open_with

pytestmark = pytest.mark.enable_socket

IDENTITY = Identity(
    device_id="device-1",
    device_name="Blue tablet 4",
    officer_id="officer-1",
    officer_name="Sam Patel",
    office_name="Ambleford Council",
    office_address="http://127.0.0.1:5000",
    fictional=True,
    secret_kept_in="file",  # noqa: S106 - where it is, not what it is
)


class OneScreen:
    """The least a vault can show."""

    def register(self, app: Flask, _vault: OpenVault) -> None:
        app.add_url_rule("/", "first", self.name, methods=["GET"])
        app.add_url_rule("/", "save", self.name, methods=["POST"])
        app.add_url_rule("/broken", "broken", lambda: 1 / 0)
        app.add_url_rule("/refused", "refused", self.refuse)

    def name(self) -> Response:
        return Response(opened().identity.officer_name, mimetype="text/plain")

    def refuse(self) -> str:
        raise RuleBroken("vault.missing")

    def frame(self, _vault: OpenVault) -> Mapping[str, Any]:
        return {"navigation": []}


class Opened:
    """An open vault whose keeper is this test, at the other end of a pipe."""

    def __init__(self, folder: Path) -> None:
        self.told: list[str] = []
        self.sent: list[tuple[str, str, bytes]] = []
        self.refusing = False
        self.metered: object = None
        to_keeper, from_vault = os.pipe()
        to_vault, from_keeper = os.pipe()
        self._files = [
            io.FileIO(handle, mode)
            for handle, mode in zip(
                (to_keeper, from_keeper, to_vault, from_vault), ("r", "w", "r", "w"), strict=True
            )
        ]
        self._gone = [threading.Event(), threading.Event()]
        handlers = {
            "activity": lambda _message: self.told.append("activity"),
            "lock": lambda _message: self.told.append("lock"),
            "metered": lambda _message: Message(values={"metered": self.metered}),
            "send": self._send,
            "upload": self._upload,
            "status": lambda _message: Message(
                values={
                    "online": True,
                    "reached_at": "2027-03-04T09:30:00+00:00",
                    "offset_seconds": 1.5,
                }
            ),
        }
        self._keeper = Pipe(self._files[0], self._files[1], handlers, self._gone[0].set)
        self._pipe = Pipe(self._files[2], self._files[3], {}, self._gone[1].set)
        self._keeper.start()
        self._pipe.start()
        self.link = KeeperLink(self._pipe)
        store = open_store(folder / "vault.db", bytearray(secrets.token_bytes(32)))
        self.vault = open_with(store, self.link, IDENTITY)
        app, self.door = create_app(
            self.vault, OneScreen(), lambda: self.server.port, boot_seconds=60
        )
        self.server = LoopbackServer(app)
        self.server.start()
        self.person = Person()

    def _send(self, message: Message) -> Message:
        if self.refusing:
            raise RuleBroken("office.unreachable")
        time.sleep(0.05)
        values = message.values
        self.sent.append((values["path"], values["content_type"], message.body))
        return Answer(status=200, body=message.body[::-1], headers={"Date": "x"}).packed()

    def _upload(self, message: Message) -> Message:
        values = message.values
        said = {"Upload-Offset": str(len(message.body)), "Method": values["method"]}
        assert values["headers"] == {"Tus-Resumable": "1.0.0"}
        return Answer(status=204, body=b"", headers=said | {"Path": values["path"]}).packed()

    def heard(self) -> list[str]:
        """Give what the keeper was told, once all of it has come to it.

        What is asked now comes after all that was told, each of which is a thread by then.
        """
        self.link.status()
        telling = {"pipe-activity", "pipe-lock"}
        assert until(lambda: not telling & {each.name for each in threading.enumerate()})
        return self.told

    def stop(self) -> None:
        self.server.stop(grace_seconds=1)
        self._keeper.close()
        self._pipe.close()
        for event in self._gone:
            assert event.wait(60)
        for file in self._files:
            file.close()
        self.vault.store.close()


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    monkeypatch.setattr(keeper_link, "ACTIVITY_SECONDS", 0)
    made = Opened(tmp_path)
    yield made
    made.stop()


def test_a_screen_finds_the_vault_it_belongs_to(vault: Opened) -> None:
    assert vault.person.open(vault.door.boot_address()).text == "Sam Patel"


def test_what_a_person_does_counts_as_activity_and_what_a_script_reads_does_not(
    vault: Opened,
) -> None:
    vault.person.open(vault.door.boot_address())
    vault.heard().clear()
    vault.person._ask("GET", f"{vault.door.origin}/", {"Sec-Fetch-Mode": "cors"})
    assert vault.heard() == []
    vault.person.open(f"{vault.door.origin}/")
    vault.person.post("/")
    assert vault.heard() == ["activity", "activity"]


def test_activity_is_told_once_in_a_while_and_not_with_every_press(
    vault: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_link, "ACTIVITY_SECONDS", 60)
    for _ in range(5):
        vault.link.activity()
    assert vault.heard() == ["activity"]


def test_the_lock_button_says_so_and_then_locks(vault: Opened) -> None:
    vault.person.open(vault.door.boot_address())
    page = vault.person.post("/lock")
    assert page.heading == "Fieldfare is locked"
    assert "/static/" not in page.text  # its process is ending: nothing more can be asked of it
    assert until(lambda: "lock" in vault.told)


def test_locking_is_not_something_a_link_can_do(vault: Opened) -> None:
    vault.person.open(vault.door.boot_address())
    assert vault.person.open(f"{vault.door.origin}/lock").status == 405
    assert "lock" not in vault.heard()


def test_background_threads_send_while_pages_are_shown(vault: Opened) -> None:
    vault.person.open(vault.door.boot_address())
    with ThreadPoolExecutor(4) as pool:
        bodies = [secrets.token_bytes(200_000) for _ in range(12)]
        answers = [pool.submit(vault.link.send, "/sync/v1", body, "a/b") for body in bodies]
        for _ in range(10):
            assert vault.person.open(f"{vault.door.origin}/").status == 200
        assert [each.result(60).body for each in answers] == [body[::-1] for body in bodies]
    assert {(path, kind) for path, kind, _body in vault.sent} == {("/sync/v1", "a/b")}


def test_an_office_that_cannot_be_reached_is_a_refusal_here(vault: Opened) -> None:
    vault.refusing = True
    with pytest.raises(RuleBroken, match=r"office\.unreachable"):
        vault.link.send("/sync/v1", b"")


def test_how_things_stand_with_the_office_can_be_asked(vault: Opened) -> None:
    status = vault.link.status()
    assert status.online is True
    assert status.reached_at == datetime(2027, 3, 4, 9, 30, tzinfo=UTC)
    assert status.offset_seconds == 1.5


def test_a_fault_and_a_refusal_are_pages_of_the_device(
    vault: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    vault.person.open(vault.door.boot_address())
    page = vault.person.open(f"{vault.door.origin}/broken")
    assert (page.status, page.heading) == (500, "Sorry, something went wrong on this device")
    assert caplog.text.partition("incident ")[2][:8] in page.words
    page = vault.person.open(f"{vault.door.origin}/refused")
    assert (page.status, page.heading) == (
        409,
        "There are no records on this device yet. Set a passphrase first",
    )
    assert vault.person.open(f"{vault.door.origin}/nothing").heading == "Page not found"


def test_an_upload_goes_through_the_keeper_with_its_method_and_headers(vault: Opened) -> None:
    asking = Asking(
        method="PATCH", path="/sync/v1/blobs/x", headers={"Tus-Resumable": "1.0.0"}, body=b"abc"
    )
    answer = vault.link.upload(asking)
    assert answer.status == 204
    assert answer.headers == {"Upload-Offset": "3", "Method": "PATCH", "Path": "/sync/v1/blobs/x"}


@pytest.mark.parametrize("said", [True, False, None])
def test_what_the_way_to_the_office_costs_is_asked_of_the_keeper(
    vault: Opened, said: object
) -> None:
    vault.metered = said
    assert vault.link.metered() is said
    vault.metered = "perhaps"
    assert vault.link.metered() is None
