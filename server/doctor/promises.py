"""The promises about security, by number, and what the tests that prove them came to."""

from __future__ import annotations

import enum
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources


class Status(enum.StrEnum):
    """What is known of a promise."""

    PROVED = "pass"
    PART = "part"
    """What is tested passed, and something that was promised is not tested; never counted as pass."""
    FAIL = "fail"
    NOT_RUN = "not run"


@dataclass(frozen=True, kw_only=True)
class Promise:
    """One promise: its number, what it says, and what of it no test proves, with the reason."""

    number: str
    says: str
    lacks: str = ""
    not_run: str = ""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One test that was run: which promises it proves, how it ended, and the figures it came to.

    `lacks` is what it could not look at on this machine.
    """

    test: str
    proves: tuple[str, ...]
    outcome: str
    figures: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the tests came to for one promise."""

    promise: Promise
    status: Status
    tests: int = 0
    figures: tuple[str, ...] = ()
    reason: str = ""

    def plain(self) -> dict[str, object]:
        """Write it as plain values."""
        return {
            "status": self.status.value,
            "says": self.promise.says,
            "tests": self.tests,
            "figures": list(self.figures),
            "reason": self.reason,
        }


def promises() -> tuple[Promise, ...]:
    """Read the list that stands beside this file."""
    written = resources.files("server.doctor").joinpath("promises.toml").read_text("utf-8")
    listed: Mapping[str, Mapping[str, str]] = tomllib.loads(written)
    return tuple(Promise(number=number, **told) for number, told in listed.items())


def judge(
    promise: Promise, proofs: Iterable[Proof], *, unseen: str = "no test of it was run"
) -> Verdict:
    """Say what the tests came to: one that failed is a failure, one that was left out no proof."""
    ours = [proof for proof in proofs if promise.number in proof.proves]
    figures = tuple(dict.fromkeys(figure for proof in ours for figure in proof.figures))
    failed = [proof.test for proof in ours if proof.outcome == "failed"]
    lacks = [promise.lacks, *dict.fromkeys(lack for proof in ours for lack in proof.lacks)]
    left_out = [proof.test for proof in ours if proof.outcome == "skipped"]
    if failed:
        status, reason = Status.FAIL, ", ".join(failed)
    elif promise.not_run or not ours:
        status, reason = Status.NOT_RUN, promise.not_run or unseen
    elif left_out:
        status, reason = Status.NOT_RUN, f"left out: {', '.join(left_out)}"
    elif any(lacks):
        status, reason = Status.PART, "; ".join(filter(None, lacks))
    else:
        status, reason = Status.PROVED, ""
    return Verdict(promise=promise, status=status, tests=len(ours), figures=figures, reason=reason)


def judge_all(proofs: Sequence[Proof], *, unseen: str) -> tuple[Verdict, ...]:
    """Judge every promise there is."""
    return tuple(judge(promise, proofs, unseen=unseen) for promise in promises())
