"""Opens one vault and puts its screens where the page before it was.

All that only an open vault needs is imported from here, so that the page which asks for the
passphrase need not wait for it: it is read in while somebody types.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from flask import Flask

from field_client import clock
from field_client.door import Door
from field_client.identity import Identity
from field_client.vault import keys, screens
from field_client.vault.app import create_app
from field_client.vault.closed import ClosedVault
from field_client.vault.database import VaultUnreadable
from field_client.vault.keeper_link import KeeperLink
from field_client.vault.lease_told import LeaseTold
from field_client.vault.opened import OpenVault
from field_client.vault.sealed_copies import SealedCopies
from field_client.vault.sealed_photographs import SealedPhotographs
from field_client.vault.session_pin import SessionPin
from field_client.vault.store import Store, open_store
from shared.errors import RuleBroken
from sync.officer_keys import Holder

DATABASE_FILE = "vault.db"
"""What the encrypted database is called in the vault's folder."""


def keys_by_passphrase(closed: ClosedVault, passphrase: str) -> keys.VaultKeys:
    """Open a vault's keys, or make them where there is no vault; raises RuleBroken if it is wrong."""
    factors = replace(closed.factors, passphrase=passphrase)
    if keys.exists(closed.folder):
        return keys.open_vault(closed.folder, factors)
    holder = keys.Holder(device_id=closed.identity.device_id, officer_id=closed.identity.officer_id)
    return keys.create_vault(closed.folder, factors, holder)


def open_vault(
    closed: ClosedVault, opened: keys.VaultKeys, keeper: KeeperLink, told: LeaseTold
) -> OpenVault:
    """Open a vault's database with its keys; raises RuleBroken when it does not open.

    The keeper is told under which lease it rests on disk, and what is unsent is sealed.
    """
    store = _open_store(closed.folder / DATABASE_FILE, opened)
    _make_key(store, closed.identity)
    keeper.rests_on(opened.epoch)
    vault = OpenVault(
        store=store,
        identity=closed.identity,
        keeper=keeper,
        told=told,
        pin=SessionPin(closed, keeper),
        copies=SealedCopies(store, closed.sealed_folder, closed.identity.sealing_key),
        pictures=SealedPhotographs(store, closed.sealed_folder, closed.identity.sealing_key),
    )
    vault.seal_unsent()
    return vault


def screens_of(
    closed: ClosedVault, vault: OpenVault, port_of: Callable[[], int]
) -> tuple[Flask, Door]:
    """Make the screens of an open vault, behind their door."""
    return create_app(vault, screens, port_of, boot_seconds=closed.boot_seconds)


def _make_key(store: Store, identity: Identity) -> None:
    """Make the officer's key where there is none; on a full drive another time, for work goes on."""
    holder = Holder(
        office=identity.receipt_key,
        device_id=identity.device_id,
        officer_id=identity.officer_id,
    )
    with suppress(RuleBroken):
        store.make_key(holder)


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
