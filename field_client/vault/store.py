"""The encrypted database of one officer on one device, and everything that is kept in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import groupby
from pathlib import Path
from threading import RLock
from typing import Any

from field_client.vault import lanes, renumbering, signing, stocktaking
from field_client.vault.absorbing import (
    DIFFERS,
    FORKED,
    PARKED,
    WHOLE_TO,
    Absorbing,
    Seal,
)
from field_client.vault.database import Connection, DatabaseError, is_full, open_database
from field_client.vault.defects import note_defect
from field_client.vault.drive import Drive, Folder, is_roomy, make_room
from field_client.vault.records import manifest_of, recount, scope_of
from field_client.vault.signing import OwnKey, generate_key
from shared.commands import Lane
from shared.errors import RuleBroken
from shared.schemas import digest
from sync.device_steps import Copy, Taken
from sync.officer_keys import Holder
from sync.protocol import (
    ENVELOPES_MAX,
    PURGED_MAX,
    WAITING_BYTES_AIM,
    Place,
    Position,
    Reply,
    Total,
)


class Store:
    """The vault's database: confirmed records, the outbox, drafts and photographs."""

    def __init__(self, connection: Connection, drive: Drive) -> None:
        self._connection = connection
        self._drive = drive
        self._lock = RLock()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Do several things or none; what is done is on disk before this returns.

        Raises RuleBroken when the drive is full; what is kept back there is given up for the next try.
        """
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException as failure:
                if self._connection.in_transaction:  # some failures have already undone it
                    self._connection.execute("ROLLBACK")
                if is_full(failure, self._drive):
                    self._drive.give_back()
                    raise RuleBroken("disk.full") from failure
                raise

    def make_room(self) -> None:
        """See that what somebody typed will fit, at the cost of the room kept back for it."""
        make_room(self._drive)

    def has_room(self) -> bool:
        """Tell whether what the office sends can be kept, and what is typed meanwhile as well."""
        return is_roomy(self._drive)

    @contextmanager
    def still(self) -> Iterator[None]:
        """Hold the database still while several things are read that belong together."""
        with self._lock:
            yield

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Read rows."""
        with self._lock:
            return list(self._connection.execute(statement, values))

    def sweep(self) -> None:
        """Leave nothing of what was erased in the log beside the database; another time if it is busy."""
        with self._lock, suppress(DatabaseError):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the database; the process that held it should end as well."""
        with self._lock:
            self._connection.close()

    # What the vault knows of itself

    def get(self, name: str) -> str | None:
        """Read one fact the vault keeps about itself."""
        found = self.rows("SELECT value FROM meta WHERE name = ?", (name,))
        return str(found[0][0]) if found else None

    def put(self, name: str, value: str) -> None:
        """Keep one fact about the vault itself."""
        with self.transaction() as connection:
            connection.execute(
                "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (name, value),
            )

    def store_id(self) -> str:
        """Name this vault."""
        return str(self.rows("SELECT value FROM meta WHERE name = 'store_id'")[0][0])

    def epoch(self) -> str | None:
        """Name the life of the office's database this copy was read from."""
        return self.get("epoch")

    def cursor(self) -> int:
        """Say how far this copy has read."""
        return int(self.get("cursor") or 0)

    def is_catching_up_on(self, case_id: str) -> bool:
        """Tell whether pages have moved a case and the copy is not whole again since."""
        return bool(
            self.rows(
                "SELECT 1 FROM record WHERE case_id = ? AND commit_number > "
                "(SELECT CAST(value AS INTEGER) FROM meta WHERE name = ?) LIMIT 1",
                (case_id, WHOLE_TO),
            )
        )

    def own_key(self) -> OwnKey | None:
        """Give the key of this vault's officer; none before it was opened for somebody."""
        with self._lock:
            return signing.own_key(self._connection)

    def make_key(self, holder: Holder, generate: Callable[[], bytes] = generate_key) -> None:
        """Make the key of this vault's officer where there is none, and sign what is unsigned."""
        with self.transaction() as connection:
            signing.make_key(connection, holder, generate)

    # The outbox

    def lane_head(self, lane: Lane) -> Position:
        """Say where the next command of a lane follows on."""
        with self._lock:
            return lanes.head_of(self._connection, lane)

    def waiting(self, envelopes_max: int) -> list[bytes]:
        """Give the oldest commands without a receipt, urgent first, never half of a group.

        The first group is given whole even if it alone is more than was asked for.
        """
        return [written for written, _place, _signature in self._in_line(envelopes_max)]

    def _in_line(self, envelopes_max: int) -> list[tuple[bytes, Place, str]]:
        """Give them with where each stands, for an office that cannot read one, and its signature."""
        if not self.rows("SELECT 1 FROM outbox WHERE outcome IS NULL LIMIT 1"):
            return []  # as mostly, and putting nothing in order costs more than this
        found = [
            row
            for lane in Lane  # the urgent one is the first
            for row in self.rows(
                "SELECT written, group_id, command_id, lane, seq, signature FROM outbox "
                "WHERE outcome IS NULL AND former_store IS NULL AND lane = ? ORDER BY seq LIMIT ?",
                (lane.value, envelopes_max + ENVELOPES_MAX),
            )
        ]
        given: list[tuple[bytes, Place, str]] = []
        size = 0
        for _group, numbered in groupby(enumerate(found), key=_group_or_itself):
            together = [row for _at, row in numbered]
            size += sum(len(written) for written, *_more in together)
            if given and (len(given) + len(together) > envelopes_max or size > WAITING_BYTES_AIM):
                break
            given.extend(
                (written, Place(command_id=command_id, lane=lane, seq=seq), signature or "")
                for written, _group_id, command_id, lane, seq, signature in together
            )
        return given

    def purged(self) -> list[str]:
        """Name the cases erased and not yet reported as erased, some of them if there are many."""
        if not self.rows("SELECT 1 FROM purge LIMIT 1"):
            return []
        return [
            row[0]
            for row in self.rows(
                "SELECT DISTINCT case_id FROM purge WHERE erased ORDER BY case_id LIMIT ?",
                (PURGED_MAX,),
            )
        ]

    def copy(self, envelopes_max: int = ENVELOPES_MAX) -> Copy:
        """Read what this vault has to say to the office, in one moment."""
        with self.transaction() as connection:
            differs = self.get(DIFFERS) is not None
            if differs:
                recount(connection)
            line = self._in_line(envelopes_max)
            return Copy(
                store_id=self.store_id(),
                epoch=self.epoch(),
                cursor=self.cursor(),
                waiting=tuple(written for written, _place, _signature in line),
                places=tuple(place for _written, place, _signature in line),
                signatures=_if_any([signature for _written, _place, signature in line]),
                purged=tuple(self.purged()),
                manifest=manifest_of(connection) if differs else None,
                confirm=self.get(PARKED),
                forked=self.get(FORKED) is not None,
            )

    def renumber(self, store_id: str) -> None:
        """Take another name, because somebody else speaks under this one, and number work anew."""
        with self.transaction() as connection:
            renumbering.renumber(connection, store_id)

    # Taking in what the office says

    def sent(self, command_ids: Sequence[str]) -> dict[str, str]:
        """Give the SHA-256 of what those of these commands that are kept here were first written as."""
        if not command_ids:
            return {}
        marks = ", ".join("?" for _ in command_ids)
        return {
            command_id: first or digest(bytes(written))
            for command_id, written, first in self.rows(
                f"SELECT command_id, written, first FROM outbox WHERE command_id IN ({marks})",  # noqa: S608 - our own words
                command_ids,
            )
        }

    def absorb(self, reply: Reply, seal: Seal | None = None, *, sealed: bool = True) -> Taken:
        """Take in a reply, whole or not at all; what is not sealed is not taken for a receipt."""
        with self.transaction() as connection:
            return Absorbing(connection, reply).take(seal, sealed=sealed)

    def total(self) -> Total:
        """Say what the records held here come to."""
        with self._lock:
            return scope_of(self._connection)

    def take_stock(self, now: datetime) -> None:
        """Find what was altered behind this program's back, note it, and have the office mend it."""
        with self.transaction() as connection:
            found = stocktaking.altered(connection)
            for table in sorted(found):
                note_defect(connection, f"{table}.altered", now.isoformat(), "")
            if stocktaking.OUTBOX in found:
                connection.execute("REINDEX outbox")
            if stocktaking.RECORDS in found:
                stocktaking.write_anew(connection)
                self.put(DIFFERS, "yes")

    def defects(self) -> list[tuple[str, int, str]]:
        """List what was not as it should be: its kind, how often, and when last."""
        return [
            (str(kind), int(times), str(last_at))
            for kind, times, last_at in self.rows(
                "SELECT kind, times, last_at FROM defect ORDER BY kind"
            )
        ]


def open_store(path: Path, key: bytearray, drive: Drive | None = None) -> Store:
    """Open the vault's database as `open_database` does, on the drive that its folder is on."""
    on = drive or Folder(path.parent)
    return Store(open_database(path, key, on), on)


def _if_any(signatures: Sequence[str]) -> tuple[str, ...]:
    """Leave out all of them where nobody has signed anything."""
    return tuple(signatures) if any(signatures) else ()


def _group_or_itself(numbered: tuple[int, tuple[Any, ...]]) -> str | int:
    """Name the group a waiting command belongs to, or the command itself."""
    at, (_written, group, *_place) = numbered
    return at if group is None else str(group)
