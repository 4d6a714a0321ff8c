"""Devices that are measured: real vaults, their real way to an office, told line by line what to do.

`fieldfare bench` starts this as a process and speaks with it in lines of JSON. Everything between
the vault and the office is what an officer's device runs: the vault's own syncing, the pipe to the
keeper, the keeper's signed link. Only the keeper and the vault share a process here, and each vault's
key is drawn instead of opened by a passphrase.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import zstandard

from field_client import clock, incidents
from field_client.device_key import DeviceKey
from field_client.enrolment import STATE_PATH
from field_client.office_link import OfficeAddress, OfficeLink
from field_client.pipe import Message, Pipe
from field_client.vault.execute import Saving, execute
from field_client.vault.keeper_link import KeeperLink
from field_client.vault.store import Store, open_store
from field_client.vault.syncing import Syncing
from shared.schemas import canonical
from shared.visits import RecordVisit

FLOOR_TYPE = "application/zstd"
"""What a floor is sent as."""

NOTE = (
    "Nobody came to the door, although a light was on upstairs and a radio could be heard. A card"
    " with the office's number was put through the letter box. The neighbour at the next door, who"
    " was on the way out, said that somebody is usually in after six in the evening on weekdays. "
)
"""What an officer writes, of a usual length."""


class _Network:
    """What a keeper does for its vault: sign and carry; counted byte by byte elsewhere."""

    def __init__(self, key: DeviceKey) -> None:
        self._key = key
        self._way: OfficeLink | None = None

    def go_to(self, address: str) -> None:
        """Have every request from now on go to this address."""
        self._way = OfficeLink(OfficeAddress.read(address), self._key)

    @property
    def link(self) -> OfficeLink:
        """Give the way to the office; there is none before it was told where to go."""
        if self._way is None:
            raise RuntimeError("this device was not told where its office is")
        return self._way

    def post(self, path: str, body: bytes, content_type: str) -> bytes:
        """Post once and give what was answered, whatever its status."""
        answer = self.link.post(path, body, content_type)
        if answer.status != 200:  # noqa: PLR2004 - HTTP's own number
            raise RuntimeError(f"{path} answered {answer.status}")
        return answer.body

    def handlers(self) -> Mapping[str, Callable[[Message], Message]]:
        """Answer what a vault asks its keeper while it syncs."""
        return {"send": self._send, "metered": lambda _message: Message(values={"metered": False})}

    def _send(self, message: Message) -> Message:
        path, kind = str(message.values["path"]), str(message.values["content_type"])
        return self.link.post(path, message.body, kind).packed()


@dataclass(frozen=True, kw_only=True)
class _Vault:
    """One vault and what it does to sync."""

    store: Store
    syncing: Syncing


@dataclass
class _Device:
    """One device: its key, its way to the office, and the vault it has at present."""

    folder: Path
    network: _Network
    keeper: KeeperLink
    officer_id: str = ""
    receipt_key: str = ""
    floor: Store | None = None
    vaults: int = 0
    _vault: _Vault | None = None

    def begin(self) -> None:
        """Give it a new, empty vault."""
        if self._vault is not None:
            self._vault.store.close()
        self.vaults += 1
        store = _new_vault(self.folder / f"vault-{self.vaults}.db")
        syncing = Syncing(
            store, self.keeper, lambda least, _most: least, office_key=self.receipt_key
        )
        self._vault = _Vault(store=store, syncing=syncing)

    @property
    def vault(self) -> _Vault:
        """Give the vault it has at present; there is none before it begins."""
        if self._vault is None:
            raise RuntimeError("this device has no vault yet")
        return self._vault

    def sync(self) -> str | None:
        """Sync once, as the vault does by itself; say what was wrong, if anything was."""
        problem = self.vault.syncing.sync_once().problem
        return None if problem is None else problem.code

    def save(self, visits: int) -> None:
        """Save visits in turn on its cases, as the officer's own screen does."""
        store = self.vault.store
        cases = [
            str(row[0])
            for row in store.rows("SELECT DISTINCT case_id FROM record ORDER BY case_id")
        ]
        for number in range(visits):
            now = clock.now()
            visit = RecordVisit(
                visit_id=clock.new_id(),
                case_id=cases[number % len(cases)],
                happened_at=now - timedelta(minutes=5),
                outcome="no_answer",
                notes=NOTE,
            )
            saving = Saving(command_id=clock.new_id(), command=visit)
            execute(store, self.officer_id, [saving], clock=clock.reading(), now=now)

    def take_floor(self, path: str) -> None:
        """Take the same bytes in with nothing but one request and one transaction."""
        answer = self.network.post(path, b"", FLOOR_TYPE)
        rows = json.loads(zstandard.ZstdDecompressor().decompress(answer))
        if self.floor is None:
            self.floor = _new_vault(self.folder / f"floor-{self.vaults}.db")
        with self.floor.transaction() as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS floor (key TEXT PRIMARY KEY, body TEXT)")
            connection.executemany("INSERT OR REPLACE INTO floor VALUES (?, ?)", rows)

    def begin_floor(self) -> None:
        """Forget what the floor took in."""
        if self.floor is not None:
            self.floor.close()
            self.floor = None
        self.vaults += 1

    def knock(self) -> None:
        """Send the smallest signed request that the office answers."""
        self.network.post(STATE_PATH, canonical({}), "application/json")


def _new_vault(path: Path) -> Store:
    store = open_store(path, bytearray(secrets.token_bytes(32)))
    store.put("store_id", clock.new_id())
    return store


def _make_device(folder: Path) -> tuple[_Device, str]:
    """Make a device with a key and a pipe between its two halves; give it with its public key."""
    folder.mkdir(parents=True, mode=0o700)
    key = DeviceKey.make(folder / "device.key", secrets.token_bytes(32))
    network = _Network(key)
    vault_reads, keeper_writes = os.pipe()
    keeper_reads, vault_writes = os.pipe()
    keeper_end = Pipe(
        os.fdopen(keeper_reads, "rb", 0), os.fdopen(keeper_writes, "wb", 0),
        network.handlers(), closed=_nothing,
    )  # fmt: skip
    vault_end = Pipe(
        os.fdopen(vault_reads, "rb", 0), os.fdopen(vault_writes, "wb", 0),
        {}, closed=_nothing,
    )  # fmt: skip
    keeper_end.start()
    vault_end.start()
    device = _Device(folder=folder, network=network, keeper=KeeperLink(vault_end))
    return device, key.public_bytes().hex()


def _nothing() -> None:
    """Do nothing when a pipe is closed, because the process is ending."""


class Measured:
    """All devices of one measurement, doing what they are told."""

    def __init__(self) -> None:
        self._devices: list[_Device] = []

    def make(self, folder: str, devices: int) -> Mapping[str, Any]:
        """Make devices, and say what their public keys are."""
        made = [_make_device(Path(folder) / f"device-{number}") for number in range(devices)]
        self._devices = [device for device, _key in made]
        return {"public_keys": [key for _device, key in made]}

    def meet(self, officers: Sequence[str], receipt_key: str) -> Mapping[str, Any]:
        """Tell each device whose it is, and which key the office signs receipts with."""
        for device, officer_id in zip(self._devices, officers, strict=True):
            device.officer_id, device.receipt_key = officer_id, receipt_key
        return {}

    def go_to(self, address: str) -> Mapping[str, Any]:
        """Have every device speak to this address from now on."""
        for device in self._devices:
            device.network.go_to(address)
        return {}

    def begin(self, devices: Sequence[int]) -> Mapping[str, Any]:
        """Give devices new, empty vaults."""
        for number in devices:
            self._devices[number].begin()
        return {}

    def save(self, devices: Sequence[int], visits: int) -> Mapping[str, Any]:
        """Save visits on devices."""
        for number in devices:
            self._devices[number].save(visits)
        return {}

    def held(self, device: int) -> Mapping[str, Any]:
        """Say what a device holds and what still waits there."""
        store = self._devices[device].vault.store
        ((waiting,),) = store.rows("SELECT count(*) FROM outbox WHERE outcome IS NULL")
        outcomes = store.rows("SELECT outcome, count(*) FROM outbox GROUP BY outcome")
        return {
            "records": store.total().records,
            "waiting": waiting,
            "outcomes": {str(outcome): count for outcome, count in outcomes},
            "store_id": store.store_id(),
        }

    def sync(self, devices: Sequence[int]) -> Mapping[str, Any]:
        """Have devices sync, all at the same moment."""
        return self._at_once([self._devices[number].sync for number in devices])

    def floor(self, device_paths: Sequence[tuple[int, str]]) -> Mapping[str, Any]:
        """Have devices take a floor in, all at the same moment."""
        return self._at_once(
            [_taking(self._devices[number], path) for number, path in device_paths]
        )

    def begin_floor(self, devices: Sequence[int]) -> Mapping[str, Any]:
        """Have devices forget the floors they took."""
        for number in devices:
            self._devices[number].begin_floor()
        return {}

    def knock(self, device: int) -> Mapping[str, Any]:
        """Have a device send an empty signed request."""
        return self._at_once([self._devices[device].knock])

    def _at_once(self, doings: Sequence[Callable[[], str | None]]) -> Mapping[str, Any]:
        """Do everything at the same moment; say how long each took and what went wrong."""
        if len(doings) == 1:
            return {"taken": [_timed(doings[0])]}
        start = threading.Barrier(len(doings))
        taken: list[Mapping[str, Any]] = []

        def one(doing: Callable[[], str | None]) -> None:
            start.wait()
            taken.append(_timed(doing))

        threads = [threading.Thread(target=one, args=(doing,)) for doing in doings]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {"taken": taken}


def _taking(device: _Device, path: str) -> Callable[[], None]:
    return lambda: device.take_floor(path)


def _timed(doing: Callable[[], str | None]) -> Mapping[str, Any]:
    began = perf_counter()
    try:
        problem = doing()
    except Exception as fault:  # noqa: BLE001 - one that fails is counted, never the end of all
        problem = incidents.note("measured", fault)
    return {"ms": (perf_counter() - began) * 1000, "problem": problem}


def main() -> None:
    """Do what each line asks and answer with a line, until there are no more."""
    incidents.log_to_stderr()
    measured = Measured()
    for line in sys.stdin:
        asked = json.loads(line)
        answer = getattr(measured, asked.pop("do"))(**asked)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
