"""How the engine asks for what it never does itself: each thing a small value, done by whoever drives it.

The two halves of a conversation are generators. They yield a step when they need the network, a
store, a clock or chance, and are given its answer; they hold no connection, no thread and no time
of their own. A program drives one with `run`; a test may hold it between any two steps, and one
scheduler can drive a hundred of them in one thread.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from typing import Any, Generic, TypeAlias, TypeVar

Doer = TypeVar("Doer")
Given = TypeVar("Given")
Ended = TypeVar("Ended")


class Step(ABC, Generic[Doer, Given]):
    """One thing the engine needs done, and by whom; a subclass says what and how it is asked."""

    @abstractmethod
    def do(self, doer: Doer) -> Given:
        """Have it done and give what comes of it."""


Steps: TypeAlias = Generator[Step[Doer, Any], Any, Ended]
"""A half of a conversation: it yields steps, takes their answers, and ends with its own."""


def ask(step: Step[Doer, Given]) -> Generator[Step[Doer, Any], Any, Given]:
    """Yield one step and give its answer, so that the answer has the type the step says."""
    given: Given = yield step
    return given


def run(steps: Steps[Doer, Ended], doer: Doer) -> Ended:
    """Do every step as it is asked for; what goes wrong in one is raised where it was asked."""
    given: Any = None
    failure: Exception | None = None
    while True:
        try:
            step = steps.send(given) if failure is None else steps.throw(failure)
        except StopIteration as end:
            ended: Ended = end.value
            return ended
        given, failure = None, None
        try:
            given = step.do(doer)
        except Exception as raised:  # noqa: BLE001 - it belongs to whoever asked
            failure = raised
