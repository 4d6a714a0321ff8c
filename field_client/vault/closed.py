"""A vault before it is opened: where it is, whose, and what opens it besides a passphrase."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from field_client.files import make_private_folder
from field_client.identity import Identity
from field_client.pipe import Message
from field_client.vault.keys import SECRET_BYTES, Factors
from sync.leases import SHARE_BYTES


@dataclass(frozen=True, kw_only=True)
class ClosedVault:
    """What the keeper tells of a vault that its officer may open."""

    folder: Path
    identity: Identity
    device_secret: bytes = field(repr=False)
    shares: Mapping[int, bytes] = field(repr=False)
    boot_seconds: float
    sealed_folder: Path
    pin_seconds: float | None = None
    """How long a PIN still opens it; none where none was chosen."""

    @property
    def factors(self) -> Factors:
        """Give all that opens it but for what its officer enters."""
        return Factors(device_secret=self.device_secret, passphrase="", shares=self.shares)

    @classmethod
    def told(cls, message: Message) -> ClosedVault:
        """Read what the keeper said, and make the folder where there is none."""
        return cls(
            folder=make_private_folder(Path(message.values["folder"])),
            identity=Identity.unpacked(message.values["identity"]),
            device_secret=message.body[:SECRET_BYTES],
            shares=_shares(message),
            boot_seconds=float(message.values["boot_seconds"]),
            sealed_folder=Path(message.values["sealed_folder"]),
            pin_seconds=message.values["pin_seconds"],
        )


def _shares(message: Message) -> dict[int, bytes]:
    """Read the shares that stand behind the device secret, in the order of their epochs."""
    lent = message.body[SECRET_BYTES:]
    places = range(0, len(lent), SHARE_BYTES)
    return {
        int(epoch): lent[place : place + SHARE_BYTES]
        for epoch, place in zip(message.values["epochs"], places, strict=True)
    }
