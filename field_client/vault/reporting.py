"""Says how this device stands, for whoever looks after it: counts and times, nothing about anybody."""

from __future__ import annotations

from importlib.metadata import version

from field_client.vault.freshness import offset_seconds
from field_client.vault.store import Store
from sync.protocol import Report
from sync.shapes import APP_CHARACTERS_MAX

APP = version("fieldfare")[:APP_CHARACTERS_MAX]
"""Which program this is, read once."""


def report(store: Store) -> Report:
    """Count what waits, by the indexes kept for it, because every request carries this."""
    [[waiting, since, needs_you, photographs]] = store.rows(
        "SELECT count(*), min(saved_at), "
        "(SELECT count(*) FROM outbox WHERE outcome = 'refused' AND settled_at IS NULL), "
        "(SELECT count(*) FROM photograph WHERE recorded AND NOT arrived AND refused IS NULL) "
        "FROM outbox WHERE outcome IS NULL"
    )
    return Report(
        app=APP,
        waiting=int(waiting),
        waiting_since=since,
        photographs=int(photographs),
        needs_you=int(needs_you),
        offset=offset_seconds(store),
    )
