"""Small files and profiles for tests of the intake, and what comes out of it in codes."""

from __future__ import annotations

from datetime import date
from typing import Any

from server.interop.intake import Declared, Intake
from server.interop.lines import AccountLine, Rejected
from server.interop.profile_files import from_data
from server.interop.reading import read

BASE: dict[str, Any] = {
    "name": "thornmere",
    "title": "Thornmere",
    "source": "invented",
    "service": "Council Tax",
    "country": "england",
    "debt_type": "council_tax",
}


def intake(
    text: str, fields: dict[str, Any], declared: Declared | None = None, **said: Any
) -> Intake:
    """Take in a file with a profile of these fields."""
    profile = from_data({**BASE, **said, "fields": fields})
    return Intake(read(text.encode()), profile, declared=declared, reported_on=date(2025, 6, 30))


def outcomes(text: str, fields: dict[str, Any], **said: Any) -> list[AccountLine | Rejected]:
    """List what becomes of each row, and check that all of them were counted."""
    taken = intake(text, fields, **said)
    found = list(taken.outcomes())
    counted = taken.survey
    assert counted.read == len(found) == counted.accepted + counted.rejected
    assert counted.accepted == sum(isinstance(outcome, AccountLine) for outcome in found)
    return found


def codes(outcome: AccountLine | Rejected) -> list[str]:
    """Name the reasons a row was rejected for, or the notes on what was accepted."""
    reasons = outcome.reasons if isinstance(outcome, Rejected) else outcome.notes
    assert all(reason.sentence() for reason in reasons)
    return [reason.code for reason in reasons]
