"""Shows that every reason an import can give has a sentence."""

from __future__ import annotations

import re
from pathlib import Path

from server.interop.sentences import REASONS

SOURCE = Path(__file__).parents[3] / "server" / "interop"
CODE = re.compile(
    r'"((?:file|characters|guess|column|profile|control|row|cell|dates|payer|note)\.[a-z_0-9]+)"'
)


def test_every_code_in_the_source_has_a_sentence_and_every_sentence_is_used() -> None:
    used: set[str] = set()
    for path in SOURCE.glob("*.py"):
        if path.name != "sentences.py":
            used.update(CODE.findall(path.read_text("utf-8")))
    assert used == set(REASONS)


def test_no_sentence_ends_in_a_full_stop() -> None:
    assert [text for text in REASONS.values() if text.endswith(".")] == []
