"""Verifies an export of the sealed history against checkpoints; it needs no database and no office.

An export is a text of lines, each one JSON object in canonical form: first what it is and of which
history, then an entry a line. A line in any other form is refused, so no byte of it can be changed.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from server.audit.chain import LOG, SALT_BYTES, Entry, Walk, header_bytes
from server.audit.checkpoints import Checkpoint
from server.audit.hands import Hands
from shared.errors import RuleBroken
from shared.values import is_id

FORMAT = "audit export 1"

LINE_BYTES_MAX = 4_000_000
"""Bytes a line may have: a photograph is never in it, an envelope with everything else may be."""

TELL_EVERY = 1_000
"""Lines between two words about how far it is."""

_HASH = re.compile("[0-9a-f]{64}")
_SALT = re.compile(f"[0-9a-f]{{{2 * SALT_BYTES}}}")


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What was found of a history in which nothing is amiss."""

    log_id: str
    entries: int
    head: str
    details: int
    withheld: int
    signed: int
    """Commands that their officer's own key signed, as far as their text is in the export."""
    held: int
    """Entries that a checkpoint holds; of later ones only the order among them is certain."""
    public_keys: tuple[str, ...]


class Holding:
    """What checkpoints say, held against a history once it has been walked along."""

    def __init__(self, checkpoints: Sequence[Checkpoint], public_key: str | None = None) -> None:
        """Take checkpoints; refused when one is not what its signer signed."""
        for each in checkpoints:
            if not each.is_signed:
                raise RuleBroken("audit.wrong_signature", entries=each.entries)
            if public_key is not None and each.public_key != public_key:
                raise RuleBroken("audit.other_key", entries=each.entries)
        self._checkpoints = sorted(checkpoints, key=lambda each: each.entries)
        self._hashes = dict.fromkeys((each.entries for each in checkpoints), "")
        self._restores: list[tuple[int, str]] = []
        self._epochs: set[str] = set()
        self.held = 0
        self.superseded: list[tuple[Checkpoint, int]] = []
        """Checkpoints over what a restore lost, each with the entry that speaks of it."""

    def of(self, log_id: str) -> None:
        """Refuse a checkpoint of another history."""
        for each in self._checkpoints:
            if each.log_id != log_id:
                raise RuleBroken("audit.other_log", entries=each.entries)

    def passed(self, entry: Entry) -> None:
        """Remember what has to be known of an entry at the end."""
        if entry.seq in self._hashes:
            self._hashes[entry.seq] = entry.hash
        header = json.loads(entry.header)
        if header["kind"] == LOG:
            self._epochs.add(header["epoch"])
            if header["what"] == "restored":
                self._restores.append((entry.seq, header["epoch_before"]))

    def compare(self, walk: Walk) -> None:
        """Refuse a history that is not the one signed; what a restore explains is set apart."""
        for each in self._checkpoints:
            if self._hashes[each.entries] == each.head:
                self.held = max(self.held, each.entries)
                continue
            restored = self._restore_before(each)
            if restored is not None:
                self.superseded.append((each, restored))
            elif each.entries > walk.entries:
                raise RuleBroken("audit.cut_short", seq=walk.entries, entries=each.entries)
            else:
                raise RuleBroken("audit.written_anew", seq=each.entries, at=each.at)

    def _restore_before(self, checkpoint: Checkpoint) -> int | None:
        """Find the restore because of which a history lacks what was signed, if there was one."""
        unknown = checkpoint.epoch not in self._epochs
        for seq, epoch_before in self._restores:
            if seq <= checkpoint.entries and (unknown or epoch_before == checkpoint.epoch):
                return seq
        return None


def verify(
    path: Path,
    checkpoints: Sequence[Checkpoint],
    *,
    public_key: str | None = None,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
) -> Verified:
    """Verify an export; raises RuleBroken at the first thing amiss."""
    holding = Holding(checkpoints, public_key)
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            lines = _lines(file, lambda: tell(file.tell(), size))
            log_id = _log_id(next(lines, None), path)
            holding.of(log_id)
            walk, hands = Walk(log_id), Hands()
            for number, line in lines:
                entry = _entry(number, line)
                walk.take(entry)
                holding.passed(entry)
                hands.passed(entry)
    except OSError as error:
        raise RuleBroken("audit.no_file", file=str(path)) from error
    holding.compare(walk)
    if holding.superseded:
        checkpoint, seq = holding.superseded[0]
        raise RuleBroken("audit.restored_since", seq=seq, entries=checkpoint.entries)
    return Verified(
        log_id=log_id,
        entries=walk.entries,
        head=walk.head,
        details=walk.details,
        withheld=walk.withheld,
        signed=hands.signed,
        held=holding.held,
        public_keys=tuple(sorted({each.public_key for each in checkpoints})),
    )


def _lines(
    file: BinaryIO, tell: Callable[[], None]
) -> Iterator[tuple[int, Mapping[str, Any] | None]]:
    """Read each line, with its number; one that is not in its one form is nothing."""
    for number in itertools.count(1):
        line = file.readline(LINE_BYTES_MAX)
        if not line:
            return
        if number % TELL_EVERY == 0:
            tell()
        yield number, _told(line)


def _told(line: bytes) -> Mapping[str, Any] | None:
    try:
        told = json.loads(line)
        in_form = isinstance(told, dict) and canonical_line(told) == line
    except (ValueError, RecursionError):
        return None
    return told if in_form else None


def canonical_line(told: Mapping[str, Any]) -> bytes:
    """Write a line in its one form: canonical JSON in ASCII, because a text may hold any bytes."""
    return (
        json.dumps(dict(told), allow_nan=False, separators=(",", ":"), sort_keys=True).encode()
        + b"\n"
    )


def _log_id(first: tuple[int, Mapping[str, Any] | None] | None, path: Path) -> str:
    told = first[1] if first else None
    if told is None or set(told) != {"fieldfare", "log_id"} or told["fieldfare"] != FORMAT:
        raise RuleBroken("audit.not_export", file=str(path))
    if not is_id(str(told["log_id"])):
        raise RuleBroken("audit.not_export", file=str(path))
    return str(told["log_id"])


def _entry(number: int, told: Mapping[str, Any] | None) -> Entry:
    """Read an entry's line; refused when it is not as an export is written."""
    if told is None or not _is_entry(told):
        raise RuleBroken("audit.line", line=number)
    detail = told["detail"]
    return Entry(
        seq=told["seq"],
        header=header_bytes(told["header"]),
        commitment=told["commitment"],
        hash=told["hash"],
        detail=None
        if detail is None
        else (bytes.fromhex(detail["salt"]), detail["text"].encode(errors="surrogateescape")),
    )


def _is_entry(told: Mapping[str, Any]) -> bool:
    """Tell whether everything an entry has is there, and of its kind."""
    if set(told) != {"seq", "header", "commitment", "hash", "detail"}:
        return False
    header, detail = told["header"], told["detail"]
    return (
        type(told["seq"]) is int
        and _HASH.fullmatch(str(told["commitment"])) is not None
        and _HASH.fullmatch(str(told["hash"])) is not None
        and isinstance(header, dict)
        and _is_header(header)
        and (detail is None or _is_detail(detail))
    )


def _is_header(header: Mapping[str, Any]) -> bool:
    wanted = {"kind", "what"}
    if header.get("kind") == LOG:
        wanted |= {"epoch"} | ({"epoch_before"} if header.get("what") == "restored" else set())
    return all(isinstance(header.get(name), str) for name in wanted)


def _is_detail(detail: object) -> bool:
    return (
        isinstance(detail, dict)
        and set(detail) == {"salt", "text"}
        and isinstance(detail["text"], str)
        and isinstance(detail["salt"], str)
        and _SALT.fullmatch(detail["salt"]) is not None
    )
