"""Stages: where in recovery a debt is, as both programs name it."""

from __future__ import annotations

from shared.catalogue import mark

STAGES: dict[str, str] = {
    "billed": mark("Billed"),
    "reminder": mark("Reminder sent"),
    "final_notice": mark("Final notice sent"),
    "summons": mark("Summons issued"),
    "liability_order": mark("Liability order made"),
    "enforcement_agent": mark("With enforcement agents"),
}
"""Where a debt is in recovery; the code is stored, the words are shown."""
