"""The file of rows that were not taken: each as it stood, with its line and reasons in front."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from server.interop.cells import FORMULA_STARTS
from server.interop.lines import Rejected
from shared.catalogue import mark

LINE_HEADING = mark("Line in the file")
REASONS_HEADING = mark("Why it was not taken")

BYTE_ORDER_MARK = "\ufeff"
"""Without it, Excel takes a UTF-8 file for Windows text."""

_BREAKS = re.compile(r"[\t\r\n\v\f\u0085\u2028\u2029]+")
_UNSEEN = re.compile(r"^[\s\"'\u200b-\u200f\u2060\ufeff\u00ad]+")
_NUMBER = re.compile(r"[+-]?[0-9][0-9,. ]*")


def rejects_file(
    header: Sequence[str],
    rejected: Iterable[Rejected],
    translate: Callable[[str], str] = str,
) -> Iterator[str]:
    """Write the rejects file piece by piece: it can be mended and read again with the same profile.

    The line and the reasons stand first, so that a row that is too long or too short keeps its shape.
    """
    yield BYTE_ORDER_MARK
    yield _row([translate(LINE_HEADING), translate(REASONS_HEADING), *header])
    for row in rejected:
        reasons = ". ".join(reason.sentence(translate) for reason in row.reasons)
        yield _row([str(row.line_number), reasons, *row.values])


def _row(cells: Iterable[str]) -> str:
    return ",".join(_quoted(cell) for cell in cells) + "\r\n"


def _quoted(cell: str) -> str:
    return '"' + safe_cell(cell).replace('"', '""') + '"'


def safe_cell(text: str) -> str:
    """Make a cell that a spreadsheet will show and never run; plain numbers stay as they are."""
    flat = _BREAKS.sub(" ", text)
    if _NUMBER.fullmatch(flat.strip()):
        return flat
    return f"'{flat}" if _UNSEEN.sub("", flat).startswith(FORMULA_STARTS) else flat
