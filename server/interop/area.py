"""What the interop area hands to the office: files of accounts taken in, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.interop import commands, facts, jobs, record, rules, screens
from server.spine.areas import Area, Handling, NavigationLink
from shared.catalogue import Sentence, mark
from shared.commands import Command, CommandType, Kind, Touched


def _in_turn(command: Command) -> Touched:
    """Keep two commands about one import out of one wave; its id is no person's, so it locks no row."""
    return Touched(person_ids=frozenset({str(getattr(command, "import_id", ""))}))


def _known_as(said: Mapping[str, Any]) -> str:
    return Sentence(
        mark("Known to %(service)s as %(reference)s"),
        service=said["service"],
        reference=said["reference"],
    )


AREA = Area(
    name="interop",
    commands=(
        Handling(
            kind=CommandType(
                command=commands.BeginImport,
                schema=commands.BeginImportSchema(),
                rule=rules.begin_import,
                kind=Kind.DECISION,
                needs="imports.run",
            ),
            facts=facts.import_facts,
            subjects=_in_turn,
        ),
        Handling(
            kind=CommandType(
                command=commands.FinishImport,
                schema=commands.FinishImportSchema(),
                rule=rules.finish_import,
                kind=Kind.FACT,
                needs="imports.run",
            ),
            facts=facts.import_facts,
            subjects=_in_turn,
        ),
        Handling(
            kind=CommandType(
                command=commands.RecordPayerReference,
                schema=commands.RecordPayerReferenceSchema(),
                rule=rules.record_payer_reference,
                kind=Kind.FACT,
                needs="people.record",
            ),
            facts=facts.reference_facts,
        ),
    ),
    recorders=record.RECORDERS,
    permissions={"imports.run": mark("Take in files from other systems")},
    sentences={commands.PayerReferenceRecorded: _known_as},
    screens=(screens.screens,),
    jobs={jobs.CHECK: jobs.check_file, jobs.TAKE: jobs.take_file},
    navigation=(
        NavigationLink(text=mark("Imports"), endpoint="imports.every_import", needs="imports.run"),
    ),
)
