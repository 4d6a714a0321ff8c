"""T57, the office's half: people's texts are erased, the chain still holds, and nobody can guess them."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import text

from server.audit.chain import NOTHING, commitment
from server.audit.verifying import verify
from shared.schemas import canonical, digest
from tests.server.audit.conftest import Ledger

PEOPLE = 50
GUESSES = 100_000


@pytest.mark.proves("T57")
def test_fifty_people_erased_leave_a_chain_that_holds_and_no_word_of_theirs(ledger: Ledger) -> None:
    surnames = [f"Erasable{number:02d}" for number in range(PEOPLE)]
    for surname in surnames:
        ledger.work(surname)
    before = ledger.sealed()
    kept = verify(ledger.exported(), [before])
    assert all(surname.encode() in b"".join(ledger.export()) for surname in surnames)
    with ledger.session() as session, session.begin():
        erased = session.execute(
            text(
                "UPDATE detail SET salt = NULL, body = NULL, erased_at = now() "
                "WHERE convert_from(body, 'UTF8') LIKE '%Erasable%'"
            )
        )
    count = erased.rowcount  # type: ignore[attr-defined]
    assert count >= PEOPLE
    after = verify(ledger.exported(), [before])
    assert (after.head, after.held) == (kept.head, kept.held)
    assert (after.details, after.withheld) == (kept.details - count, count)
    assert ledger.check().withheld == count
    left = b"".join(ledger.export()) + "".join(e.header for e in ledger.entries()).encode()
    assert [surname for surname in surnames if surname.encode() in left] == []
    assert ledger.seal() == 0, "erasing leaves nothing to seal again"


@pytest.mark.proves("T57")
def test_a_dictionary_of_guesses_meets_no_commitment_of_what_was_erased(ledger: Ledger) -> None:
    """The right text is among the guesses; without its salt it is found no more than the others."""
    ledger.sealed()
    with ledger.session() as session, session.begin():
        salted = session.execute(text("SELECT salt, body FROM detail")).all()
        session.execute(text("UPDATE detail SET salt = NULL, body = NULL, erased_at = now()"))
    commitments = {entry.commitment for entry in ledger.entries()} - {NOTHING}
    assert commitments == {commitment(row.salt, row.body) for row in salted}
    right = [row.body for row in salted]
    draw = random.Random(57)
    guesses = right + [
        canonical({"name": f"Person {number}", "born_on": draw.randrange(1920, 2010)})
        for number in range(GUESSES - len(right))
    ]
    tried = {
        hashed
        for guess in guesses
        for hashed in (commitment(b"", guess), commitment(b"\0" * 16, guess), digest(guess))
    }
    assert len(guesses) == GUESSES
    assert not tried & commitments
