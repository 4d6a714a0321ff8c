"""Addresses as other systems write them, to lines and a postcode in its usual form."""

from __future__ import annotations

import re
from collections.abc import Sequence

from server.interop.cells import CellRefused, shown, text_of
from server.interop.lines import Address

LINES_MAX = 8
LINE_CHARACTERS_MAX = 200

_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][0-9A-Z]?)[ .-]*([0-9][A-Z]{2})|GIR ?0AA")
_NUMBER_ALONE = re.compile(r"[0-9]+[A-Za-z]?(?: ?[-/&] ?[0-9]+[A-Za-z]?)?")


def postcode(text: str) -> str:
    """Read a postcode in any spacing or case and give it in its usual form."""
    match = _POSTCODE.fullmatch(text.upper().strip(" .,"))
    if match is None:
        raise CellRefused("cell.postcode", value=shown(text))
    return f"{match[1]} {match[2]}" if match[1] else "GIR 0AA"


def split_address(cells: Sequence[str], split: str | None) -> list[str]:
    """Cut the cells into lines: at the profile's mark, and wherever the cell itself has a line break."""
    marks = "[\r\n" + (re.escape(split) if split else "") + "]+"
    return [part for cell in cells for part in re.split(marks, cell)]


def address(parts: Sequence[str], code: str | None) -> Address:
    """Make an address of its parts.

    A house number standing alone is joined to its street, and a postcode written as the last line
    is taken off when it is the one already known, or becomes the postcode when none is.
    """
    lines = [text_of(part.strip(" ,"), LINE_CHARACTERS_MAX * LINES_MAX) for part in parts]
    lines = [line for line in lines if line]
    lines, code = _without_postcode(lines, code)
    lines = _numbers_joined(lines)
    if len(lines) > LINES_MAX:
        lines[LINES_MAX - 1 :] = [", ".join(lines[LINES_MAX - 1 :])]
    for line in lines:
        text_of(line, LINE_CHARACTERS_MAX)
    return Address(lines=tuple(lines), postcode=code)


def _without_postcode(lines: list[str], code: str | None) -> tuple[list[str], str | None]:
    if not lines:
        return lines, code
    try:
        last = postcode(lines[-1])
    except CellRefused:
        return lines, code
    if code in (None, last):
        return lines[:-1], last
    return lines, code


def _numbers_joined(lines: list[str]) -> list[str]:
    joined: list[str] = []
    for line in lines:
        if joined and _NUMBER_ALONE.fullmatch(joined[-1]):
            joined[-1] = f"{joined[-1]} {line}"
        else:
            joined.append(line)
    return joined
