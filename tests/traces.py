"""Looks for texts in bytes however they may be written there: as they are, in UTF-16, base64 or a URL."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

WINDOW = 4
"""Bytes compared at once, at every fourth place: any writing of seven bytes or more covers one."""

SHORTEST = 2 * WINDOW - 1
BLOCK = 1 << 16
_EMPTY = bytes(BLOCK)


def writings(text: str) -> set[bytes]:
    """Write a text in every way that it is looked for; raises ValueError for one too short to tell."""
    found: set[bytes] = set()
    for case in {text, text.lower(), text.upper()}:
        plain, wide = case.encode(), case.encode("utf-16-le")
        found |= {plain, wide, quote(case, safe="").encode(), quote_plus(case).encode()}
        found |= {each for raw in (plain, wide) for each in _in_base64(raw)}
    if min(map(len, found)) < SHORTEST:
        raise ValueError(f"{text!r} is too short to be looked for")
    return found


def _in_base64(raw: bytes) -> Iterator[bytes]:
    """Write bytes in base64 as they look after 0, 1 or 2 others, without what those others change."""
    for before in range(3):
        written = base64.b64encode(b"\0" * before + raw)
        first = -(-before * 8 // 6)
        whole = (before + len(raw)) * 8 // 6
        yield written[first:whole]
        yield written[first:whole].translate(bytes.maketrans(b"+/", b"-_"))


class Traces:
    """Texts to look for, and bytes as they are: thousands of them at once, in one pass."""

    def __init__(self, texts: Iterable[str], raw: dict[str, bytes] | None = None) -> None:
        self.texts = frozenset(texts)
        self._by_window: dict[int, set[tuple[str, bytes]]] = {}
        said = [(text, each) for text in self.texts for each in writings(text)]
        for name, written in [*said, *(raw or {}).items()]:
            for at in range(WINDOW):
                (window,) = memoryview(written[at : at + WINDOW]).cast("I")
                self._by_window.setdefault(window, set()).add((name, written))
        self._windows = frozenset(self._by_window)
        written = {each for of_window in self._by_window.values() for _name, each in of_window}
        self._longest = max(map(len, written), default=0)

    def found_in(self, data: bytes | memoryview) -> set[str]:
        """Name each text that stands anywhere in these bytes."""
        found: set[str] = set()
        view = memoryview(data)
        for start in range(0, len(view), BLOCK):
            block = bytes(view[start : start + BLOCK])
            if block == _EMPTY:
                continue
            whole = memoryview(block + bytes(-len(block) % WINDOW)).cast("I")
            suspects: set[tuple[str, bytes]] = set()
            for window in self._windows.intersection(whole):
                suspects |= self._by_window[window]
            around = bytes(view[max(0, start - self._longest) : start + BLOCK + self._longest])
            found |= {name for name, written in suspects if written in around}
        return found
