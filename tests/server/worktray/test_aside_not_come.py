"""What is about a visit that another device has still to bring is kept, and recorded once it is here.

After a restore an officer's two copies of a vault come back one after the other, and the one that saw
the visit may be heard before the one that made it.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from server.spine.tables import ChangeRow
from shared.commands import Outcome
from tests.server.day import Day, Household, new_id
from tests.server.reading import words_of
from tests.server.worktray.sending import Tablet
from tests.server.worktray.test_aside_replay import aside_of, record, reference


@pytest.fixture
def theirs(day: Day) -> Household:
    """Somebody's case, which Amina has."""
    return day.household("Maryam Castellanos", officers=[day.amina])


def photograph(visit_id: str, case_id: str) -> dict[str, Any]:
    return {
        "photograph_id": "ab" * 32,
        "visit_id": visit_id,
        "case_id": case_id,
        "purpose": "premises",
        "size_bytes": 1000,
    }


def answer(visit_id: str, case_id: str) -> dict[str, Any]:
    return {"answer_id": new_id(), "visit_id": visit_id, "case_id": case_id, "answer": "In March"}


@pytest.mark.parametrize(
    ("name", "body", "made"),
    [
        ("RecordPhotograph", photograph, "PhotographRecorded"),
        ("RecordVisitAnswer", answer, "VisitAnswered"),
    ],
)
def test_what_is_about_a_visit_that_has_not_come_is_kept_and_recorded_once_it_has(
    day: Day, theirs: Household, name: str, body: Any, made: str
) -> None:
    first, other = Tablet(day, day.amina), Tablet(day, day.amina)
    visit = other.visit(theirs.case_id)
    written = first.write(name, body(json.loads(visit)["body"]["visit_id"], theirs.case_id))
    (receipt,) = first.send(written).receipts
    assert (receipt.outcome, receipt.code) == (Outcome.QUARANTINED, "visit.not_come")
    browser, subject = day.browser(day.supervisor), aside_of(written)
    assert "has not got the visit" in browser.get(f"/set-aside/{subject}")
    ref = reference(day, theirs.case_id)
    assert "has not got the visit" in record(browser, subject, ref, 409), "it still has not come"

    assert other.send(visit).receipts[0].outcome is Outcome.APPLIED
    said = record(browser, subject, ref)

    assert "recorded this in the officer’s name" in words_of(browser.get(said))
    with day.session() as session:
        assert len(session.scalars(select(ChangeRow).where(ChangeRow.name == made)).all()) == 1
