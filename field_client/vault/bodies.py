"""What a record holds when the office that wrote it was older: a page never fails for what is not there."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

LACKING: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "case": {
            "reference": "", "open": True, "person_id": None, "address_id": None, "opened_at": None,
        },
        "person": {
            "principal": False, "kind": "individual", "title": "", "name": "", "language": "",
            "former_names": [], "addresses": [], "phone_numbers": [], "needs": [],
            "preferred_contact": "", "household": "", "contacts": [],
        },
        "debt": {
            "account_id": "", "account_reference": "", "address_id": None, "reference": "",
            "from_on": None, "until": None, "stage": "", "last_payment": None, "liable": [],
        },
        "debt_totals": {"debts": 0, "balance_pence": 0, "by_type": {}},
        "hold": {"until": None},
        "marker": {
            "person_id": None, "address_id": None, "kind": "", "note": "", "review_on": None,
        },
        "place": {"lines": [], "postcode": "", "latitude": None, "longitude": None},
        "planned_visit": {"officer_id": "", "purpose": "", "instructions": ""},
        "visit": {
            "officer_id": "", "officer": "", "met_person_ids": [], "others_met": "", "notes": "",
            "review": "", "comments": [], "photographs": [],
        },
        "visit_elsewhere": {"officer": ""},
    }
)  # fmt: skip
"""What stands for a member that a record lacks, by its kind. It says nothing that was not said."""

NEEDED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "debt": frozenset({"debt_type", "balance_pence"}),
        "hold": frozenset({"debt_id", "reason", "from_on"}),
        "marker": frozenset({"from_on"}),
        "planned_visit": frozenset({"planned_on"}),
        "visit": frozenset({"happened_at", "outcome"}),
        "visit_elsewhere": frozenset({"happened_at", "outcome"}),
    }
)
"""Members without which a record says nothing: it is left out until the office has written it anew."""


def read_body(kind: str, text: str) -> dict[str, Any] | None:
    """Read a record's body with all that its kind has today; nothing when it says nothing."""
    body: dict[str, Any] = json.loads(text)
    if not body.keys() >= NEEDED.get(kind, frozenset()):
        return None
    lacking = LACKING.get(kind)
    if lacking is not None and not body.keys() >= lacking.keys():
        absent = {name: value for name, value in lacking.items() if name not in body}
        body.update(copy.deepcopy(absent))
    if kind == "marker" and body["review_on"] is None:
        body["review_on"] = body["from_on"]  # nobody says how long it holds: the page has it asked
    return body
