"""The keeper's hold on one vault process: open it, have it serve its pages, end it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from field_client import children
from field_client.device_secret import SECRET_BYTES
from field_client.identity import Identity
from field_client.pipe import Handler, Message, Pipe

OPEN_SECONDS_MAX = 60
"""How long a vault may take to derive its keys and open, on the slowest device."""

LOCK_SECONDS_MAX = 2
"""How long a vault may take to close by itself before it is ended."""


class VaultProcess:
    """One vault process, from its start to its end; each lock ends one, and it is never reused."""

    def __init__(
        self, handlers: Mapping[str, Handler], ended: Callable[[VaultProcess], None]
    ) -> None:
        self._process = children.start("field_client.vault", answers=True)
        self._pipe = Pipe(
            cast(io.RawIOBase, self._process.stdout),
            cast(io.RawIOBase, self._process.stdin),
            handlers,
            closed=lambda: ended(self),
        )
        self._pipe.start()

    def open(
        self,
        folder: Path,
        identity: Identity,
        *,
        device_secret: bytes,
        passphrase: str,
        create: bool,
    ) -> None:
        """Open the vault in a folder, or make it there; raises RuleBroken as the vault refuses."""
        if len(device_secret) != SECRET_BYTES:
            raise ValueError("the vault reads the passphrase from after the secret")
        values = {"folder": str(folder), "identity": identity.packed(), "create": create}
        body = device_secret + passphrase.encode("utf-8", "replace")
        self._pipe.ask("open", Message(values=values, body=body), seconds_max=OPEN_SECONDS_MAX)

    def serve(self, *, addresses: int, boot_seconds: float) -> list[str]:
        """Have the opened vault show its pages; each address lets one visitor in, once."""
        asked = Message(values={"addresses": addresses, "boot_seconds": boot_seconds})
        answer = self._pipe.ask("serve", asked, seconds_max=OPEN_SECONDS_MAX)
        return [str(address) for address in answer.values["addresses"]]

    def end(self) -> None:
        """End the process and all it holds; it gets a moment to close its database."""
        self._pipe.tell("lock")
        children.end(self._process, grace_seconds=LOCK_SECONDS_MAX)
