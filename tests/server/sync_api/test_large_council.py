"""A sync reads the cases of its officer, however many the council has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.dialects import postgresql

from server.spine import totals
from tests.server.office import new_id

CASES = 40_000
MINE = 300

FILL = """
WITH made AS (
    SELECT gen_random_uuid() AS case_id, n FROM generate_series(1, :cases) AS n
), totalled AS (
    INSERT INTO case_total (case_id, view, records, hash)
    SELECT case_id, 'home_visit', 7, n FROM made
)
INSERT INTO case_access (case_id, officer_id, view, granted_at, granted, reason, commit_number)
SELECT case_id, CASE WHEN n <= :mine THEN CAST(:me AS uuid) ELSE gen_random_uuid() END,
    'home_visit', now(), true, 'assigned', n
FROM made
"""


@pytest.fixture
def council(database_url: str) -> Iterator[Connection]:
    """Give a database with the totals and assignments of a large council."""
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def test_what_a_copy_comes_to_is_added_up_from_the_officers_own_cases(council: Connection) -> None:
    me = new_id()
    council.execute(text(FILL), {"cases": CASES, "mine": MINE, "me": me})
    council.execute(text("ANALYZE"))
    asked = totals.summed(me)
    written = asked.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    explained = council.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {written}")
    (told,) = explained.scalars().all()
    read = {
        (node["Relation Name"], node["Node Type"])
        for node in nodes(told[0]["Plan"])
        if "Relation Name" in node
    }
    assert not {kind for table, kind in read if kind == "Seq Scan"}, read
    records, hash_ = council.execute(asked).one()
    assert (int(records), int(hash_)) == (7 * MINE, MINE * (MINE + 1) // 2)
