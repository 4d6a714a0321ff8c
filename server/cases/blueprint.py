"""The pages about cases: where they are registered, and the words their templates use."""

from __future__ import annotations

from datetime import date

from flask import Blueprint

from server.spine.links import link
from server.spine.web import reader
from shared.debts import DEBT_TYPES
from shared.errors import REFUSALS
from shared.field_classes import MARKERS as NO_RISKS
from shared.holds import SHOWN as HOLDS
from shared.markers import KINDS as MARKERS
from shared.presentation import period
from shared.stages import STAGES
from shared.visits import OUTCOMES, PURPOSES, REVIEWS

screens = Blueprint("cases", __name__, template_folder="templates")

REVIEW_TONES = {"waiting": "blue", "approved": "green", "returned": "orange", "answered": "purple"}
"""The colour of each state of a review; the words say the same."""


@screens.context_processor
def words() -> dict[str, object]:
    """Give templates the words for codes."""
    return {
        "debt_types": DEBT_TYPES,
        "hold_words": HOLDS,
        "risk_words": MARKERS,
        "no_risks": NO_RISKS,
        "outcomes": OUTCOMES,
        "purposes": PURPOSES,
        "refusals": REFUSALS,
        "reviews": REVIEWS,
        "review_tones": REVIEW_TONES,
        "stages": STAGES,
        "link": link,
        "period_of": period_of,
    }


def period_of(from_on: date | None, until: date | None) -> str:
    """Write the period of a debt; nothing when none is known."""
    return period(from_on, until, say=reader()) if from_on or until else ""
