"""A form that was sent after its session had ended: held through the signing in, then offered again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from werkzeug.datastructures import MultiDict

HELD = "held:"
"""What stands before the name of a box whose answer is held."""

HELD_CHARACTERS_MAX = 300_000
"""Characters that are carried through a signing in; an import's file is chosen again."""

Answers = Sequence[tuple[str, str]]
"""The boxes of a form with what was in each, in their order."""


def sent(form: MultiDict[str, str]) -> Answers:
    """Take the answers of a form that came too late; a password is never carried anywhere."""
    return _limited((name, value) for name, value in _pairs(form) if "password" not in name)


def held(form: MultiDict[str, str]) -> Answers:
    """Take the answers that the page for signing in has been carrying."""
    return _limited(
        (name.removeprefix(HELD), value) for name, value in _pairs(form) if name.startswith(HELD)
    )


def _pairs(form: MultiDict[str, str]) -> Iterable[tuple[str, str]]:
    return form.items(multi=True)


def _limited(pairs: Iterable[tuple[str, str]]) -> Answers:
    """Carry all of a form or nothing: half of what somebody wrote would pass for the whole."""
    kept = list(pairs)
    return kept if sum(len(n) + len(v) for n, v in kept) <= HELD_CHARACTERS_MAX else []
