"""How a decision says that it ended: what a person must know of it comes before what is merely so."""

from __future__ import annotations

import pytest

from shared.commands import Change, Decision, Outcome
from shared.details import ContactCorrected

CHANGE: Change = ContactCorrected(contact_id="1", person_id="2", standing="wrong")


@pytest.mark.parametrize(
    ("decision", "outcome"),
    [
        (Decision(), Outcome.NO_CHANGE),
        (Decision(changes=(CHANGE,)), Outcome.APPLIED),
        (Decision(changes=(CHANGE,), flags=("late_work",)), Outcome.FLAGGED),
        (Decision(changes=(CHANGE,), ending=Outcome.MERGED), Outcome.MERGED),
        (
            Decision(changes=(CHANGE,), flags=("late_work",), ending=Outcome.APPLIED),
            Outcome.FLAGGED,
        ),
        (
            Decision(changes=(CHANGE,), flags=("late_work",), ending=Outcome.REVIEW),
            Outcome.REVIEW,
        ),
    ],
)
def test_a_decision_ends_as_what_a_person_must_know_of_it(
    decision: Decision, outcome: Outcome
) -> None:
    assert decision.outcome is outcome
