"""The long work of imports, done by a worker: check a whole file, and take one in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from server.interop import queries, uploads
from server.interop.ids import made_id
from server.interop.intake import Declared
from server.interop.profile_files import from_data
from server.interop.running import NEEDED, FileProblem, GivenFile, Importer, found
from server.spine import clock
from server.spine.jobs import Ending, Work
from server.spine.orders import Result
from shared.catalogue import Sentence, mark
from shared.errors import RuleBroken
from shared.presentation import number
from shared.values import Pence

CHECK = "check_import_file"
TAKE = "take_import_file"

_LINES = {
    "read": mark("Rows read: %(number)s"),
    "created": mark("Created: %(number)s"),
    "changed": mark("Changed: %(number)s"),
    "unchanged": mark("Unchanged: %(number)s"),
    "rejected": mark("Not taken: %(number)s"),
}


def check_file(work: Work) -> Ending:
    """Find out what taking a file in would do, and keep it beside the file."""
    upload_id = str(work.arguments["upload_id"])
    given = _given(work, upload_id)
    try:
        done = _importer(work).check(given, work.reached)
        checked: dict[str, Any] = {
            "figures": done.tally.figures(),
            **found(done.survey, done.tally),
        }
    except FileProblem as refusal:
        checked = {"problems": [[r.code, r.field, r.values] for r in refusal.reasons]}
    checked["profile_hash"] = given.profile_hash
    with work.door.sessions() as session, session.begin():
        uploads.change(session, upload_id, checked=checked)
    return Ending(
        lines=_lines(checked.get("figures", {})),
        link=(mark("See what was found"), f"/imports/uploads/{upload_id}/check"),
    )


def take_file(work: Work) -> Ending:
    """Take a file in, and forget it in the same transaction in which the import ends."""
    upload_id = str(work.arguments["upload_id"])
    done_before = _done_before(work)
    if done_before is not None:
        return done_before

    def forget(session: Session, _results: Sequence[Result]) -> None:
        uploads.discard(session, upload_id)

    done = _importer(work).run(_given(work, upload_id), work.reached, forget)
    return _ending(str(done.import_id), done.tally.figures())


def _importer(work: Work) -> Importer:
    """Take in for whoever asked: all an import does comes with the one permission for it."""
    if not work.actor.may("imports.run"):
        raise RuleBroken("authority.lacking")
    return Importer(
        import_id=made_id("import", work.job_id),
        door=work.door,
        actor=replace(work.actor, permissions=work.actor.permissions | NEEDED),
        clock=clock.now,
    )


def _given(work: Work, upload_id: str) -> GivenFile:
    """Read the file and how it is to be read; refused when it has been kept too long."""
    with work.door.sessions() as session:
        upload = uploads.find(session, upload_id, clock.now())
        if upload.profile is None:
            raise RuleBroken("upload.unread")
        total = upload.declared_sum_pence
        return GivenFile(
            name=upload.file_name,
            data=uploads.content_of(session, upload_id),
            profile=from_data(upload.profile),
            reported_on=upload.reported_on,
            declared=Declared(
                rows=upload.declared_rows, sum_pence=None if total is None else Pence(total)
            ),
        )


def _done_before(work: Work) -> Ending | None:
    """Say what came of this job if a worker did it to its end and died before it could say so."""
    with work.door.sessions() as session:
        done = queries.past_import(session, made_id("import", work.job_id))
    if done is None or done.state != "done":
        return None
    return _ending(done.import_id, {name: getattr(done, name) for name in _LINES})


def _ending(import_id: str, figures: Mapping[str, int]) -> Ending:
    return Ending(
        lines=_lines(figures),
        link=(mark("See what came of it"), f"/imports/{import_id}"),
        figures=figures,
    )


def _lines(figures: Mapping[str, int]) -> tuple[Sentence, ...]:
    return tuple(Sentence(_LINES[name], number=number(count)) for name, count in figures.items())
