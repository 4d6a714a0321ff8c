"""Remembers what a step was last done from, so that it is done again only when that has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def say(sentence: str) -> None:
    """Tell whoever runs the set-up what it is doing."""
    print(f"setup: {sentence}", flush=True)


def digest(paths: Iterable[Path], *words: str) -> str:
    """Sum up the content of files and the words given."""
    total = hashlib.sha256("\n".join(words).encode())
    for path in sorted(paths):
        total.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def is_done(stamp: Path, wanted: str) -> bool:
    """Tell whether a step was finished from exactly this."""
    return stamp.is_file() and stamp.read_text() == wanted


def done(stamp: Path, wanted: str) -> None:
    """Write down that a step was finished from this."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(wanted)
