"""Whether a case may be opened, closed, assigned or taken away; pure, over facts loaded for it."""

from __future__ import annotations

from dataclasses import dataclass

from server.cases.commands import (
    AssignCase,
    CaseAssigned,
    CaseClosed,
    CaseOpened,
    CaseUnassigned,
    CloseCase,
    OpenCase,
    UnassignCase,
)
from shared.case_file import CaseFile
from shared.commands import Decision, Occasion
from shared.errors import RuleBroken


@dataclass(frozen=True, kw_only=True)
class OpeningFacts:
    """What opening a case looks at."""

    case_exists: bool
    person_known: bool
    address_known: bool
    known_debt_ids: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class AssignmentFacts:
    """What assigning a case looks at: the case, whether the officer goes out, and may know of it."""

    case: CaseFile | None
    officer_goes_out: bool
    hidden_from_officer: bool


def open_case(facts: OpeningFacts, command: OpenCase, _occasion: Occasion) -> Decision:
    """Open a case about someone or somewhere that is known."""
    if facts.case_exists:
        raise RuleBroken("case.exists")
    if not command.person_id and not command.address_id:
        raise RuleBroken("case.about_nobody")
    if command.person_id and not facts.person_known:
        raise RuleBroken("case.person_unknown")
    if command.address_id and not facts.address_known:
        raise RuleBroken("case.about_nobody")
    if not facts.known_debt_ids.issuperset(command.debt_ids):
        raise RuleBroken("case.debt_unknown", field="debt_ids")
    return Decision(
        changes=(
            CaseOpened(
                case_id=command.case_id,
                person_id=command.person_id,
                address_id=command.address_id,
                debt_ids=command.debt_ids,
            ),
        )
    )


def close_case(case: CaseFile, command: CloseCase, _occasion: Occasion) -> Decision:
    """Close an open case and take it from every officer who has it."""
    if not case.open:
        raise RuleBroken("case.already_closed")
    taken = tuple(
        CaseUnassigned(case_id=case.case_id, officer_id=officer_id, reason="case_closed")
        for officer_id in sorted(case.officer_ids)
    )
    return Decision(changes=(*taken, CaseClosed(case_id=command.case_id)))


def assign_case(facts: AssignmentFacts, command: AssignCase, _occasion: Occasion) -> Decision:
    """Assign an open case to someone who goes out; doing it twice changes nothing."""
    if facts.case is None:
        raise RuleBroken("case.unknown")
    if not facts.case.open:
        raise RuleBroken("case.closed")
    if not facts.officer_goes_out:
        raise RuleBroken("case.officer_unknown", field="officer_id")
    if facts.hidden_from_officer:
        raise RuleBroken("case.officer_not_entitled", field="officer_id")
    if command.officer_id in facts.case.officer_ids:
        return Decision()
    return Decision(
        changes=(
            CaseAssigned(case_id=command.case_id, officer_id=command.officer_id, view=command.view),
        )
    )


def unassign_case(case: CaseFile, command: UnassignCase, _occasion: Occasion) -> Decision:
    """Take the case from an officer who has it."""
    if command.officer_id not in case.officer_ids:
        raise RuleBroken("case.not_assigned")
    return Decision(
        changes=(
            CaseUnassigned(
                case_id=command.case_id,
                officer_id=command.officer_id,
                reason=command.reason or "unassigned",
            ),
        )
    )
