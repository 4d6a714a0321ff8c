"""The list the City of Bradford publishes, taken in twice: the figures, the ledger, and the time."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.accounts.ledger import check_ledger
from server.interop.profile_files import load
from server.interop.running import GivenFile
from tests.server.interop.taking import ask, figures, importer, logged, quietly
from tests.server.office import Office

REAL = Path(__file__).parents[4] / "shared" / "data" / "bradford-business-rates.csv"

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not REAL.is_file(), reason="the real business rates list is not beside this clone"
    ),
]


def test_bradford_is_taken_in_once_and_changes_nothing_the_second_time(office: Office) -> None:
    given = GivenFile(
        name=REAL.name, data=REAL.read_bytes(), profile=load("bradford-business-rates")
    )
    first = importer(office).run(given, quietly)
    assert first.tally.read == 19_323
    assert figures(first) == (19_250, 0, 0, 73)
    assert first.tally.reasons == {"row.short": 72, "row.repeat": 1}
    _look_at_what_became_of_it(office)
    lines = len(logged(office))
    assert figures(importer(office).run(given, quietly)) == (0, 0, 19_250, 73)
    assert len(logged(office)) == lines


def _look_at_what_became_of_it(office: Office) -> None:
    waiting = "SELECT count(*), count(DISTINCT account_id) FROM task WHERE done_at IS NULL"
    assert ask(office, waiting) == [(7_594, 7_594)]
    assert ask(office, "SELECT count(*) FROM account") == [19_250]
    assert ask(office, "SELECT count(*) FROM person WHERE kind = 'organisation'") == [7_256]
    council = (
        "SELECT count(DISTINCT account_id) FROM person JOIN liable_party USING (person_id)"
        " JOIN debt USING (debt_id) WHERE name = 'Bradford MDC'"
    )
    # The list names it 593 times, five of them in rows that are cut short.
    assert ask(office, council) == [588]
    assert ask(office, "SELECT DISTINCT outcome FROM command") == ["applied"]
    with office.look() as session:
        checked = check_ledger(session)
    assert checked.clean
    assert (checked.transactions, checked.balance_pence) == (0, 0)
