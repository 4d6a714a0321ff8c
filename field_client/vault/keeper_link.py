"""The vault's only way out: what it may ask of the keeper, which has the network and no case data."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

from field_client import clock
from field_client.answers import Answer
from field_client.pipe import Message, Pipe
from sync.blob_session import Asking
from sync.protocol import CONTENT_TYPE

SEND_SECONDS_MAX = 660
"""Longer than the keeper itself waits for the office, so that its own word arrives first."""

ASK_SECONDS_MAX = 10
"""How long the keeper may take over what needs no network."""

ACTIVITY_SECONDS = 5
"""How often the keeper is told that somebody is there; once in this time is enough."""


@dataclass(frozen=True, kw_only=True)
class Status:
    """How things stand with the office, as far as the keeper has noticed."""

    online: bool | None
    reached_at: datetime | None
    offset_seconds: float | None


class KeeperLink:
    """What the vault may ask of its keeper; every method may be called from any thread."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._turn = threading.Lock()
        self._told_at = float("-inf")

    def send(self, path: str, body: bytes, content_type: str = CONTENT_TYPE) -> Answer:
        """Have the keeper sign and carry a request to the office, and give its answer.

        Raises RuleBroken when no office answered.
        """
        asked = Message(values={"path": path, "content_type": content_type}, body=body)
        return Answer.unpacked(self._pipe.ask("send", asked, seconds_max=SEND_SECONDS_MAX))

    def upload(self, asking: Asking) -> Answer:
        """Have the keeper sign and carry one request of a photograph's upload to the office.

        Raises RuleBroken when no office answered.
        """
        values = {"method": asking.method, "path": asking.path, "headers": dict(asking.headers)}
        asked = Message(values=values, body=asking.body)
        return Answer.unpacked(self._pipe.ask("upload", asked, seconds_max=SEND_SECONDS_MAX))

    def metered(self) -> bool | None:
        """Ask whether the way to the office costs money by the byte; none when nobody can tell."""
        said = self._pipe.ask("metered", Message(), seconds_max=ASK_SECONDS_MAX).values["metered"]
        return said if isinstance(said, bool) else None

    def status(self) -> Status:
        """Ask how things stand with the office; None means not known yet."""
        values = self._pipe.ask("status", Message(), seconds_max=ASK_SECONDS_MAX).values
        reached_at = values["reached_at"]
        return Status(
            online=values["online"],
            reached_at=datetime.fromisoformat(reached_at) if reached_at else None,
            offset_seconds=values["offset_seconds"],
        )

    def may_try(self) -> None:
        """Ask whether a passphrase may be tried now; raises RuleBroken when it is too soon."""
        self._pipe.ask("try", Message(), seconds_max=ASK_SECONDS_MAX)

    def was_wrong(self) -> None:
        """Have the keeper count a wrong passphrase, because this process may end before the next."""
        self._pipe.ask("wrong", Message(), seconds_max=ASK_SECONDS_MAX)

    def keep_pin(self, wrapped: bytes) -> None:
        """Give the keeper the vault's key as a PIN wraps it, for the session that begins now."""
        self._pipe.ask("keep_pin", Message(body=wrapped), seconds_max=ASK_SECONDS_MAX)

    def forget_pin(self) -> None:
        """Have the keeper forget what a PIN would open."""
        self._pipe.ask("forget_pin", Message(), seconds_max=ASK_SECONDS_MAX)

    def pin_seconds(self) -> float | None:
        """Ask how long a PIN still opens the vault; none where there is none."""
        said = self._pipe.ask("pin", Message(), seconds_max=ASK_SECONDS_MAX).values["seconds"]
        return None if said is None else float(said)

    def try_pin(self) -> bytes:
        """Ask for what the PIN wraps, for one try; raises RuleBroken when there is none any more."""
        return self._pipe.ask("try_pin", Message(), seconds_max=ASK_SECONDS_MAX).body

    def pin_was_right(self) -> None:
        """Tell the keeper that the PIN tried was the right one."""
        self._pipe.ask("pin_right", Message(), seconds_max=ASK_SECONDS_MAX)

    def pin_was_wrong(self) -> int:
        """Tell the keeper that the PIN tried was wrong, and say how many tries are left."""
        return int(
            self._pipe.ask("pin_wrong", Message(), seconds_max=ASK_SECONDS_MAX).values["left"]
        )

    def opened(self, address: str) -> None:
        """Tell the keeper that the vault is open, and an address that leads into it."""
        self._pipe.ask("opened", Message(values={"address": address}), seconds_max=ASK_SECONDS_MAX)

    def rests_on(self, epoch: int) -> None:
        """Tell the keeper under which lease the vault is wrapped on disk: it needs no older share."""
        self._pipe.ask("wrapped", Message(values={"epoch": epoch}), seconds_max=ASK_SECONDS_MAX)

    def activity(self) -> None:
        """Tell the keeper that somebody is using the device."""
        with self._turn:
            now = clock.elapsed_seconds()
            if now - self._told_at < ACTIVITY_SECONDS:
                return
            self._told_at = now
        self._pipe.tell("activity")

    def leave(self) -> str:
        """Have the keeper ask who is visiting, and give the address of that page."""
        return str(
            self._pipe.ask("leave", Message(), seconds_max=ASK_SECONDS_MAX).values["address"]
        )

    def lock(self) -> None:
        """Ask the keeper to lock the device now."""
        self._pipe.tell("lock")
