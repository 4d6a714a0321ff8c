"""Holds what the office signed against the key this device was given, before it is taken as its word."""

from __future__ import annotations

from field_client.vault.absorbing import Seal
from field_client.vault.keys import is_signed_by
from field_client.vault.store import Store
from sync.protocol import Reply
from sync.seals import statement


def seal_of(store: Store, reply: Reply) -> Seal | None:
    """Lay out what the office must have signed under a reply; none when it speaks of unknown bytes.

    The bytes of each command are this device's own, so a seal under other bytes does not fit.
    """
    sent = store.sent([receipt.command_id for receipt in reply.receipts])
    if any(receipt.command_id not in sent for receipt in reply.receipts):
        return None
    laid_out = statement(
        store_id=store.store_id(),
        epoch=reply.epoch,
        receipts=reply.receipts,
        sent=sent,
        confirmed=reply.confirmed,
    )
    return Seal(statement=laid_out, signature=reply.seal)


def is_genuine(office_key: str, reply: Reply, seal: Seal | None) -> bool:
    """Tell whether what a reply says of our commands is the office's word.

    A reply that says nothing of them needs no seal. A device enrolled before its office had a key
    was given none, and takes what comes over the channel as it did before.
    """
    if not office_key or (not reply.receipts and reply.confirmed is None):
        return True
    return seal is not None and is_signed_by(office_key, seal.statement, seal.signature)
