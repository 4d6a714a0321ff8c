"""One import from its bytes to its figures: begun, done, ended; one that was cut off goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.interop import queries, uploads
from server.interop.commands import FILE_NAME_MAX, PROFILE_NAME_MAX, BeginImport, FinishImport
from server.interop.intake import Declared, Intake, Survey
from server.interop.lines import Reason, Rejected
from server.interop.payers import Terms
from server.interop.posting import Posting, Reached, Tally, order_of
from server.interop.profile_files import as_data
from server.interop.profiles import Profile
from server.interop.reading import read
from server.interop.tables import ImportFileRow, ImportRejectRow
from server.spine.execute import Beside, Door
from server.spine.jobs import Stopped
from server.spine.orders import Result
from shared.catalogue import mark
from shared.commands import Actor, Command
from shared.errors import RuleBroken, register
from shared.presentation import LONDON
from shared.schemas import canonical, digest

NEEDED = frozenset(
    {
        "imports.run",
        "people.record",
        "accounts.record",
        "accounts.post",
        "recovery.hold",
        "tasks.raise",
        "tasks.work",
    }
)
"""What taking a file in does; whoever may run imports may have all of it done by one."""

_THE_LOCK = 7_204_315_268_114
"""The advisory lock of imports: two files at once could open one account twice."""

REMARK_LINES = 20
"""Line numbers that are kept of each remark about characters."""

Keep = Callable[[Sequence[Rejected]], None]
"""What is done with rows that are not taken, block by block."""

register(
    {
        "import.another_runs": mark("Another file is being taken in: wait until it is done"),
        "import.totals": mark("Nothing was taken: %(problem)s"),
        "import.reported_in_future": mark("Enter the day of the balances, which has been"),
    }
)


def _leave(_rows: Sequence[Rejected]) -> None:
    """Leave rejected rows where they are: in the file."""


class FileProblem(RuleBroken):
    """A file that is not what it says it holds, with everything that is wrong with it."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("import.totals", field="file", problem=reasons[0].sentence())


@dataclass(frozen=True, kw_only=True)
class GivenFile:
    """A file as somebody gives it: its name, its bytes, how to read them, and what it is said to hold."""

    name: str
    data: bytes
    profile: Profile
    reported_on: date | None = None
    declared: Declared = field(default_factory=Declared)

    @property
    def sha256(self) -> str:
        """Name the bytes."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def profile_hash(self) -> str:
        """Name the way they are read."""
        return digest(canonical(as_data(self.profile)))


@dataclass(frozen=True, kw_only=True)
class Import:
    """What an import came to: its figures, what the file was found to hold, and whether it was known."""

    tally: Tally
    survey: Survey
    header: tuple[str, ...]
    import_id: str | None = None
    earlier: queries.PastImport | None = None
    """The import of the very same file before this one, which this one goes on with or repeats."""


@dataclass(frozen=True, kw_only=True)
class _Opened:
    """A file that has been read and found whole, and what is known of the very same one."""

    given: GivenFile
    intake: Intake
    day: date
    earlier: queries.PastImport | None


@dataclass(frozen=True, kw_only=True)
class Importer:
    """Takes one file in for one person, through the office's one door."""

    import_id: str
    door: Door
    actor: Actor
    clock: Callable[[], datetime]

    def check(self, given: GivenFile, reached: Reached, keep: Keep = _leave) -> Import:
        """Find out what taking a file in would do, and write nothing."""
        opened = self._open(given)
        posting = replace(self._posting(opened, self.import_id, keep), trial=True)
        return _told(opened, posting.take_in(reached), None)

    def run(self, given: GivenFile, reached: Reached, beside: Beside | None = None) -> Import:
        """Take a file in; one that was cut off before goes on with what it had not done.

        `beside` is written together with the end of the import.
        """
        with _alone(self.door):
            opened = self._open(given)
            import_id = _unfinished(opened) or self._begin(opened)
            self._forget_old()
            posting = self._posting(opened, import_id, self._keeper(import_id))
            try:
                tally = posting.take_in(reached)
            except Stopped:
                self._finish(import_id, "stopped", posting.tally, opened, None)
                raise
            self._finish(import_id, "done", tally, opened, beside)
            return _told(opened, tally, import_id)

    def _open(self, given: GivenFile) -> _Opened:
        """Read the file, for the same day as the very same one before; refuse one that is not whole."""
        today = self.clock().astimezone(LONDON).date()
        if given.reported_on and given.reported_on > today:
            raise RuleBroken("import.reported_in_future", field="reported_on")
        with self.door.sessions() as session:
            earlier = queries.same_file(session, given.sha256, given.profile_hash)
        day = given.reported_on or (earlier.reported_on if earlier else today)
        sheet = read(given.data, delimiter=given.profile.delimiter)
        intake = Intake(sheet, given.profile, reported_on=day, today=today, declared=given.declared)
        if intake.survey.problems:
            raise FileProblem(intake.survey.problems)
        return _Opened(given=given, intake=intake, day=day, earlier=earlier)

    def _posting(self, opened: _Opened, import_id: str, keep: Keep) -> Posting:
        return Posting(
            intake=opened.intake,
            terms=Terms(import_id=import_id, day=opened.day, profile=opened.given.profile),
            door=self.door,
            actor=self.actor,
            clock=self.clock,
            keep_rejects=keep,
        )

    def _keeper(self, import_id: str) -> Keep:
        def keep(rows: Sequence[Rejected]) -> None:
            with self.door.sessions() as session, session.begin():
                session.execute(
                    insert(ImportRejectRow).on_conflict_do_nothing(),
                    [
                        {
                            "import_id": import_id,
                            "line_number": row.line_number,
                            "codes": [reason.code for reason in row.reasons],
                            "reasons": [(r.code, r.field, r.values) for r in row.reasons],
                            "values": row.values,
                        }
                        for row in rows
                    ],
                )

        return keep

    def _begin(self, opened: _Opened) -> str:
        given = opened.given
        command = BeginImport(
            import_id=self.import_id,
            sha256=given.sha256,
            file_name=given.name[-FILE_NAME_MAX:],
            profile_name=given.profile.name[:PROFILE_NAME_MAX],
            profile_hash=given.profile_hash,
            reported_on=opened.day,
        )
        self._give(command)
        return self.import_id

    def _forget_old(self) -> None:
        with self.door.sessions() as session, session.begin():
            uploads.forget_old(session, self.clock())

    def _finish(
        self, import_id: str, end: str, tally: Tally, opened: _Opened, beside: Beside | None
    ) -> None:
        """End the import with its figures, and keep what the file was found to hold."""
        told = {
            "found": found(opened.intake.survey, tally),
            "header": opened.intake.header,
            "profile": as_data(opened.given.profile),
        }

        def keep(session: Session, results: Sequence[Result]) -> None:
            session.execute(
                update(ImportFileRow).where(ImportFileRow.import_id == import_id).values(**told)
            )
            if beside is not None:
                beside(session, results)

        self._give(FinishImport(import_id=import_id, end=end, **tally.figures()), keep)

    def _give(self, command: Command, beside: Beside | None = None) -> None:
        now = self.clock()
        order = order_of(self.import_id, command, self.actor, now)
        self.door.execute_many([order], now=now, beside=beside)[0].raise_if_refused()


def found(survey: Survey, tally: Tally) -> dict[str, Any]:
    """Give what a file was found to hold as it is kept: counts, and an example of each thing said."""
    return {
        "reasons": tally.reasons,
        "notes": tally.notes,
        "examples": {
            code: (line_number, reason.field, reason.values)
            for code, (line_number, reason) in tally.examples.items()
        },
        "remarks": [
            (remark.reason.code, remark.count, remark.line_numbers[:REMARK_LINES])
            for remark in survey.remarks
        ],
        "without_payer": survey.without_payer,
        "debts": survey.debts,
        "sum_pence": survey.sum_pence,
        "not_summed": survey.not_summed,
        "encoding": survey.encoding,
        "unused_columns": survey.unused_columns,
    }


def _unfinished(opened: _Opened) -> str | None:
    """Give the import of this very file that was cut off, to go on with."""
    earlier = opened.earlier
    if earlier is None or earlier.state == "done" or earlier.reported_on != opened.day:
        return None
    return earlier.import_id


def _told(opened: _Opened, tally: Tally, import_id: str | None) -> Import:
    return Import(
        tally=tally,
        survey=opened.intake.survey,
        header=opened.intake.header,
        import_id=import_id,
        earlier=opened.earlier,
    )


@contextmanager
def _alone(door: Door) -> Iterator[None]:
    """Hold the one lock of imports until this one has ended, or its process has."""
    with door.sessions() as session:
        connection = session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:it)"), {"it": _THE_LOCK}):
            raise RuleBroken("import.another_runs", field="file")
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:it)"), {"it": _THE_LOCK})
