"""Holds: the reasons recovery on a debt may not go on, as both programs name them."""

from __future__ import annotations

from shared.catalogue import mark
from shared.field_classes import WITHHELD

REASONS: dict[str, str] = {
    "dispute": mark("Dispute"),
    "vulnerability": mark("Vulnerability"),
    "bereavement": mark("Bereavement"),
    "breathing_space": mark("Breathing space"),
    "complaint": mark("Complaint"),
    "insolvency": mark("Insolvency"),
    "awaiting_benefit_decision": mark("Awaiting a benefit decision"),
    "other_system": mark("Stopped in another system"),
}
"""Why a debt is held; the code is stored, the sentence is shown."""

SHOWN: dict[str, str] = {**REASONS, WITHHELD: mark("Reason withheld")}
"""The words of pages, which say of some holds only that there is one."""
