"""What the screens of an open vault stand on, and how a screen finds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from flask import current_app

from field_client.identity import Identity
from field_client.vault.keeper_link import KeeperLink
from field_client.vault.lease_told import LeaseTold
from field_client.vault.sealed_copies import SealedCopies
from field_client.vault.sealed_photographs import SealedPhotographs
from field_client.vault.session_pin import SessionPin
from field_client.vault.store import Store

EXTENSION = "fieldfare_vault"
"""Under which name the open vault stands in its app's extensions."""


@dataclass(frozen=True, kw_only=True)
class OpenVault:
    """An open vault: its database, whose it is, its lease, and the only way out of it."""

    store: Store
    identity: Identity
    keeper: KeeperLink
    pin: SessionPin
    told: LeaseTold = field(default_factory=LeaseTold)
    copies: SealedCopies | None = None
    pictures: SealedPhotographs | None = None

    def seal_unsent(self) -> None:
        """See that what the office has not answered lies sealed where the keeper can send it."""
        if self.copies is not None:
            self.copies.keep_true()
        if self.pictures is not None:
            self.pictures.keep_true()


def opened() -> OpenVault:
    """Give the vault that the current request is about."""
    return cast(OpenVault, current_app.extensions[EXTENSION])
