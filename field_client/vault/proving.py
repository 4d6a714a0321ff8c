"""Shows of one answered command that the office signed for it: checked anew each time somebody looks."""

from __future__ import annotations

import json

from field_client.vault.keys import is_signed_by
from field_client.vault.store import Store
from shared.commands import Outcome
from shared.schemas import canonical, digest
from sync.protocol import Receipt
from sync.seals import TAG, members_of


def is_proven(store: Store, office_key: str, command_id: str) -> bool:
    """Tell whether the office's signature stands under this receipt for the bytes kept here."""
    rows = store.rows(
        "SELECT outcome, code, flags, said, commit_number, received_at, more, statement, "
        "seal.signature FROM outbox JOIN seal USING (seal_id) WHERE command_id = ?",
        (command_id,),
    )
    if not rows or not office_key:
        return False
    [(outcome, code, flags, said, commit, received_at, more, statement, signature)] = rows
    receipt = Receipt(
        command_id=command_id,
        outcome=Outcome(outcome),
        code=code,
        flags=tuple(json.loads(flags or "[]")),
        commit=commit,
        received_at=received_at or "",
        values=json.loads(said or "{}"),
        more=json.loads(more or "{}"),
    )
    laid_out = json.loads(statement)
    kept = digest(
        canonical({**members_of(receipt), "envelope": store.sent([command_id])[command_id]})
    )
    return (
        laid_out["tag"] == TAG
        and kept in laid_out["receipts"]
        and is_signed_by(office_key, bytes(statement), signature)
    )
