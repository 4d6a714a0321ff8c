"""Gives tests a real vault with a day in it, and its screens without a door or an office."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

from field_client.answers import Answer
from field_client.identity import Identity
from field_client.loopback import LoopbackServer
from field_client.pages import make_app
from field_client.vault import screens
from field_client.vault.app import create_app
from field_client.vault.closed import ClosedVault
from field_client.vault.desk import EXTENSION, Desk
from field_client.vault.opened import OpenVault
from field_client.vault.session_pin import SessionPin
from field_client.vault.store import Store
from shared.errors import RuleBroken
from sync.blob_session import Asking
from sync.checkpoints import CHECKPOINT_PATH
from tests.field_client.running import until
from tests.field_client.vault.sample import OFFICER, a_day, fill, open_vault
from tests.field_client.vault.small_blobs import SmallBlobs

IDENTITY = Identity(
    device_id="0b0e3c52-3c77-4bd0-8e5b-6b8a4c1d2e3f",
    device_name="Blue tablet 4",
    officer_id=OFFICER,
    officer_name="Sam Patel",
    office_name="Harrowmere Borough Council",
    office_address="https://office.invalid",
    fictional=True,
    secret_kept_in="file",  # noqa: S106 - where, not what
)


class FarOffice:
    """What the keeper would be: nobody answers until a test says who does."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bytes]] = []
        self.answers: Callable[[str, bytes], Answer] | None = None
        self.blobs: Callable[[Asking], Answer] = SmallBlobs()
        self.costs: bool | None = False
        self.pin_left: float | None = None

    def send(self, path: str, body: bytes, content_type: str = "") -> Answer:
        assert content_type != "text/html", "nothing here sends pages"
        if path == CHECKPOINT_PATH:
            return Answer(status=404, body=b"")  # an office from before there were any
        self.asked.append((path, body))
        if self.answers is None:
            raise RuleBroken("office.unreachable")
        return self.answers(path, body)

    def upload(self, asking: Asking) -> Answer:
        return self.blobs(asking)

    def metered(self) -> bool | None:
        return self.costs

    def pin_seconds(self) -> float | None:
        return self.pin_left


def open_with(store: Store, keeper: Any, identity: Identity = IDENTITY) -> OpenVault:
    """Give an open vault whose keeper is played; no key file lies beside it."""
    closed = ClosedVault(
        folder=Path(),
        identity=identity,
        device_secret=b"",
        shares={},
        boot_seconds=3_600,
        sealed_folder=Path(),
    )
    pin = SessionPin(closed, keeper)
    return OpenVault(store=store, identity=identity, keeper=keeper, pin=pin)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_vault(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def full(store: Store, now: datetime) -> Store:
    fill(store, a_day(now), now)
    return store


@pytest.fixture
def office() -> FarOffice:
    return FarOffice()


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Compile each template once a run, because every test makes an app of its own."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(store: Store, office: FarOffice, compiled: FileSystemBytecodeCache) -> Iterator[Flask]:
    """Make the vault's app as it is, but for the door, which has tests of its own."""
    vault = open_with(store, office)
    made = make_app("vault", lambda: {"now": datetime.now(UTC), "lock": "/lock", "fictional": True,
                                      **screens.frame(vault)}, body_bytes_max=16 * 1024 * 1024)  # fmt: skip
    made.jinja_env.bytecode_cache = compiled
    screens.register(made, vault)
    rest(made.extensions[EXTENSION])
    yield made
    made.extensions[EXTENSION].syncing.stop()


def rest(desk: Desk) -> None:
    """Wait until the sync that every vault begins with has ended; the next is seconds away.

    It would meet the office that a test is about to have answer.
    """
    assert until(lambda: desk.syncing.progress.ended_at is not None)


@pytest.fixture
def desk(app: Flask) -> Desk:
    found: Desk = app.extensions[EXTENSION]
    return found


@pytest.fixture
def client(app: Flask, full: Store) -> FlaskClient:
    return app.test_client()


class Served:
    """The vault's own pages on a loopback port, behind their real door."""

    def __init__(self, store: Store, office: FarOffice) -> None:
        vault = open_with(store, FarKeeper(office))
        app, self._door = create_app(vault, screens, lambda: self._server.port, boot_seconds=3_600)
        self.desk: Desk = app.extensions[EXTENSION]
        self._server = LoopbackServer(app)
        self._server.start()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    def boot(self) -> str:
        return self._door.boot_address()

    def stop(self) -> None:
        self._server.stop(grace_seconds=0)
        self.desk.syncing.stop()


class FarKeeper:
    """The whole of a keeper as the vault sees it, before an office that may not answer."""

    def __init__(self, office: FarOffice) -> None:
        self.send, self.upload, self.metered = office.send, office.upload, office.metered
        self.pin_seconds = office.pin_seconds
        self.locked = False

    def activity(self) -> None:
        """Nobody counts here."""

    def lock(self) -> None:
        self.locked = True


@pytest.fixture
def served(full: Store, office: FarOffice) -> Iterator[Served]:
    running = Served(full, office)
    rest(running.desk)
    yield running
    running.stop()
