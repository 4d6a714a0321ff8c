"""Keeps what is being typed, so that nothing that was on screen for a second is ever lost."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from field_client.vault import photographs
from field_client.vault.store import Store
from shared.catalogue import mark
from shared.errors import RuleBroken, register

TYPED_BYTES_MAX = 1_000_000
"""Bytes one draft may hold; far more than every field of a form at its limit."""

DRAFTS_MAX = 200
"""Drafts one vault holds; a person has one or two."""

register({"draft.too_large": mark("Shorten what you wrote: it is too long to keep")})

Typed = Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A form as it was last on screen; its id is that of what it will make."""

    draft_id: str
    case_id: str
    kind: str
    saved_at: datetime
    typed: Typed = field(default_factory=dict)
    page: str = ""
    turn: int = 0


def keep(store: Store, draft: Draft) -> bool:
    """Keep a draft over what was kept before; what one page sent late never undoes what it sent since.

    False when its visit has been saved meanwhile, so there is nothing left to keep.
    """
    body = json.dumps(
        {"typed": {name: list(values) for name, values in draft.typed.items()},
         "page": draft.page, "turn": draft.turn}
    )  # fmt: skip
    if len(body) > TYPED_BYTES_MAX:
        raise RuleBroken("draft.too_large")
    store.make_room()
    with store.transaction() as connection:
        if store.rows("SELECT 1 FROM outbox WHERE group_id = ?", (draft.draft_id,)):
            return False
        before = find(store, draft.draft_id)
        if before and before.page == draft.page and before.turn >= draft.turn > 0:
            return True
        connection.execute(
            "INSERT INTO draft VALUES (?, ?, ?, ?, ?) ON CONFLICT (draft_id) DO UPDATE "
            "SET body = excluded.body, saved_at = excluded.saved_at",
            (draft.draft_id, draft.case_id, draft.kind, body, draft.saved_at.isoformat()),
        )
    return True


def find(store: Store, draft_id: str) -> Draft | None:
    """Find a draft by the id of what it will make."""
    return next(iter(_drafts(store, "WHERE draft_id = ?", draft_id)), None)


def of_case(store: Store, case_id: str, kind: str) -> Draft | None:
    """Find the latest draft of a kind about a case."""
    where = "WHERE case_id = ? AND kind = ? ORDER BY saved_at DESC"
    return next(iter(_drafts(store, where, case_id, kind)), None)


def every(store: Store) -> list[Draft]:
    """List all drafts, the latest first."""
    return _drafts(store, "ORDER BY saved_at DESC")


def _drafts(store: Store, where: str, *values: str) -> list[Draft]:
    return [
        _read(*row)
        for row in store.rows(
            f"SELECT draft_id, case_id, kind, body, saved_at FROM draft {where} LIMIT {DRAFTS_MAX}",  # noqa: S608 - our own words
            values,
        )
    ]


def _read(draft_id: str, case_id: str, kind: str, body: str, saved_at: str) -> Draft:
    kept = json.loads(body)
    return Draft(
        draft_id=draft_id,
        case_id=case_id,
        kind=kind,
        saved_at=datetime.fromisoformat(saved_at),
        typed={name: tuple(texts) for name, texts in kept["typed"].items()},
        page=kept["page"],
        turn=kept["turn"],
    )


def remove(store: Store, draft_id: str) -> None:
    """Remove a draft because what it was for has been saved."""
    with store.transaction() as connection:
        connection.execute("DELETE FROM draft WHERE draft_id = ?", (draft_id,))


def discard(store: Store, draft_id: str) -> None:
    """Throw a draft away with the photographs taken for it."""
    with store.transaction():
        remove(store, draft_id)
        photographs.forget_unrecorded(store, draft_id)
