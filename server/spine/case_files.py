"""Case files: every area's facts about a set of cases, put together for the rules."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from server.spine.areas import House
from shared.case_file import CaseFile
from shared.catalogue import mark
from shared.commands import Command
from shared.errors import RuleBroken, register

register({"case.unknown": mark("This case is not known here: search for it again")})


def load_case_files(
    session: Session, house: House, case_ids: Collection[str], wants: Collection[str] = ()
) -> dict[str, CaseFile]:
    """Load the files of the cases that exist, set-wise, one query an area and kind of fact."""
    parts: dict[str, dict[str, Any]] = {}
    for area in house.areas:
        more = [load for name, load in area.more_case_facts.items() if name in wants]
        for load in ([area.case_facts] if area.case_facts else []) + more:
            for case_id, part in load(session, case_ids).items():
                parts.setdefault(case_id, {}).update(part)
    return {
        case_id: CaseFile(case_id=case_id, **part)
        for case_id, part in parts.items()
        if "open" in part
    }


def case_facts_of(
    session: Session, house: House, commands: Sequence[Command]
) -> Sequence[CaseFile | RuleBroken]:
    """Give each command its case's file, or the refusal it meets when there is no such case."""
    case_ids = [getattr(command, "case_id", "") for command in commands]
    wants = {want for command in commands for want in house.commands[command.name].wants}
    files: Mapping[str, CaseFile] = load_case_files(session, house, set(case_ids), wants)
    return [files.get(case_id) or RuleBroken("case.unknown") for case_id in case_ids]
