"""What the office does between two syncs: records of chosen cases move, a hundred cases a commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import ARRAY, bindparam, text

from server.bench.council import Sessions
from server.spine import projections
from server.spine.areas import House
from server.spine.execute import CHUNK_MAX
from server.spine.tables import Id

_MOVES = (
    """UPDATE planned_visit SET instructions = left(instructions, 780) || :mark
       WHERE case_id = ANY(:ids)""",
    """UPDATE person SET household = left(household, 240) || :mark FROM "case"
       WHERE "case".person_id = person.person_id AND "case".case_id = ANY(:ids)""",
    """UPDATE debt SET until = until + 1 FROM case_debt
       WHERE case_debt.debt_id = debt.debt_id AND case_debt.case_id = ANY(:ids)""",
)
"""Each moves one record of each of these cases: the plan, the person, the debt."""


def move(
    sessions: Sessions, house: House, case_ids: Sequence[str], records: int, mark: str
) -> None:
    """Move so many records of these cases, or three of each if that is fewer."""
    for statement, chunk in _parts(case_ids, records):
        with sessions() as session, session.begin():
            moved = text(statement).bindparams(bindparam("ids", type_=ARRAY(Id)))
            parameters = {"ids": list(chunk)}
            if ":mark" in statement:
                parameters["mark"] = mark  # type: ignore[assignment] # text beside a list
            session.execute(moved, parameters)
            projections.refresh(session, house, chunk)
            projections.take_commit_number(session)


def _parts(case_ids: Sequence[str], records: int) -> Iterator[tuple[str, Sequence[str]]]:
    left = records
    for statement in _MOVES:
        for start in range(0, len(case_ids), CHUNK_MAX):
            chunk = case_ids[start : start + min(CHUNK_MAX, left)]
            left -= len(chunk)
            if chunk:
                yield statement, chunk
