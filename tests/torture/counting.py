"""Counts, once nothing moves, what people were told against what the office and every device hold."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from field_client.vault.screens.ids import command_id
from server.accounts.ledger import check_ledger
from server.app import house
from server.spine.projections import check_all
from tests.torture.filing import reference
from tests.torture.told import Said, State, Told

TAKEN = frozenset({"applied", "merged", "flagged", "no_change", "duplicate"})
SHOWN_MAX = 50


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is not as it must be: lost, doubled or wrong, and where to look."""

    kind: str
    what: str
    where: str


LOST, DOUBLED, WRONG = "lost", "doubled", "wrong"


@dataclass
class Office:
    """The office's database, looked into beside the office."""

    engine: Engine

    def rows(self, statement: str, **values: object) -> Sequence[Any]:
        """Read rows as they are committed now."""
        with self.engine.connect() as connection:
            return connection.execute(text(statement), values).all()

    def pairs(self, statement: str) -> dict[str, list[Any]]:
        """Read rows whose first column is what they are found by."""
        found: dict[str, list[Any]] = {}
        for row in self.rows(statement):
            found.setdefault(str(row[0]), []).append(row)
        return found


def count(engine: Engine, told: Told) -> list[Finding]:
    """Count everything that stands in the office."""
    office = Office(engine)
    commands = {
        row.command_id: row
        for row in office.rows("SELECT command_id::text, name, outcome, code FROM command")
    }
    found = [
        *_of_devices(office, told, commands),
        *_of_desks(office, told, commands),
        *_pictures(office, told),
        *_files(office, told),
        *_log(office),
        *_house(engine),
    ]
    return found[:SHOWN_MAX]


# What officers were told

_EFFECTS: Mapping[str, tuple[str, str]] = {
    "visit": ("RecordVisit", "SELECT notes, visit_id::text FROM visit"),
    "warning": ("AddMarker", "SELECT note, marker_id::text FROM marker"),
    "edit": (
        "CorrectDetails",
        (
            "SELECT DISTINCT command_id::text, 1 FROM change JOIN command c USING (command_id) "
            "WHERE c.name = 'CorrectDetails'"
        ),
    ),
}


def _of_devices(office: Office, told: Told, commands: Mapping[str, Any]) -> Iterator[Finding]:
    for kind, (name, query) in _EFFECTS.items():
        effects = office.pairs(query)
        for said in told.of(kind):
            id_ = command_id(said.id, name)
            row = commands.get(id_)
            seen = effects.get(id_ if kind == "edit" else said.mark, [])
            due = 1 if row is not None and row.outcome in TAKEN else 0
            if kind == "edit" and row is not None and row.outcome not in {"refused", "quarantined"}:
                due = len(seen)  # what waits for a person is in the log too
            yield from _judge(said, row, len(seen), due)


def _judge(said: Said, row: Any, seen: int, due: int) -> Iterator[Finding]:
    """Hold one thing that was meant against what came of it."""
    where = (
        f"{said.kind} {said.id} ({said.mark}) of {said.more.get('device') or said.more.get('who')}"
    )
    if said.state is State.TOLD and row is None:
        yield Finding(kind=LOST, what="was said to be saved and is not in the office", where=where)
    elif row is not None and row.outcome == "quarantined":
        yield Finding(kind=LOST, what=f"was set aside: {row.code}", where=where)
    elif said.state is State.REFUSED and row is not None and row.outcome in TAKEN:
        yield Finding(kind=WRONG, what="was said not to be saved and is in the office", where=where)
    if seen > max(1, due):
        yield Finding(kind=DOUBLED, what=f"took effect {seen} times", where=where)
    elif row is not None and seen < due:
        yield Finding(kind=LOST, what="is in the office without its effect", where=where)
    elif row is None and seen:
        yield Finding(kind=WRONG, what="took effect without its command", where=where)


# What people in the office were told

_OFFICE_EFFECTS: Mapping[str, str] = {
    "plan": "SELECT instructions, planned_visit_id FROM planned_visit",
    "payment": "SELECT reference, transaction_id FROM transaction",
    "return": "SELECT text, comment_id FROM visit_comment",
    "office edit": "SELECT command_id::text, 1 FROM command WHERE name LIKE '%Details'",
    "approve": "SELECT command_id::text, 1 FROM command WHERE name = 'ApproveVisit'",
}


def _of_desks(office: Office, told: Told, commands: Mapping[str, Any]) -> Iterator[Finding]:
    for kind, query in _OFFICE_EFFECTS.items():
        effects = office.pairs(query)
        for said in told.of(kind):
            row = _row(commands, said)
            seen = effects.get(said.id if kind in {"approve", "office edit"} else said.mark, [])
            due = 1 if row is not None and row.outcome in TAKEN else 0
            yield from _judge(said, row, len(seen), due)
    for said in told.of("assign"):
        if said.state is State.TOLD and _row(commands, said) is None:
            yield from _judge(said, None, 0, 0)


def _row(commands: Mapping[str, Any], said: Said) -> Any:
    """Find the command of a button; what gives several at once names them after the button's."""
    made: dict[str, Callable[[], str]] = {
        "plan": lambda: "PlanVisit 0",
        "assign": lambda: f"{'AssignCase' if said.more['what'] == 'give' else 'UnassignCase'} 0",
    }
    if said.kind in made:
        return commands.get(str(uuid.uuid5(uuid.UUID(said.id), made[said.kind]())))
    return commands.get(said.id)


# Photographs and files


def _pictures(office: Office, told: Told) -> Iterator[Finding]:
    """Every photograph of a visit that was saved is there, whole: its bytes are what it is named by."""
    listed = Counter(str(row[0]) for row in office.rows("SELECT visit_id FROM photograph"))
    for said in told.of("visit"):
        if said.state is State.TOLD and listed[said.id] != said.more.get("pictures", 0):
            what = f"has {listed[said.id]} photographs, not {said.more.get('pictures', 0)}"
            yield Finding(kind=LOST, what=what, where=f"visit {said.id} ({said.mark})")
    for row in office.rows(
        "SELECT p.photograph_id, p.visit_id::text, b.digest, p.size_bytes, "
        "encode(sha256(b.body), 'hex') AS seen, length(b.body) AS size "
        "FROM photograph p LEFT JOIN blob b ON b.digest = p.photograph_id"
    ):
        where = f"photograph {row.photograph_id} of visit {row.visit_id}"
        if row.digest is None:
            yield Finding(kind=LOST, what="its bytes never arrived", where=where)
        elif (row.seen, row.size) != (row.photograph_id, row.size_bytes):
            yield Finding(kind=WRONG, what="its bytes are not what was taken", where=where)


def _files(office: Office, told: Told) -> Iterator[Finding]:
    """Every row of a file that was taken in is one account with one debt of the right balance."""
    accounts = office.pairs(
        "SELECT a.reference, d.balance_pence, coalesce(sum(t.amount_pence), 0) FROM account a "
        "LEFT JOIN debt d USING (account_id) LEFT JOIN transaction t USING (debt_id) "
        "WHERE a.reference LIKE 'F%-%' GROUP BY a.account_id, d.debt_id, a.reference, d.balance_pence"
    )
    for said in told.of("file"):
        rows, pence = said.more["rows"], said.more["pence"]
        for row in range(rows):
            seen = accounts.get(reference(said.mark, row), [])
            where = f"row {row} of file {said.mark}"
            if len(seen) > 1:
                yield Finding(kind=DOUBLED, what=f"stands {len(seen)} times", where=where)
            elif said.state is State.TOLD and not seen:
                yield Finding(kind=LOST, what="was taken in and is not there", where=where)
            elif seen and (seen[0][1], int(seen[0][2])) != (pence, pence):
                what = f"has a balance of {seen[0][1]} and movements of {seen[0][2]}, not {pence}"
                yield Finding(kind=WRONG, what=what, where=where)


# The log and the house


def _log(office: Office) -> Iterator[Finding]:
    checks = {
        "a change stands twice in the log": (
            DOUBLED,
            "SELECT command_id, position, count(*) FROM change GROUP BY 1, 2 HAVING count(*) > 1",
        ),
        "was recorded without a change": (
            LOST,
            (
                "SELECT command_id, name FROM command c WHERE outcome IN ('applied', 'flagged') "
                "AND NOT EXISTS (SELECT 1 FROM change h WHERE h.command_id = c.command_id)"
            ),
        ),
        "was refused and changed something": (
            WRONG,
            (
                "SELECT command_id, name FROM command c WHERE outcome IN ('refused', 'quarantined') "
                "AND EXISTS (SELECT 1 FROM change h WHERE h.command_id = c.command_id)"
            ),
        ),
        "a number stands twice for one person": (
            DOUBLED,
            (
                "SELECT command_id, count(*) FROM change WHERE name = 'PhoneNumberRecorded' "
                "GROUP BY 1 HAVING count(*) > 1"
            ),
        ),
        "was set aside": (
            LOST,
            "SELECT command_id, code FROM command WHERE outcome = 'quarantined'",
        ),
        "bytes were set aside": (WRONG, "SELECT digest, code FROM set_aside"),
        "a lane has a gap": (
            LOST,
            (
                "SELECT store_id, lane, count(*), max(seq) FROM command WHERE store_id IS NOT NULL "
                "GROUP BY 1, 2 HAVING count(*) <> max(seq)"
            ),
        ),
        "a job has not ended": (
            WRONG,
            "SELECT job_id, state FROM job WHERE state NOT IN ('done', 'failed', 'stopped', 'refused')",
        ),
    }
    for what, (kind, query) in checks.items():
        for row in office.rows(query)[:SHOWN_MAX]:
            yield Finding(kind=kind, what=what, where=" ".join(str(value) for value in row))


def _house(engine: Engine) -> Iterator[Finding]:
    """Balances are the sum of their movements, and devices are given what is true."""
    with Session(engine) as session:
        ledger = check_ledger(session)
        if not ledger.clean:
            yield Finding(
                kind=WRONG, what="the ledger does not add up", where=str(ledger.wrong[:3])
            )
        _cases, stale = check_all(session, house())
        if stale:
            yield Finding(kind=WRONG, what="field records are stale", where=str(stale))
