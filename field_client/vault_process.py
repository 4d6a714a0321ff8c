"""The keeper's hold on one vault process: have it show its pages, hear what it asks, end it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import cast

from field_client import children
from field_client.identity import Identity
from field_client.lease import Lease
from field_client.pipe import Message, Pipe

START_SECONDS_MAX = 60
"""How long a vault's process may take to show its first page, on the slowest device."""

LOCK_SECONDS_MAX = 2
"""How long a vault may take to close by itself before it is ended."""

VaultHandler = Callable[["VaultProcess", Message], Message | None]
"""Answers what one vault process asks, knowing which one that is."""


@dataclass(frozen=True, kw_only=True)
class Lent:
    """What opens a vault besides its passphrase, and until when the device has it."""

    device_secret: bytes = field(repr=False)
    shares: Mapping[int, bytes] = field(repr=False)
    lease: Lease | None


class VaultProcess:
    """One vault process, from its start to its end; each lock ends one, and it is never reused."""

    def __init__(
        self, handlers: Mapping[str, VaultHandler], ended: Callable[[VaultProcess], None]
    ) -> None:
        self._process = children.start("field_client.vault", answers=True)
        self._pipe = Pipe(
            cast(io.RawIOBase, self._process.stdout),
            cast(io.RawIOBase, self._process.stdin),
            {name: partial(handler, self) for name, handler in handlers.items()},
            closed=lambda: ended(self),
        )
        self._pipe.start()

    def show(
        self,
        folder: Path,
        identity: Identity,
        lent: Lent,
        *,
        sealed_folder: Path,
        boot_seconds: float,
        pin_seconds: float | None = None,
    ) -> str:
        """Have the page before the vault in a folder shown, and give an address that leads to it.

        In `sealed_folder` the vault keeps copies of what is unsent, for the office alone. The page
        asks for a PIN where there is one, which opens it for `pin_seconds` more.
        """
        values = {
            "folder": str(folder),
            "sealed_folder": str(sealed_folder),
            "identity": identity.packed(),
            "boot_seconds": boot_seconds,
            "pin_seconds": pin_seconds,
            "epochs": list(lent.shares),
            "lease": lent.lease.packed() if lent.lease else None,
        }
        asked = Message(values=values, body=b"".join([lent.device_secret, *lent.shares.values()]))
        answer = self._pipe.ask("show", asked, seconds_max=START_SECONDS_MAX)
        return str(answer.values["address"])

    def tell_lease(self, lease: Lease) -> None:
        """Tell the vault until when the lease goes now, for its officer to see."""
        self._pipe.tell("lease", Message(values={"lease": lease.packed()}))

    def end(self) -> None:
        """End the process and all it holds; it gets a moment to close its database."""
        self._pipe.tell("lock")
        children.end(self._process, grace_seconds=LOCK_SECONDS_MAX)
