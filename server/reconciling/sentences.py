"""How each change about conflicts reads on a timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shared.catalogue import Sentence, mark
from shared.commands import Change
from shared.conflicts import ConflictDecided, ConflictRaised
from shared.detail_fields import label_of, said

Said = Mapping[str, Any]
_ERASED = Sentence(mark("[erased]"))


def _value(line: Said, name: str) -> str:
    return said(line["record"], line["field"], line[name]) if name in line else _ERASED


def _raised(line: Said) -> str:
    if line["record"] == "marker":
        return Sentence(mark("An officer asks to take a warning off"))
    return Sentence(
        mark("%(field)s: an officer says %(said)s, the office has %(office)s"),
        field=label_of(line["record"], line["field"]),
        said=_value(line, "claimed"),
        office=_value(line, "office"),
    )


def _decided(line: Said) -> str:
    if line["record"] == "marker":
        kept = mark("Decided that the warning stays") if line.get("value") else None
        return Sentence(kept or mark("Decided that the warning is taken off"))
    return Sentence(
        mark("%(field)s decided: %(value)s"),
        field=label_of(line["record"], line["field"]),
        value=_value(line, "value"),
    )


SENTENCES: Mapping[type[Change], Callable[[Said], str]] = {
    ConflictRaised: _raised,
    ConflictDecided: _decided,
}
