"""What was not as it should be between this vault and the office: each kind, how often, when last."""

from __future__ import annotations

from field_client.vault.records import Connection


def note_defect(connection: Connection, kind: str, at: str, said: str) -> None:
    """Note one, with what shows it."""
    connection.execute(
        "INSERT INTO defect VALUES (?, 1, ?, ?) ON CONFLICT (kind) DO UPDATE "
        "SET times = times + 1, last_at = excluded.last_at, said = excluded.said",
        (kind, at, said),
    )
