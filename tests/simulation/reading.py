"""Reads, and where a story has to, writes the office's database beside the office."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Engine, String, TextualSelect, bindparam, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from server.people.tables import PersonRow
from server.spine.tables import Id, Moment
from tests.simulation.world import World

Rows = Sequence[Any]

SCOPE = """
    SELECT a.case_id::text, a.view, r.kind, r.record_id, r.body, r.commit_number AS moved,
           a.granted, a.commit_number AS since
    FROM case_access a LEFT JOIN field_record r USING (case_id, view)
    WHERE a.officer_id = :officer
"""


COLUMNS: Mapping[str, TypeEngine[Any]] = {
    "line": JSONB(),
    "flags": ARRAY(String),
    "happened_at": Moment,
    "recorded_at": Moment,
    "received_at": Moment,
}
"""Columns that come as something other than text or a number."""


@cache
def _typed(statement: str) -> TextualSelect:
    """Say of what types a statement's lists and columns are: whichever database it is."""
    lists = (bindparam(name, type_=ARRAY(Id)) for name in re.findall(r"ANY\(:(\w+)\)", statement))
    columns = {
        name: type_ for name, type_ in COLUMNS.items() if re.search(rf"\b{name}\b", statement)
    }
    return text(statement).bindparams(*lists).columns(**columns)


@dataclass(kw_only=True)
class Reading:
    """Looks at the office's database as it is committed at this moment."""

    engine: Engine
    world: World

    @property
    def cases(self) -> list[str]:
        """Name the cases of this world."""
        return [case.case_id for case in self.world.cases]

    def rows(self, statement: str, **values: object) -> Rows:
        """Read some rows."""
        with self.engine.connect() as connection:
            return connection.execute(_typed(statement), values).all()

    def assignments(self) -> list[tuple[str, str]]:
        """List who has which case."""
        found = self.rows(
            "SELECT case_id::text, officer_id::text FROM case_access "
            "WHERE granted AND case_id = ANY(:cases) ORDER BY case_id, officer_id",
            cases=self.cases,
        )
        return [(case_id, officer_id) for case_id, officer_id in found]

    def visits(self) -> list[tuple[str, str]]:
        """List the visits at the office, each with its case."""
        found = self.rows(
            "SELECT visit_id::text, case_id::text FROM visit WHERE case_id = ANY(:cases) "
            "ORDER BY visit_id",
            cases=self.cases,
        )
        return [(visit_id, case_id) for visit_id, case_id in found]

    def conflicts(self) -> list[tuple[str, str, str | None, str | None, int]]:
        """List the conflicts there are, each with its case, whom it is about, and its claims."""
        found = self.rows(
            "SELECT conflict_id::text, case_id::text, person_id::text, address_id::text, "
            "(SELECT count(*) FROM conflict_claim c WHERE c.conflict_id = conflict.conflict_id) "
            "FROM conflict ORDER BY conflict_id"
        )
        return [(row[0], row[1], row[2], row[3], int(row[4])) for row in found]

    def detail(self, person_id: str, name: str) -> object:
        """Read one detail of a person."""
        column = {"language": PersonRow.language, "household": PersonRow.household}
        asked = select(column.get(name, PersonRow.needs)).where(PersonRow.person_id == person_id)
        with self.engine.connect() as connection:
            return connection.scalar(asked)

    def write(self, statement: str, **values: object) -> None:
        """Change the office's database as nobody in the office does."""
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)

    def head(self) -> int:
        """Say which commit was the last."""
        return int(self.rows("SELECT commit_number FROM sync_head")[0][0])

    def durable(self) -> int:
        """Say up to which commit a verified backup goes."""
        return int(self.rows("SELECT durable_commit_number FROM sync_head")[0][0])

    def epoch(self) -> str:
        """Name the present life of the database."""
        return str(self.rows("SELECT epoch::text FROM sync_head")[0][0])

    def suspended(self) -> list[str]:
        """List the officers who may not speak at present."""
        return [
            row[0]
            for row in self.rows(
                'SELECT user_id::text FROM "user" WHERE NOT active ORDER BY user_id'
            )
        ]
