"""What people meant and were told, written down before and after each press, apart from the programs."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class State(StrEnum):
    """How much of what somebody meant they know the end of."""

    MEANT = "meant"
    TOLD = "told"
    REFUSED = "refused"


@dataclass
class Said:
    """One thing somebody meant: what kind, by which id, with which words found nowhere else."""

    kind: str
    id: str
    mark: str
    state: State = State.MEANT
    more: dict[str, Any] = field(default_factory=dict)


@dataclass
class Told:
    """Everything that was meant in a run, kept on disk so that a run can be gone on with."""

    path: Path
    written: int = 0
    """How much has been written down since this was opened."""
    _said: dict[str, Said] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        if self.path.exists():
            for line in self.path.read_text().splitlines():
                self._take(json.loads(line))

    def means(self, kind: str, id_: str, mark: str, **more: Any) -> None:
        """Write down what is about to be pressed."""
        self._write({"kind": kind, "id": id_, "mark": mark, "more": more, "state": State.MEANT})

    def ended(self, id_: str, state: State = State.TOLD, **more: Any) -> None:
        """Write down what the page said of it."""
        with self._turn:
            before = self._said[id_]
        self._write(
            {
                "kind": before.kind,
                "id": id_,
                "mark": before.mark,
                "more": {**before.more, **more},
                "state": state,
            }
        )

    def of(self, kind: str) -> Iterator[Said]:
        """Go through what was meant of one kind."""
        with self._turn:
            found = [said for said in self._said.values() if said.kind == kind]
        yield from found

    @property
    def numbered(self) -> int:
        """Give the highest number that words were made with."""
        with self._turn:
            marks = [said.mark.split() for said in self._said.values()]
        return max((int(words[1]) for words in marks if words[0] == "T"), default=0)

    def count(self, state: State | None = None) -> int:
        """Count what was meant, or what ended so."""
        with self._turn:
            return sum(state in {None, said.state} for said in self._said.values())

    def _write(self, line: dict[str, Any]) -> None:
        with self._turn:
            with self.path.open("a") as file:
                file.write(json.dumps(line) + "\n")
            self.written += 1
            self._take(line)

    def _take(self, line: dict[str, Any]) -> None:
        self._said[line["id"]] = Said(
            kind=line["kind"],
            id=line["id"],
            mark=line["mark"],
            state=State(line["state"]),
            more=line["more"],
        )
