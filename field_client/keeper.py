"""The keeper: the process that has the network and the window, and never any case data.

While locked it shows the entrance. When an officer unlocks, it starts to listen no more and the
vault's process begins; when the device locks, that process and the window end, and the entrance
opens at a new address. Of the two web servers one listens at a time.

What an officer typed to unlock passes through this process on its way to the vault. It is kept
nowhere here, but Python gives no way to wipe it from memory.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from fasteners import InterProcessLock

from field_client import clock
from field_client.attempts import Attempts
from field_client.device import Device, Stage
from field_client.door import BOOT_SECONDS
from field_client.entrance import Entrance
from field_client.files import make_private_folder
from field_client.hardening import leave_no_trace
from field_client.home import Home
from field_client.loopback import LoopbackServer
from field_client.office_link import JSON
from field_client.pipe import Handler, Message, PipeClosed, PipeFault
from field_client.vault_process import VaultProcess
from field_client.window_process import WindowProcess
from shared.errors import RuleBroken

IDLE_SECONDS = 300
"""How long an unlocked device may lie untouched before it locks."""

ASLEEP_SECONDS = 30
"""A gap this long between two looks at the clock means the device was asleep: it locks."""

CARRIED_BOOT_SECONDS = 3_600
"""How long an address works that a person has to carry to a browser (development and tests)."""

_LOOK_SECONDS = 1.0
_ANSWER_SECONDS = 60.0
_WINDOW_SECONDS_MIN = 5.0

_log = logging.getLogger(__name__)

Announce = Callable[[str, str], None]
"""Told each new address, with what it is for: enrol, locked or unlocked."""


@dataclass(frozen=True, kw_only=True)
class _Happened:
    """Something for the keeper's own thread: what, and which child it was about."""

    what: str
    child: object = None
    code: int = 0


class Keeper:
    """One device's keeper, from start to end."""

    def __init__(
        self,
        home: Home,
        *,
        announce: Announce | None = None,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """Take a home; with `announce` there is no window, and addresses are told instead."""
        self._device = Device(home)
        self._announce = announce
        self._idle_seconds = idle_seconds
        self._boot_seconds = BOOT_SECONDS if announce is None else CARRIED_BOOT_SECONDS
        self._happened: SimpleQueue[_Happened] = SimpleQueue()
        self._turn = threading.RLock()
        self._attempts = Attempts()
        self._entrance: LoopbackServer | None = None
        self._vault: VaultProcess | None = None
        self._window: WindowProcess | None = None
        self._window_since = 0.0
        self._active_at = 0.0

    def stop(self) -> None:
        """Have the keeper end; safe to call from a signal handler."""
        self._happened.put(_Happened(what="stop"))

    def run(self) -> int:
        """Keep the device until stopped, and give how the program should end."""
        leave_no_trace()
        make_private_folder(self._device.home.in_use.parent)
        in_use = InterProcessLock(self._device.home.in_use)
        if not in_use.acquire(blocking=False):
            raise RuleBroken("device.open_already")
        try:
            self._open_entrance()
            return self._attend()
        finally:
            self._end()
            in_use.release()

    def unlock(self, passphrase: str, create: bool) -> str:  # noqa: FBT001 - the pages' own words
        """Open the vault, or make it, and give the address of its first page.

        Raises RuleBroken when the passphrase is wrong, comes too soon or will not do.
        """
        with self._turn:
            if self._entrance is None:
                raise RuleBroken("vault.stopped")
            self._attempts.check(clock.elapsed_seconds())
            vault = self._vault or self._start_vault()
            self._open(vault, passphrase, create=create)
            self._attempts.was_right()
            addresses = self._hand_over(vault)
            if self._announce is not None:
                self._announce("unlocked", addresses[1])
            return addresses[0]

    def _open(self, vault: VaultProcess, passphrase: str, *, create: bool) -> None:
        """Have the vault opened; a process that failed at it is replaced, for the next try."""
        device = self._device
        try:
            vault.open(
                device.vault_folder,
                device.identity(),
                device_secret=device.secret,
                passphrase=passphrase,
                create=create,
            )
        except RuleBroken as refusal:
            if refusal.code == "passphrase.wrong":
                self._attempts.was_wrong(clock.elapsed_seconds())
            raise
        except (PipeClosed, PipeFault):
            self._start_vault()
            raise RuleBroken("vault.stopped") from None

    def _hand_over(self, vault: VaultProcess) -> list[str]:
        """Give up the entrance for the vault's own pages; its port is closed before theirs opens."""
        self._leave_entrance()
        self._active_at = clock.elapsed_seconds()
        try:
            return vault.serve(addresses=2, boot_seconds=self._boot_seconds)
        except (PipeClosed, PipeFault):
            self._happened.put(_Happened(what="lock"))
            raise RuleBroken("vault.stopped") from None

    # The keeper's own thread

    def _attend(self) -> int:
        """Wait for what happens, look at the clock in between, and say how the program ends."""
        looked_at = clock.elapsed_seconds()
        while True:
            with contextlib.suppress(Empty):
                happened = self._happened.get(timeout=_LOOK_SECONDS)
                code = self._take(happened)
                if code is not None:
                    return code
            now = clock.elapsed_seconds()
            asleep, idle = now - looked_at > ASLEEP_SECONDS, now - self._active_at
            looked_at = now
            if self._entrance is None and (asleep or idle >= self._idle_seconds):
                self._lock()

    def _take(self, happened: _Happened) -> int | None:
        """Act on what happened; a code means the end."""
        if happened.what == "stop":
            return 0
        if happened.what == "window" and happened.child is self._window:
            return self._window_closed(happened.code)
        if happened.what == "lock" or (happened.what == "vault" and happened.child is self._vault):
            self._lock()
        return None

    def _window_closed(self, code: int) -> int | None:
        """End when a person closed the window; when it failed, lock and try another."""
        if code == 0:
            return 0
        _log.warning("the window ended with %s", code)
        if clock.elapsed_seconds() - self._window_since < _WINDOW_SECONDS_MIN:
            return 1
        with self._turn:
            self._leave_entrance()
        self._lock()
        return None

    def _lock(self) -> None:
        """End what shows and holds case data, the screen first, and open the entrance again."""
        with self._turn:
            if self._entrance is not None:
                return
            self._end_children()
            self._open_entrance()

    # What is open

    def _open_entrance(self) -> None:
        entrance = Entrance(self._device, self.unlock)
        app, door = entrance.create_app(lambda: server.port, boot_seconds=self._boot_seconds)
        server = LoopbackServer(app)
        server.start()
        self._entrance = server
        stage = self._device.stage
        if stage in {Stage.LOCKED, Stage.PASSPHRASE}:
            self._start_vault()  # now, so that it is ready when the passphrase has been typed
        if self._announce is not None:
            self._announce("locked" if stage is Stage.LOCKED else "enrol", door.boot_address())
        else:
            self._open_window(door.boot_address())

    def _leave_entrance(self) -> None:
        """Give the entrance's port back; the answer in hand still goes out."""
        entrance, self._entrance = self._entrance, None
        if entrance is not None:
            entrance.stop_listening()
            threading.Thread(
                target=entrance.stop, kwargs={"grace_seconds": _ANSWER_SECONDS}, daemon=True
            ).start()

    def _start_vault(self) -> VaultProcess:
        self._end_vault()

        def ended(vault: VaultProcess) -> None:
            self._happened.put(_Happened(what="vault", child=vault))

        vault = self._vault = VaultProcess(self._handlers(), ended)
        return vault

    def _open_window(self, address: str) -> None:
        def closed(window: WindowProcess, code: int) -> None:
            self._happened.put(_Happened(what="window", child=window, code=code))

        self._window_since = clock.elapsed_seconds()
        self._window = WindowProcess(address, self._device.home.window, closed)

    # What a vault may ask

    def _handlers(self) -> Mapping[str, Handler]:
        return {
            "activity": self._activity,
            "lock": self._lock_asked,
            "send": self._send,
            "status": self._status,
        }

    def _activity(self, _message: Message) -> None:
        self._active_at = clock.elapsed_seconds()

    def _lock_asked(self, _message: Message) -> None:
        self._happened.put(_Happened(what="lock"))

    def _send(self, message: Message) -> Message:
        """Sign and carry a request of the vault; its content means nothing here."""
        link = self._device.link
        if link is None:
            raise RuleBroken("office.unreachable")
        path, kind = str(message.values["path"]), str(message.values.get("content_type", JSON))
        return link.post(path, message.body, kind).packed()

    def _status(self, _message: Message) -> Message:
        link = self._device.link
        reached_at = link.last_reached_at if link else None
        return Message(
            values={
                "online": link.online if link else None,
                "reached_at": reached_at.isoformat() if reached_at else None,
                "offset_seconds": link.offset_seconds if link else None,
            }
        )

    # The end

    def _end_vault(self) -> None:
        vault, self._vault = self._vault, None
        if vault is not None:
            vault.end()

    def _end_children(self) -> None:
        window, self._window = self._window, None
        if window is not None:
            window.end()
        self._end_vault()

    def _end(self) -> None:
        with self._turn:
            entrance, self._entrance = self._entrance, None
            self._end_children()
            if entrance is not None:
                entrance.stop(grace_seconds=0)
            shutil.rmtree(self._device.home.window, ignore_errors=True)
