"""Runs the vault as a process of its own: opened by the keeper, ended by it, and ended without it."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

from field_client import clock, incidents
from field_client.device_secret import SECRET_BYTES
from field_client.files import make_private_folder
from field_client.identity import Identity
from field_client.loopback import LoopbackServer
from field_client.pipe import Message, Pipe
from field_client.vault import keys, screens
from field_client.vault.app import create_app
from field_client.vault.hardening import harden, take_pipe
from field_client.vault.keeper_link import KeeperLink
from field_client.vault.opened import OpenVault
from field_client.vault.store import Store, VaultUnreadable, open_store
from shared.errors import RuleBroken

DATABASE_FILE = "vault.db"
"""What the encrypted database is called in the vault's folder."""

LAST_ANSWER_SECONDS = 0.5
"""How long an answer may still take to go out once the vault has been told to lock."""


class VaultProcess:
    """The child of one keeper: holds at most one open vault, for as long as it lives."""

    def __init__(self) -> None:
        handlers = {"open": self._open, "serve": self._serve, "lock": self._lock}
        reader, writer = take_pipe()
        self._pipe = Pipe(reader, writer, handlers, closed=_leave)
        self._turn = threading.Lock()
        self._vault: OpenVault | None = None
        self._server: LoopbackServer | None = None

    def run(self) -> None:
        """Do what the keeper asks, until it says lock or is gone."""
        self._pipe.start()
        threading.Event().wait()

    def _open(self, message: Message) -> None:
        """Open the vault, or make it, with the passphrase that follows the device's secret."""
        with self._turn:
            if self._vault is not None:
                raise ValueError("one process opens one vault, once")
            identity = Identity.unpacked(message.values["identity"])
            folder = make_private_folder(Path(message.values["folder"]))
            factors = keys.Factors(
                device_secret=message.body[:SECRET_BYTES],
                passphrase=message.body[SECRET_BYTES:].decode(),
            )
            if message.values["create"]:
                holder = keys.Holder(device_id=identity.device_id, officer_id=identity.officer_id)
                opened = keys.create_vault(folder, factors, holder)
            else:
                opened = keys.open_vault(folder, factors)
            self._vault = OpenVault(
                store=_open_store(folder / DATABASE_FILE, opened),
                identity=identity,
                keeper=KeeperLink(self._pipe),
            )

    def _serve(self, message: Message) -> Message:
        """Begin to show the vault's pages, and say at which addresses, each good for one visitor."""
        with self._turn:
            if self._vault is None or self._server is not None:
                raise ValueError("only an open vault is served, once")
            app, door = create_app(
                self._vault, screens, lambda: server.port,
                boot_seconds=float(message.values["boot_seconds"]),
            )  # fmt: skip
            server = self._server = LoopbackServer(app)
            server.start()
        count = int(message.values["addresses"])
        return Message(values={"addresses": [door.boot_address() for _ in range(count)]})

    def _lock(self, _message: Message) -> None:
        """Let the last answer go out, close the database and end."""
        with self._turn:
            if self._server is not None:
                self._server.stop(grace_seconds=LAST_ANSWER_SECONDS)
            if self._vault is not None:
                self._vault.store.close()
        _leave()


def _open_store(path: Path, opened: keys.VaultKeys) -> Store:
    """Open the database and forget its key; a vault that is new here is given its id."""
    try:
        store = open_store(path, opened.db)
    except VaultUnreadable:
        raise RuleBroken("vault.damaged") from None
    finally:
        opened.forget()
    if store.get("store_id") is None:
        store.put("store_id", clock.new_id())
    return store


def _leave() -> None:
    """End at once; what was saved is on disk, and nothing else is to be kept."""
    os._exit(0)


def main() -> None:
    """Run the vault's process."""
    harden()
    incidents.log_to_stderr()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the keeper decides when this ends
    VaultProcess().run()


if __name__ == "__main__":
    main()
