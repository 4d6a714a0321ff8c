"""How seeds ended, for a person and as JSON: what broke, what led to it, how often each was looked at."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

SHOWN_MAX = 3
"""Broken seeds whose traces are shown; one is enough to begin with."""

TRACE_SHOWN = 25
"""Last lines of a broken seed's trace that are shown; a replay shows all of it."""

SAME = "same day"
"""What is broken when a day went otherwise on PostgreSQL than in memory."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How one seed ended: what was broken, if anything, and what led to it.

    `seen_of` is the digest of everything anybody was told and all that is left at the end.
    """

    seed: int
    steps: int
    trace: tuple[str, ...]
    checked: Mapping[str, int] = field(default_factory=dict)
    seen_of: str = ""
    property: str | None = None
    seen: str = ""

    def compared(self, there: Ended) -> Ended:
        """Hold the same day told elsewhere against this one."""
        if self.property or there.property:
            return self if self.property else there
        for at, (here, line) in enumerate(zip(self.trace, there.trace, strict=False)):
            if here != line:
                return replace(
                    self, trace=self.trace[: at + 1], property=SAME, seen=f"there it is: {line}"
                )
        if self.seen_of != there.seen_of or len(self.trace) != len(there.trace):
            return replace(self, property=SAME, seen="the ends or the replies differ")
        return self

    def lines(self, trace_max: int | None = None) -> Iterator[str]:
        """Say it for a person."""
        shown = self.trace if trace_max is None else self.trace[-trace_max:]
        yield from shown
        if self.property is None:
            yield f"seed {self.seed}: every property held over {self.steps} steps"
        else:
            yield f"seed {self.seed}: {self.property} does not hold: {self.seen}"
            yield f"fieldfare simulate --replay {self.seed}"


@dataclass(frozen=True, kw_only=True)
class Report:
    """How a run ended."""

    ended: tuple[Ended, ...]
    seconds: float

    @property
    def broken(self) -> tuple[Ended, ...]:
        """List the seeds in which a property did not hold."""
        return tuple(each for each in self.ended if each.property)

    @property
    def steps(self) -> int:
        """Count the steps of all seeds."""
        return sum(each.steps for each in self.ended)

    @property
    def checked(self) -> dict[str, int]:
        """Count how often each property was looked at."""
        total: Counter[str] = Counter()
        for each in self.ended:
            total.update(each.checked)
        return dict(sorted(total.items(), key=lambda found: (len(found[0]), found[0])))

    def lines(self, *, whole: bool) -> Iterator[str]:
        """Say it for a person: the whole of one seed, or what broke and how much was told."""
        if whole:
            for each in self.ended:
                yield from each.lines()
            return
        for each in self.broken[:SHOWN_MAX]:
            yield from each.lines(TRACE_SHOWN)
        yield (
            f"{len(self.ended)} seeds, {self.steps} steps, {self.seconds:.0f} seconds: "
            f"{len(self.broken)} broken"
        )

    def written(self) -> str:
        """Write it as one line of JSON."""
        failed = [{"seed": b.seed, "property": b.property, "seen": b.seen} for b in self.broken]
        return json.dumps(
            {
                "seeds": len(self.ended),
                "failed": failed,
                "steps": self.steps,
                "seconds": round(self.seconds, 1),
                "checked": self.checked,
            }
        )
