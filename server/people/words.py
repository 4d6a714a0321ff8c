"""The words for codes that pages about people, accounts, holds and payments share."""

from __future__ import annotations

from datetime import date

from server.accounts.commands import MASTERS
from server.payments.commands import METHODS
from server.people.commands import CONTACT_KINDS, KINDS, SOURCES
from server.people.timeline import KINDS as TIMELINE_KINDS
from server.spine import clock
from server.spine.web import reader
from shared.debts import DEBT_TYPES, TRANSACTION_KINDS
from shared.detail_fields import label_of, said
from shared.holds import SHOWN
from shared.markers import KINDS as RISKS
from shared.presentation import period
from shared.stages import STAGES

STAGE_TONES = {
    "billed": "grey",
    "reminder": "blue",
    "final_notice": "blue",
    "summons": "yellow",
    "liability_order": "orange",
    "enforcement_agent": "red",
}
"""The colour of each stage; the words say the same."""


def words() -> dict[str, object]:
    """Give templates the words for codes, what day it is, and how to write a period."""
    return {
        "contact_kinds": CONTACT_KINDS,
        "detail_label": label_of,
        "detail_said": said,
        "debt_types": DEBT_TYPES,
        "hold_reasons": SHOWN,
        "masters": MASTERS,
        "methods": METHODS,
        "period_words": period_words,
        "person_kinds": KINDS,
        "risks": RISKS,
        "sources": SOURCES,
        "stages": STAGES,
        "stage_tones": STAGE_TONES,
        "timeline_kinds": TIMELINE_KINDS,
        "today": clock.today(),
        "transaction_kinds": TRANSACTION_KINDS,
    }


def period_words(from_on: date | None, until: date | None) -> str:
    """Write a period by its first and last day, or nothing when neither is known."""
    return period(from_on, until, say=reader()) if from_on or until else ""
