"""`fieldfare bench vault`: what encryption costs, the vault's own work beside the same on plain SQLite."""

from __future__ import annotations

import json
import secrets
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import TypeVar

import click

from field_client.made_records import KINDS, made_records
from field_client.passphrases import suggest_passphrase
from field_client.vault import records
from field_client.vault.database import PRAGMAS
from field_client.vault.drive import Folder
from field_client.vault.keys import Factors, Holder, create_vault, open_vault
from field_client.vault.schema import STEPS
from field_client.vault.search import Search
from field_client.vault.store import Store, open_store
from sync.protocol import Record
from sync.scope import body_hash

LOOKUPS = 10_000
"""Records that are read one by one."""

SEARCHES = 50
"""Questions asked of the index."""

FIRST_ROWS = 50
"""Records read before a vault that was just opened can show anything."""

ROUNDS = 5

_STRIDE = 7_919  # a prime, so that a walk comes by every record before it comes by one again

OFFICER = "officer"

_LOOK_UP = "SELECT body FROM record WHERE case_id = ? AND view = ? AND kind = ? AND record_id = ?"
_FIRST = "SELECT case_id, body FROM record ORDER BY case_id, view, kind, record_id LIMIT ?"

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One step on one kind of file: the median of its rounds, in milliseconds."""

    ms: float
    cpu_ms: float
    rounds: int


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of file that is measured: how it is made empty, and how one that is there is opened."""

    name: str
    make: Callable[[Path], Store]
    open: Callable[[Path], Store]


@dataclass
class Measuring:
    """The same work on each kind of file, drawn from one seed so that all do the very same."""

    folder: Path
    rows: int
    tell: Callable[[], None] = field(default=lambda: None)
    files: int = 0

    def __post_init__(self) -> None:
        """Make the records that are put in, and choose those that are looked up and searched for."""
        self.records = list(islice(made_records(), self.rows))
        people = [record for record in self.records if record.kind == "person"]
        self.keys = [
            (each.case_id, each.view, each.kind, each.record_id)
            for each in _spread(self.records, LOOKUPS)
        ]
        self.names = [json.loads(each.body or "")["name"] for each in _spread(people, SEARCHES)]

    def measure(self, kind: Kind) -> tuple[dict[str, Figure], int]:
        """Do every step on one kind of file; give the figures and how large the file became."""
        figures: dict[str, Figure] = {}
        paths: list[Path] = []

        def fresh() -> Store:
            self.files += 1
            paths.append(self.folder / f"{kind.name}-{self.files}")
            paths[-1].mkdir()
            return kind.make(paths[-1])

        figures["insert"] = self._timed(self.insert, fresh, close=True)
        path = paths[-1]
        figures["unlock"] = self._timed(lambda _none: _first_rows(kind.open(path)), _nothing)
        store = kind.open(path)
        figures["lookup"] = self._timed(self._look_up, lambda: store)
        figures["index"] = self._timed(lambda made: made.current(), lambda: _search(store))
        search = _search(store)
        search.current()
        figures["search"] = self._timed(self._search, lambda: search)
        store.close()
        return figures, sum(file.stat().st_size for file in path.glob("records.db*"))

    def _timed(
        self, doing: Callable[[T], object], before: Callable[[], T], *, close: bool = False
    ) -> Figure:
        """Time something in rounds, each prepared apart."""
        ms: list[float] = []
        cpu: list[float] = []
        for _round in range(ROUNDS):
            ready = before()
            used, began = process_time(), perf_counter()
            doing(ready)
            ms.append((perf_counter() - began) * 1000)
            cpu.append((process_time() - used) * 1000)
            if close and isinstance(ready, Store):
                ready.close()
            self.tell()
        return Figure(ms=round(median(ms), 2), cpu_ms=round(median(cpu), 2), rounds=ROUNDS)

    def insert(self, store: Store) -> None:
        """Put every record in, in one transaction."""
        with store.transaction() as connection:
            records.put(connection, self.records)

    def _look_up(self, store: Store) -> None:
        for key in self.keys:
            if not store.rows(_LOOK_UP, key):
                raise RuntimeError("a record that was put in is not there")

    def _search(self, search: Search) -> None:
        for name in self.names:
            if not search.find(name):
                raise RuntimeError("a name that is there was not found")


def _search(store: Store) -> Search:
    return Search(store, OFFICER)


def _nothing() -> None:
    """Prepare nothing."""


def _first_rows(store: Store) -> None:
    """Read what a first page needs, and let the file go as a lock would."""
    store.rows(_FIRST, (FIRST_ROWS,))
    store.close()


def _spread(records: Sequence[Record], how_many: int) -> list[Record]:
    """Choose records from all over, one far from the next."""
    return [records[at * _STRIDE % len(records)] for at in range(how_many)]


# The two kinds of file


def kinds() -> tuple[Kind, Kind]:
    """Give the vault as an officer's device makes and opens it, and plain SQLite with its tables."""
    factors = Factors(
        passphrase=suggest_passphrase(secrets.randbelow), device_secret=secrets.token_bytes(32)
    )
    holder = Holder(device_id="device", officer_id=OFFICER)

    def make_vault(folder: Path) -> Store:
        return open_store(_database(folder), create_vault(folder, factors, holder).db)

    def unlock(folder: Path) -> Store:
        return open_store(_database(folder), open_vault(folder, factors).db)

    return (
        Kind(name="vault", make=make_vault, open=unlock),
        Kind(name="plain", make=_make_plain, open=_open_plain),
    )


def _database(folder: Path) -> Path:
    return folder / "records.db"


def _make_plain(folder: Path) -> Store:
    store = _open_plain(folder)
    with store.transaction() as connection:
        for statement in (statement for step in STEPS for statement in step):
            connection.execute(statement)
    return store


def _open_plain(folder: Path) -> Store:
    connection = sqlite3.connect(_database(folder), check_same_thread=False, isolation_level=None)
    connection.create_function("record_hash", 5, body_hash, deterministic=True)
    for pragma in PRAGMAS:
        if not pragma.startswith("cipher_"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
    return Store(connection, Folder(folder))


# The command


@click.command()
@click.option(
    "--rows",
    type=click.IntRange(len(KINDS), 1_000_000),
    default=50_000,
    show_default=True,
    help="How many records are put in.",
)
@click.option("--json", "as_json", is_flag=True, help="Say it as one line of JSON.")
def vault(*, rows: int, as_json: bool) -> None:
    """Time the encrypted vault beside plain SQLite, in a folder that is deleted afterwards.

    insert: every record in one transaction. lookup: 10,000 records one by one. index: all that the
    search needs, read and made ready. search: 50 names. unlock: from a passphrase to the first 50
    records; of plain SQLite, from the file's name.
    """
    figures: dict[str, dict[str, Figure]] = {}
    sizes: dict[str, int] = {}
    steps = 5
    with tempfile.TemporaryDirectory(prefix="fieldfare-bench-") as folder:
        measuring = Measuring(folder=Path(folder), rows=rows)
        with click.progressbar(length=2 * steps * ROUNDS, label="Vault", file=sys.stderr) as bar:
            measuring.tell = lambda: bar.update(1)
            for kind in kinds():
                figures[kind.name], sizes[kind.name] = measuring.measure(kind)
    for line in _table(figures):
        click.echo(line, err=as_json)
    if as_json:
        click.echo(json.dumps(_written(rows, figures, sizes)))


def _written(
    rows: int, figures: dict[str, dict[str, Figure]], sizes: dict[str, int]
) -> dict[str, object]:
    steps, raw = (
        {name: asdict(figure) for name, figure in figures[kind].items()}
        for kind in ("vault", "plain")
    )
    return {
        "rows": rows,
        "steps": steps,
        "raw": raw,
        "bytes": {"vault": sizes["vault"], "plain": sizes["plain"]},
    }


def _table(figures: dict[str, dict[str, Figure]]) -> Iterator[str]:
    yield f"{'':<10}{'vault ms':>12}{'plain ms':>12}{'times':>8}{'vault cpu':>12}{'plain cpu':>12}"
    for name, vault_figure in figures["vault"].items():
        plain = figures["plain"][name]
        yield (
            f"{name:<10}{vault_figure.ms:>12.1f}{plain.ms:>12.1f}{vault_figure.ms / plain.ms:>8.1f}"
            f"{vault_figure.cpu_ms:>12.1f}{plain.cpu_ms:>12.1f}"
        )
