"""Invented cases for measurements: the same in every run, and as hard to compress as real ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import count
from uuid import UUID

from shared.schemas import canonical
from shared.words import words
from sync.protocol import Record

KINDS = ("case", "person", "place", "debt", "debt_totals", "planned_visit", "visit")
"""What one case is made of here, a record each."""

NOTE_WORDS = 75
"""Words of a note, which makes a record about 600 bytes."""


def made_records() -> Iterator[Record]:
    """Make cases of seven records for ever, with names and notes of plain words; each time the same."""
    for number in count(1):
        case_id = _id(f"case {number}")
        for kind in KINDS:
            record_id = case_id if kind == "case" else _id(f"{kind} {number}")
            remark = {"remark": _words(f"{kind} {number}", NOTE_WORDS)}
            yield Record(
                case_id=case_id, view="full", kind=kind, record_id=record_id, commit=number,
                body=canonical(_body(kind, number) | remark).decode(),
            )  # fmt: skip


def _id(told: str) -> str:
    """Make an id that says nothing and is in no order, as those of a real council are."""
    return str(UUID(bytes=hashlib.sha256(told.encode()).digest()[:16]))


def _words(told: str, how_many: int) -> str:
    """Choose plain words, each time the same and no two texts alike."""
    listed = words()
    drawn = hashlib.shake_128(told.encode()).digest(2 * how_many)
    places = (int.from_bytes(drawn[at : at + 2]) for at in range(0, len(drawn), 2))
    return " ".join(listed[place % len(listed)] for place in places)


def _body(kind: str, number: int) -> dict[str, object]:
    """Say what the screens and the search read of each kind of record."""
    name = _words(f"name {number}", 2).title()
    place: dict[str, object] = {
        "lines": [f"{number % 200 + 1} {name} Road", "Fieldby"], "postcode": "ZZ1 1ZZ",
        "latitude": None, "longitude": None,
    }  # fmt: skip
    bodies: dict[str, dict[str, object]] = {
        "case": {"reference": f"C{number:07}", "open": True},
        "person": {"name": name, "kind": "individual", "addresses": [place]},
        "place": place,
        "debt": {"debt_type": "council_tax", "balance_pence": 12345, "reference": f"D{number:07}"},
        "debt_totals": {"debts": 1, "balance_pence": 12345},
        "planned_visit": {"planned_on": "2026-03-02"},
        "visit": {"happened_at": "2026-02-02T10:00:00+00:00", "outcome": "no_answer"},
    }
    return bodies[kind]
