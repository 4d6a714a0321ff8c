"""The pages about visits: where they are registered, and the words their templates use."""

from __future__ import annotations

from flask import Blueprint

from shared.markers import KINDS as MARKERS
from shared.photographs import PURPOSES as PICTURES
from shared.visits import FLAGS, OUTCOMES, PURPOSES, REVIEWABLE_FIELDS, REVIEWS

screens = Blueprint("visits", __name__, template_folder="templates")

REVIEW_TONES = {"waiting": "blue", "approved": "green", "returned": "orange", "answered": "purple"}
"""The colour of each state of a review; the words say the same."""


@screens.context_processor
def words() -> dict[str, object]:
    """Give templates the words for codes."""
    return {
        "flags": FLAGS,
        "outcomes": OUTCOMES,
        "parts": REVIEWABLE_FIELDS,
        "pictures": PICTURES,
        "purposes": PURPOSES,
        "reviews": REVIEWS,
        "risk_words": MARKERS,
        "review_tones": REVIEW_TONES,
    }
