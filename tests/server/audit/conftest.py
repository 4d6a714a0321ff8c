"""Gives tests of the audit an office with work in it, a sealer, a key and a folder run by others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from server.audit import checkpoints, exporting, sealing
from server.audit.checking import Checked, check_audit
from server.audit.checkpoints import Checkpoint
from server.audit.tables import AuditEntryRow
from server.spine.office_seal import CHECKPOINT_KEY_FILE, OfficeSeal, load
from server.spine.reads import log_read
from tests.server.audit.waiting import others_are_over
from tests.server.office import NOW, Office, as_owner
from tests.server.scenes import assign_case, live_at, open_debt, open_person


@dataclass
class Ledger:
    """The sealed history of an office as a test sees it."""

    office: Office
    root: Path
    now: datetime = NOW
    key: OfficeSeal = field(init=False)

    def __post_init__(self) -> None:
        self.key = load(self.root / "secrets", CHECKPOINT_KEY_FILE)
        self.folder.mkdir(exist_ok=True)

    @property
    def folder(self) -> Path:
        return self.root / "elsewhere"

    def work(self, surname: str = "Osgood") -> str:
        """Do some work that leaves commands, changes with and without text, and a read."""
        person_id = open_person(self.office, "Ada", surname)
        live_at(self.office, person_id, f"14 {surname} Terrace\nThornholme")
        case_id = assign_case(self.office, person_id, open_debt(self.office, person_id).debt_id)
        with self.office.sessions() as session:
            log_read(session, self.office.actor, "cases.case", now=self.now, subject_id=case_id)
        return person_id

    def seal(self, *, rows_max: int = sealing.BATCH, meanwhile: bool = False) -> int:
        """Seal until nothing is left, `meanwhile` others still write or once they have ended."""
        if not meanwhile:
            others_are_over(self.session)
        sealed = 0
        while True:
            with self.office.sessions() as session, session.begin():
                assert sealing.alone(session)
                count = sealing.seal(session, self.now, rows_max=rows_max)
            if not count:
                return sealed
            sealed += count

    def sign(self, *, at_once: bool = True) -> Checkpoint | None:
        """Sign a checkpoint, and put it where others keep it."""
        self.now += timedelta(seconds=1)
        with self.office.sessions() as session, session.begin():
            signed = checkpoints.sign(session, self.key, self.now, at_once=at_once)
        self.copy()
        return signed

    def copy(self) -> int:
        with self.office.sessions() as session, session.begin():
            return checkpoints.copy_all(session, self.folder, self.now)

    def sealed(self) -> Checkpoint:
        """Seal and sign everything."""
        self.seal()
        signed = self.sign()
        assert signed is not None
        return signed

    def entries(self) -> list[AuditEntryRow]:
        with self.office.sessions() as session:
            found = list(session.scalars(select(AuditEntryRow).order_by(AuditEntryRow.seq)))
            session.expunge_all()
            return found

    def headers(self) -> list[dict[str, Any]]:
        return [json.loads(entry.header) for entry in self.entries()]

    def export(self, *, details: bool = True) -> list[bytes]:
        with self.office.sessions() as session:
            return list(exporting.lines(session, details=details))

    def exported(self, *, details: bool = True) -> Path:
        path = self.root / "export.jsonl"
        path.write_bytes(b"".join(self.export(details=details)))
        return path

    def check(self) -> Checked:
        with self.session() as session:
            return check_audit(session, self.folder, self.key.public_text)

    def session(self) -> Session:
        return self.office.sessions()

    @contextmanager
    def behind_its_back(self) -> Iterator[Session]:
        """Do what the database's owner can do, whom no trigger stops."""
        with as_owner(self.office.sessions) as session:
            session.execute(text("SET LOCAL session_replication_role = replica"))
            yield session


@pytest.fixture
def ledger(office: Office, tmp_path: Path) -> Ledger:
    """Give an office in which some work was done, nothing of it sealed yet."""
    given = Ledger(office, tmp_path)
    given.work()
    return given
