"""The officer's own key, made inside their vault and kept nowhere else: what it signs was saved here.

It signs each command where it stands in its lane, in the transaction that saves it. So the office can
tell work that somebody did in the open vault from what only the device's key has signed, which is
usable while the vault is locked.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import astuple, dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from field_client.vault.records import Connection
from sync.officer_keys import Holder, key_statement, lane_statement


@dataclass(frozen=True, kw_only=True)
class OwnKey:
    """The key of this vault, and whose it is."""

    holder: Holder
    private_key: Ed25519PrivateKey = field(repr=False)

    @property
    def public_text(self) -> str:
        """Write the half that the office is told, as messages carry it."""
        raw = self.private_key.public_key().public_bytes_raw()
        return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")

    def sign(self, statement: bytes) -> str:
        """Sign a statement, in base64, as messages carry signatures."""
        return base64.b64encode(self.private_key.sign(statement)).decode("ascii")

    def prove(self) -> str:
        """Sign that this is the key of its holder."""
        return self.sign(key_statement(self.holder, self.public_text))


def generate_key() -> bytes:
    """Make the private half of a new key."""
    return Ed25519PrivateKey.generate().private_bytes_raw()


def make_key(
    connection: Connection, holder: Holder, generate: Callable[[], bytes] = generate_key
) -> None:
    """Make the key where a vault has none, and sign what an older program saved in it."""
    if own_key(connection) is None:
        connection.execute(
            "INSERT INTO officer_key VALUES (1, ?, ?, ?, ?)",
            (generate(), *astuple(holder)),
        )
    sign_unsigned(connection)


def own_key(connection: Connection) -> OwnKey | None:
    """Give this vault's key; none before it was opened for somebody."""
    row = connection.execute(
        "SELECT private, office, device_id, officer_id FROM officer_key"
    ).fetchone()
    if row is None:
        return None
    private, office, device_id, officer_id = row
    return OwnKey(
        holder=Holder(office=office, device_id=device_id, officer_id=officer_id),
        private_key=Ed25519PrivateKey.from_private_bytes(bytes(private)),
    )


def signed(connection: Connection, store_id: str, lane: str, seq: int, head: str) -> str | None:
    """Sign what is about to be saved; nothing in a vault whose officer has no key yet."""
    own = own_key(connection)
    return None if own is None else own.sign(lane_statement(own.holder, store_id, lane, seq, head))


def sign_unsigned(connection: Connection) -> None:
    """Sign every command numbered under this vault's present name that is not signed yet."""
    own = own_key(connection)
    if own is None:
        return
    (store_id,) = connection.execute("SELECT value FROM meta WHERE name = 'store_id'").fetchone()
    unsigned = connection.execute(
        "SELECT command_id, lane, seq, hash FROM outbox "
        "WHERE signature IS NULL AND former_store IS NULL"
    ).fetchall()
    connection.executemany(
        "UPDATE outbox SET signature = ? WHERE command_id = ?",
        [
            (own.sign(lane_statement(own.holder, store_id, lane, seq, head)), command_id)
            for command_id, lane, seq, head in unsigned
        ],
    )
