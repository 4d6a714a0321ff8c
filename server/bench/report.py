"""What a measurement comes to: medians of each step beside its floor, held against what is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

STEPS = {
    "a": "first pull of the whole scope",
    "b": "pull after changes inside and outside the scope",
    "c": "push of commands",
    "d": "nothing to do",
    "f": "many devices at once, each pushing and pulling",
}
"""What each step is, by its letter."""

MS_MAX = {"b": 15.0, "d": 10.0, "f": 3_000.0}
RATIO_MAX = {"a": 1.5, "c": 4.0}
BYTES_MAX = {"d": 1_200}
"""What is asked of each step: milliseconds, times its floor, bytes on the wire."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One step or floor: milliseconds of each round, bytes of one, processor time of one."""

    each_ms: tuple[float, ...]
    bytes: int
    cpu_ms: float
    failed: int = 0
    together: bool = False
    """Many at once: what counts is how long the slowest in twenty took."""

    @property
    def ms(self) -> float:
        """Give the median, or of many at once the 95th percentile."""
        return percentile(self.each_ms, 0.95) if self.together else median(self.each_ms)

    def plain(self) -> dict[str, float | int]:
        """Write it as plain values."""
        said: dict[str, float | int] = {
            "ms": round(self.ms, 2),
            "bytes": self.bytes,
            "cpu_ms": round(self.cpu_ms, 2),
            "rounds": len(self.each_ms),
        }
        if self.together:
            said |= {"median_ms": round(median(self.each_ms), 2), "failed": self.failed}
        return said


@dataclass(frozen=True, kw_only=True)
class Report:
    """Every step beside its floor."""

    steps: dict[str, Figure]
    raw: dict[str, Figure]

    def written(self) -> str:
        """Write it as one line of JSON."""
        return json.dumps(
            {
                "steps": {name: figure.plain() for name, figure in self.steps.items()},
                "raw": {name: figure.plain() for name, figure in self.raw.items()},
            }
        )

    @property
    def failed(self) -> int:
        """Count the syncs that did not come to a good end."""
        return sum(figure.failed for figure in self.steps.values())

    def lines(self) -> Iterator[str]:
        """Write it for a person."""
        yield f"{'':<50}{'ms':>10}{'floor':>10}{'times':>8}{'bytes':>10}{'cpu ms':>10}"
        for name, step in self.steps.items():
            raw = self.raw[name]
            yield (
                f"({name}) {STEPS[name]:<46}{step.ms:>10.1f}{raw.ms:>10.1f}"
                f"{step.ms / raw.ms:>8.1f}{step.bytes:>10,}{step.cpu_ms:>10.1f}"
                f"{self._missed(name)}"
            )

    def _missed(self, name: str) -> str:
        """Say which of the goals of a step were not met."""
        step, raw = self.steps[name], self.raw[name]
        missed = []
        if step.ms > MS_MAX.get(name, step.ms):
            missed.append(f"over {MS_MAX[name]:.0f} ms")
        if step.ms > RATIO_MAX.get(name, step.ms) * raw.ms:
            missed.append(f"over {RATIO_MAX[name]} times the floor")
        if step.bytes > BYTES_MAX.get(name, step.bytes):
            missed.append(f"over {BYTES_MAX[name]:,} bytes")
        if step.failed:
            missed.append(f"{step.failed} failed")
        return f"  {', '.join(missed)}" if missed else ""


def percentile(values: Sequence[float], share: float) -> float:
    """Give the value that this share of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
