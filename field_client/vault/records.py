"""The records this device holds: put in place, taken out, and what they come to.

What they come to is never kept beside them. Each record has its hash, one index holds the hashes of
all, and adding up a whole bundle reads nothing else: no total can be out of step with its records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from sync.protocol import CaseTotal, Record, Total, Whole
from sync.scope import HASHES, body_hash


class Connection(Protocol):
    """The vault's database, inside a transaction; only the store opens one."""

    def execute(self, statement: str, values: Sequence[Any] = ..., /) -> Any:  # noqa: ANN401 - a cursor
        """Run one statement."""

    def executemany(self, statement: str, values: Iterable[Sequence[Any]], /) -> Any:  # noqa: ANN401 - a value of any kind
        """Run one statement for each of some rows."""


def put(connection: Connection, records: Iterable[Record]) -> None:
    """Put records in place of what was held of them, and take out those that were removed."""
    held: list[tuple[str | int, ...]] = []
    gone: list[tuple[str, ...]] = []
    for record in records:
        key = (record.case_id, record.view, record.kind, record.record_id)
        if record.body is None:
            gone.append(key)
        else:
            held.append((*key, record.commit, record.body, body_hash(*key, record.body)))
    if gone:
        connection.executemany(
            "DELETE FROM record WHERE case_id = ? AND view = ? AND kind = ? AND record_id = ?", gone
        )
    if held:
        connection.executemany(
            "INSERT INTO record (case_id, view, kind, record_id, commit_number, body, hash) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "commit_number = excluded.commit_number, body = excluded.body, hash = excluded.hash",
            held,
        )


def drop(connection: Connection, wholes: Iterable[Whole]) -> None:
    """Take out every record of some views of cases."""
    connection.executemany(
        "DELETE FROM record WHERE case_id = ? AND view = ?",
        [(whole.case_id, whole.view) for whole in wholes],
    )


_NOT_LEAVING = "(case_id, view) NOT IN (SELECT case_id, view FROM purge)"


def held_cases(connection: Connection) -> set[str]:
    """Name the cases of which anything is held, but for those on their way off."""
    found = connection.execute(
        "SELECT DISTINCT case_id FROM record WHERE case_id NOT IN (SELECT case_id FROM purge)"
    )
    return {row[0] for row in found}


def manifest_of(connection: Connection) -> tuple[CaseTotal, ...]:
    """Say case by case what this copy comes to, but for cases that are on their way off."""
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for case_id, view, hash_ in connection.execute(
        f"SELECT case_id, view, hash FROM record WHERE {_NOT_LEAVING}"  # noqa: S608 - our own words
    ):
        summed = sums[case_id, view]
        summed[0] += 1
        summed[1] += hash_
    return tuple(
        CaseTotal(case_id=case_id, view=view, records=records, hash=summed % HASHES)
        for (case_id, view), (records, summed) in sorted(sums.items())
    )


def recount(connection: Connection) -> None:
    """Hash every record afresh, because what was kept may be what is wrong."""
    connection.execute("UPDATE record SET hash = record_hash(case_id, view, kind, record_id, body)")


def scope_of(connection: Connection) -> Total:
    """Say what this copy comes to; added up by halves, because a sum of whole hashes may overflow."""
    sums = "count(*), coalesce(sum(hash & 16777215), 0), coalesce(sum(hash >> 24), 0)"
    records, low, high = connection.execute(
        f"SELECT {sums} FROM record WHERE {_NOT_LEAVING}"  # noqa: S608 - our own words
    ).fetchone()
    return Total(records=records, hash=((high << 24) + low) % HASHES)
