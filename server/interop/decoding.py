"""Bytes to text without silent loss: which encoding a file is in, and which lines needed help."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from server.interop.lines import Reason, because
from shared.errors import RuleBroken

LINES_NAMED_MAX = 100
"""Line numbers a remark lists; beyond it only their count is kept."""

_WINDOWS = "cp1252"
_BYTE_ORDER_MARKS = (
    # UTF-32 first: its little-endian mark begins with UTF-16's.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_SAMPLE_BYTES = 4_096
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_INVISIBLE = {code: None for code in (*range(32), 127, 0xFEFF) if chr(code) not in "\t\n\r"}
_INVISIBLE_SEEN = re.compile(f"[{''.join(map(re.escape, map(chr, _INVISIBLE)))}]")
# "Café" read in the wrong encoding twice, and an apostrophe the source itself had already lost.
_DOUBTFUL = re.compile(r"\u00c3[\u0080-\u00bf\u2018-\u201d]|\u00e2\u20ac|(?<=\w)\u00bf(?=\w)")


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to know about the reading of a file, and the lines it concerns."""

    reason: Reason
    count: int
    line_numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file, the encoding it was found to be in, and what had to be done to read it."""

    text: str
    encoding: str
    remarks: tuple[Remark, ...]


@dataclass
class _Remarks:
    lines: dict[str, list[int]] = field(default_factory=dict)

    def add(self, code: str, line_number: int) -> None:
        self.lines.setdefault(code, []).append(line_number)

    def told(self) -> tuple[Remark, ...]:
        return tuple(
            Remark(because(code), len(numbers), tuple(numbers[:LINES_NAMED_MAX]))
            for code, numbers in self.lines.items()
        )


def decode(data: bytes) -> Decoded:
    """Decode a file by its byte order mark, else as UTF-8, else as Windows-1252, line by line.

    The choice is made for the file: where no line holds real UTF-8 beyond ASCII, every line is
    Windows text; where some do, the file is UTF-8 and only the broken lines are read as Windows.
    """
    remarks = _Remarks()
    for prefix, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(prefix):
            text = _by_mark(data[len(prefix) :], encoding, remarks)
            break
    else:
        text, encoding = _without_mark(data, remarks)
    return Decoded(_cleaned(text, remarks), encoding, remarks.told())


def _by_mark(data: bytes, encoding: str, remarks: _Remarks) -> str:
    if encoding == "utf-8":
        return _without_mark(data, remarks)[0]
    return data.decode(encoding, "replace")


def _without_mark(data: bytes, remarks: _Remarks) -> tuple[str, str]:
    wide = _wide_encoding(data)
    if wide is not None:
        return data.decode(wide, "replace"), wide
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        lines = data.splitlines(keepends=True)
    if not any(_is_utf8_beyond_ascii(line) for line in lines):
        return _each_line(lines, _as_windows, remarks), "windows-1252"
    return _each_line(lines, _as_mixture, remarks), "utf-8"


def _wide_encoding(data: bytes) -> str | None:
    """Recognise UTF-16 without its mark: nearly every second byte of English text is NUL."""
    sample = data[:_SAMPLE_BYTES]
    half = len(sample) // 2
    if b"\0" not in sample:
        return None
    if sample[1::2].count(0) > half * 0.9 and sample[::2].count(0) < half * 0.1:
        return "utf-16-le"
    if sample[::2].count(0) > half * 0.9 and sample[1::2].count(0) < half * 0.1:
        return "utf-16-be"
    return None


def _is_utf8_beyond_ascii(line: bytes) -> bool:
    if line.isascii():
        return False
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _each_line(lines: list[bytes], read: Callable[[bytes], str], remarks: _Remarks) -> str:
    texts: list[str] = []
    for number, line in enumerate(lines, 1):
        if line.isascii() or (read is _as_mixture and _is_utf8_beyond_ascii(line)):
            texts.append(line.decode("utf-8"))
            continue
        texts.append(read(line))
        remarks.add("characters.windows", number)
    return "".join(texts)


def _as_windows(data: bytes) -> str:
    return data.decode(_WINDOWS, "replace")


def _as_mixture(line: bytes) -> str:
    """Read what is UTF-8 in the line as UTF-8 and only the bytes that are not as Windows-1252."""
    parts: list[str] = []
    while line:
        try:
            parts.append(line.decode("utf-8"))
            break
        except UnicodeDecodeError as error:
            parts.append(line[: error.start].decode("utf-8"))
            parts.append(_as_windows(line[error.start : error.end]))
            line = line[error.end :]
    return "".join(parts)


def _cleaned(text: str, remarks: _Remarks) -> str:
    invisible = _INVISIBLE_SEEN.search(text) is not None
    if not invisible and _REPLACEMENT not in text and not _DOUBTFUL.search(text):
        return text
    for number, line in enumerate(split_lines(text), 1):
        if invisible and _INVISIBLE_SEEN.search(line):
            remarks.add("characters.removed", number)
        if _REPLACEMENT in line:
            remarks.add("characters.replaced", number)
        if _DOUBTFUL.search(line):
            remarks.add("characters.doubtful", number)
    return text.translate(_INVISIBLE)


def split_lines(text: str) -> list[str]:
    """Split where a text editor would (CR LF, LF or CR), and nowhere else, keeping the ends."""
    return _LINE.findall(text)


def refuse_what_is_not_text(data: bytes) -> None:
    """Refuse a spreadsheet, a PDF or a picture by how its bytes begin, and say what to do instead."""
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise RuleBroken("file.spreadsheet")
    if data.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"7z\xbc\xaf")):
        raise RuleBroken("file.not_text")
