"""Giving many cases to an officer, or taking them: what it would do, doing it, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from server.cases.commands import AssignCase, UnassignCase
from server.cases.forms import GIVE
from server.cases.tables import CaseRow
from server.spine.jobs import Ending, Work
from server.spine.orders import Result
from server.spine.tables import CaseAccessRow
from shared.catalogue import Sentence, mark
from shared.commands import Command, Outcome
from shared.errors import REFUSALS
from shared.presentation import number

JOB = "cases.assign"
"""The name of the job that does it when there are too many to wait for."""

AT_ONCE_MAX = 200
"""Cases done while the person waits; more are a job."""

TITLES = {
    "give": mark("Give cases to an officer"),
    "take": mark("Take cases from an officer"),
}


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What giving or taking these cases would do."""

    moving: int
    unchanged: int
    closed: int

    @property
    def total(self) -> int:
        """Count the cases looked at."""
        return self.moving + self.unchanged + self.closed


@dataclass(frozen=True, kw_only=True)
class Report:
    """What came of it: how many moved, how many had nothing to move, and what was refused."""

    moved: int
    unchanged: int
    refused: Mapping[str, str]
    """Case id to refusal code."""


def preview(session: Session, case_ids: Sequence[str], officer_id: str, what: str) -> Preview:
    """Say what giving these cases to an officer, or taking them, would do as things stand."""
    has_it = exists().where(
        CaseAccessRow.case_id == CaseRow.case_id,
        CaseAccessRow.officer_id == officer_id,
        CaseAccessRow.granted,
    )
    counted: Counter[str] = Counter()
    for is_open, officer_has_it in session.execute(
        select(CaseRow.open, has_it).where(CaseRow.case_id.in_(case_ids))
    ):
        if what == GIVE and not is_open:
            counted["closed"] += 1
        elif officer_has_it == (what == GIVE):
            counted["unchanged"] += 1
        else:
            counted["moving"] += 1
    return Preview(
        moving=counted["moving"], unchanged=counted["unchanged"], closed=counted["closed"]
    )


def commands(case_ids: Sequence[str], officer_id: str, what: str) -> list[Command]:
    """Write one command a case."""
    kind = AssignCase if what == GIVE else UnassignCase
    return [kind(case_id=case_id, officer_id=officer_id) for case_id in case_ids]


_NOTHING_TO_TAKE = "case.not_assigned"


def report(case_ids: Sequence[str], results: Sequence[Result]) -> Report:
    """Sum up what came of the commands; a case the officer did not have had nothing to take."""
    refused: dict[str, str] = {}
    moved = 0
    for case_id, result in zip(case_ids, results, strict=True):
        if result.outcome is Outcome.APPLIED:
            moved += 1
        elif result.code and result.code != _NOTHING_TO_TAKE:
            refused[case_id] = result.code
    return Report(moved=moved, unchanged=len(case_ids) - moved - len(refused), refused=refused)


def run(work: Work) -> Ending:
    """Give or take many cases as a job."""
    case_ids: list[str] = list(work.arguments["case_ids"])
    what = str(work.arguments["what"])
    asked = commands(case_ids, str(work.arguments["officer_id"]), what)
    orders = [work.order(command, case_ids[at]) for at, command in enumerate(asked)]
    came = report(case_ids, work.execute_all(orders))
    return Ending(
        lines=(
            Sentence(
                mark("Cases given: %(number)s")
                if what == GIVE
                else mark("Cases taken: %(number)s"),
                number=number(came.moved),
            ),
            Sentence(
                mark("Cases with nothing to change: %(number)s"), number=number(came.unchanged)
            ),
            *(
                Sentence(
                    mark("Cases refused: %(number)s. %(why)s"),
                    number=number(refused),
                    why=REFUSALS[code],
                )
                for code, refused in sorted(Counter(came.refused.values()).items())
            ),
        ),
        link=(mark("See the cases"), "/cases"),
        figures={
            "moved": came.moved,
            "unchanged": came.unchanged,
            "refused": dict(came.refused),
        },
    )
