"""What the cases area hands to the office."""

from __future__ import annotations

from server.cases import assigning, commands, facts, list_screens, project, record, rules, screens
from server.cases.blueprint import screens as pages
from server.cases.tables import CaseRow
from server.spine.areas import Area, Handling, NavigationLink, named_subjects
from shared.catalogue import mark
from shared.commands import Command, CommandType, Kind, Touched

PAGES = (list_screens, screens)
"""Importing these registers their pages on the area's one blueprint."""


def _subjects_of_opening(command: Command) -> Touched:
    """Lock the person and the debts a new case is about, so that its records are true at once."""
    named = named_subjects(command)
    debts = command.debt_ids if isinstance(command, commands.OpenCase) else ()
    return Touched(case_ids=named.case_ids, person_ids=named.person_ids, debt_ids=frozenset(debts))


AREA = Area(
    name="cases",
    addressed={"case_id": CaseRow.case_id},
    commands=(
        Handling(
            kind=CommandType(
                command=commands.OpenCase,
                schema=commands.OpenCaseSchema(),
                rule=rules.open_case,
                kind=Kind.DECISION,
                needs="cases.open",
            ),
            facts=facts.opening_facts,
            subjects=_subjects_of_opening,
        ),
        Handling(
            kind=CommandType(
                command=commands.CloseCase,
                schema=commands.CloseCaseSchema(),
                rule=rules.close_case,
                kind=Kind.DECISION,
                needs="cases.open",
            )
        ),
        Handling(
            kind=CommandType(
                command=commands.AssignCase,
                schema=commands.AssignCaseSchema(),
                rule=rules.assign_case,
                kind=Kind.DECISION,
                needs="cases.assign",
            ),
            facts=facts.assignment_facts,
        ),
        Handling(
            kind=CommandType(
                command=commands.UnassignCase,
                schema=commands.UnassignCaseSchema(),
                rule=rules.unassign_case,
                kind=Kind.DECISION,
                needs="cases.assign",
            )
        ),
    ),
    recorders=record.RECORDERS,
    case_facts=facts.case_facts,
    projections=project.PROJECTIONS,
    screens=(pages,),
    jobs={assigning.JOB: assigning.run},
    navigation=(
        NavigationLink(text=mark("Cases"), endpoint="cases.every_case", needs="cases.see"),
    ),
    permissions={
        "cases.see": mark("See cases and who they are assigned to"),
        "cases.open": mark("Open and close cases"),
        "cases.assign": mark("Assign cases to officers"),
    },
)
