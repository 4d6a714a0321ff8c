"""Every way the rules say no: one register of codes, each with one sentence a person can act on."""

from __future__ import annotations

from collections.abc import Callable

from shared.catalogue import mark

REFUSALS: dict[str, str] = {
    "text.unreadable": mark("Remove the characters that cannot be shown"),
    "text.too_long": mark("Shorten this to %(characters_max)s characters or fewer"),
}
"""Refusal code (`noun.reason`) to the sentence shown; areas add theirs with `register`."""


def register(sentences: dict[str, str]) -> None:
    """Add an area's refusals to the register; the same code twice with another sentence is a fault."""
    for code, sentence in sentences.items():
        assert REFUSALS.get(code, sentence) == sentence, f"{code} is registered twice"
        REFUSALS[code] = sentence


class RuleBroken(Exception):  # noqa: N818 - the word the house uses for a refusal
    """A refusal meant for a person: a code, the values its sentence needs, and the field at fault."""

    def __init__(self, code: str, *, field: str | None = None, **values: object) -> None:
        assert code in REFUSALS, f"{code} has no sentence in the register"
        self.code = code
        self.field = field
        self.values = values
        super().__init__(code)

    def sentence(self, translate: Callable[[str], str] = str) -> str:
        """Say it in words, in the language that `translate` speaks."""
        return translate(REFUSALS[self.code]) % self.values

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence()}"
