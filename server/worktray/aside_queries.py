"""What the pages read about what was set aside: commands that could not be taken, and other bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from marshmallow import ValidationError
from marshmallow.fields import Field
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    and_,
    cast,
    exists,
    false,
    func,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from server.access.tables import DeviceRow, SetAsideRow, UserRow
from server.spine.paging import Slice
from server.spine.tables import CommandRow, DetailRow, Id
from server.worktray.advice import Advice
from server.worktray.queries import Waiting
from server.worktray.set_aside import has_arrived, was_replayed, was_set_aside
from server.worktray.tables import ExaminationRow, HandedOverRow, ReplayRow
from shared.catalogue import Sentence, mark
from shared.day_fields import MomentField
from shared.decide import BY_NAME
from shared.errors import REFUSALS
from shared.fields import Choice
from shared.values import is_id

NAMES: Mapping[str, str] = {
    "RecordVisit": mark("A visit"),
    "RecordPhotograph": mark("A photograph"),
    "RecordPhotographLost": mark("That a photograph is lost"),
    "RecordRefusalAnswer": mark("What is to become of something refused"),
    "RecordPhoneNumber": mark("A phone number"),
    "RecordVisitAnswer": mark("An answer about a visit"),
    "CorrectDetails": mark("Details put right"),
    "CorrectContact": mark("Whether a number or address reaches somebody"),
    "AddMarker": mark("A warning"),
    "ProposeMarkerRemoval": mark("The wish to take a warning off"),
}
"""What a device may send, in words."""

REASONS: Mapping[str, str] = {
    "authority.lacking": mark("The officer may not do this"),
    "authority.never_assigned": mark("The case was never assigned to this officer"),
    "case.unknown": mark("No such case is known here"),
    "command.unknown": mark("The office does not know this kind of work yet"),
    "command.unreadable": mark("The office could not read it"),
    "command.id_reused": mark("It came twice under one number, with different content"),
    "command.failed": mark("The office could not record it: a fault on our side"),
    "command.waits": mark("It belongs to something that was not taken either"),
    "envelope.unreadable": mark("The office could not read it at all"),
    "visit.not_come": mark("The office has not got the visit that it belongs to"),
    "lane.forked": mark("The records on the device were copied, and another copy was quicker"),
    "lane.unsigned": mark("The device sent it, but its officer’s own key has not signed it"),
    "lane.wrong_signature": mark(
        "Another key than its officer’s signed it, or it was altered since"
    ),
    "sealed.unreadable": mark("It came sealed, and the office could not open it"),
    "store.of_another_device": mark("It came sealed from one device, and is another device’s work"),
    "device.pending": mark("Nobody had approved the device that sent it"),
    "device.suspended": mark("Its officer’s sign-in had been stopped"),
    "device.revoked": mark("The device that sent it had been revoked"),
}
"""Why something was set aside, as whoever looks at it needs to know."""

ACTIONS: Mapping[str, str] = {
    "authority.lacking": mark("Ask an administrator what this officer may do"),
    "authority.never_assigned": mark(
        "Ask the officer how they came to it, then record it on the right case"
    ),
    "case.unknown": mark("Ask the officer which case it was about, then record it there"),
    "command.unknown": mark("Have the device updated"),
    "command.unreadable": mark("Ask the officer what it was, and record it here"),
    "command.id_reused": mark("Have the device looked at before it goes out again"),
    "command.failed": mark(
        "Record it again, for the fault may have passed. If not, tell whoever looks after Fieldfare"
    ),
    "command.waits": mark("Deal with what it belongs to: both are shown together"),
    "envelope.unreadable": mark("Ask the officer what it was, and record it here"),
    "visit.not_come": mark(
        "Another device may still bring that visit: record this once it is here. "
        "If it never comes, ask the officer"
    ),
    "lane.forked": mark(
        "A device that is up to date sends it again by itself: if it still waits, record it here"
    ),
    "lane.unsigned": mark(
        "Ask the officer whether it is theirs. If so, record it here; if not, have the device revoked"
    ),
    "lane.wrong_signature": mark(
        "Ask the officer whether it is theirs. If so, record it here; if not, have the device revoked"
    ),
    "sealed.unreadable": mark("Have the device unlocked and synced: it sends the same by itself"),
    "store.of_another_device": mark("Find out how it came there, then record it here or close it"),
    "device.pending": mark(
        "Approve the device: it sends this again by itself. If you never will, close this"
    ),
    "device.suspended": mark(
        "Once the officer is reinstated it comes by itself. If they never are, record it here"
    ),
    "device.revoked": mark("See whether it is true, then record it here or close it"),
}
"""What to do about each reason."""

WAITS = "command.waits"
"""The code of what waits beside something else."""

BESIDE_MAX = 100
"""Commands shown beside the one they belong to."""

TEXT_MAX = 20_000
"""Characters shown of what was sent."""


@dataclass(frozen=True, kw_only=True)
class Aside:
    """One thing that was set aside."""

    subject: str
    what: str
    code: str
    officer: str
    device: str
    received_at: datetime
    case_id: str | None
    examined_at: datetime | None
    examiner: str
    note: str
    advice: Advice
    replayed_at: datetime | None = None
    replayer: str = ""
    arrived: bool = False
    """It has come by itself since."""

    asked: str = ""
    """What the officer wrote who wants it looked at."""

    content: str = ""
    said: tuple[tuple[str, object], ...] = ()
    """What of it people read: the label of each part, and a marked word, a text or a moment."""

    beside: tuple[Part, ...] = ()
    """What names something that this did not come to make, and waits for it."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A command that waits beside the one it belongs to."""

    what: str
    received_at: datetime
    said: tuple[tuple[str, object], ...]


def waiting(session: Session) -> Waiting:
    """Say how much was set aside that nobody has looked at, and since when."""
    every = _every().subquery()
    count, oldest = session.execute(
        select(func.count(), func.min(every.c.received_at))
        .outerjoin(ExaminationRow, ExaminationRow.subject == every.c.subject)
        .where(*_still_waits(every))
    ).one()
    return Waiting(count=count, oldest=oldest)


def unexamined(session: Session, part: Slice) -> list[Aside]:
    """List what was set aside that nobody has looked at, the oldest first."""
    return [_aside(row) for row in session.execute(_asides(part))]


def find(session: Session, subject: str) -> Aside | None:
    """Find one thing that was set aside, with what was sent."""
    row = session.execute(_asides(Slice(limit=1), subject)).one_or_none()
    if row is None:
        return None
    body = session.scalar(_body_of(subject))
    return replace(
        _aside(row),
        content=_shown(body),
        said=_said(row.what, body),
        beside=_beside(session, subject),
    )


def _every() -> CompoundSelect[Any]:
    """Put commands that were set aside beside bytes that were no command at all."""
    commands = select(
        cast(CommandRow.command_id, String(64)).label("subject"),
        CommandRow.name.label("what"),
        CommandRow.code.label("code"),
        CommandRow.actor_id.label("officer_id"),
        CommandRow.device_id.label("device_id"),
        CommandRow.received_at.label("received_at"),
        CommandRow.case_id.label("case_id"),
        false().label("arrived"),
    ).where(was_set_aside(), ~_waits_beside_what_is_shown())
    other = select(
        SetAsideRow.digest,
        SetAsideRow.name,
        SetAsideRow.code,
        DeviceRow.officer_id,
        SetAsideRow.device_id,
        SetAsideRow.received_at,
        cast(None, Id),
        has_arrived(),
    ).outerjoin(DeviceRow, DeviceRow.device_id == SetAsideRow.device_id)
    return union_all(commands, other)


def _still_waits(every: Any) -> tuple[ColumnElement[bool], ...]:  # noqa: ANN401 - a subquery
    """Choose what nobody has examined or recorded, and has not come by itself."""
    return (
        ExaminationRow.subject.is_(None),
        ~was_replayed(every.c.subject),
        ~every.c.arrived,
    )


def _waits_beside_what_is_shown() -> ColumnElement[bool]:
    """Choose what belongs to something else that was set aside: both are one item."""
    shown = aliased(CommandRow)
    return and_(
        CommandRow.code == WAITS,
        exists().where(
            cast(shown.command_id, String(64)) == CommandRow.values["beside"].astext,
            shown.outcome == "quarantined",
        ),
    )


def _beside(session: Session, subject: str) -> tuple[Part, ...]:
    """List what waits beside one thing that was set aside, in order of arrival."""
    row = CommandRow
    found = session.execute(
        select(row.name, row.received_at, DetailRow.body)
        .outerjoin(DetailRow, DetailRow.detail_id == row.detail_id)
        .where(
            row.code == WAITS,
            row.outcome == "quarantined",
            row.values["beside"].astext == subject,
        )
        .order_by(row.received_at, row.lane, row.seq)
        .limit(BESIDE_MAX)
    )
    return tuple(
        Part(
            what=NAMES.get(name, mark("Something that could not be read")),
            received_at=received_at,
            said=_said(name, body),
        )
        for name, received_at, body in found
    )


def _asides(part: Slice, subject: str | None = None) -> Select[Any]:
    every = _every().subquery()
    officer, examiner, replayer = aliased(UserRow), aliased(UserRow), aliased(UserRow)
    columns: list[Any] = [
        every,
        officer.name.label("officer"),
        DeviceRow.name.label("device"),
        ExaminationRow.examined_at,
        ExaminationRow.note,
        examiner.name.label("examiner"),
        ReplayRow.replayed_at,
        replayer.name.label("replayer"),
        HandedOverRow.reason.label("asked"),
    ]
    found = (
        select(*columns)
        .outerjoin(officer, officer.user_id == every.c.officer_id)
        .outerjoin(DeviceRow, DeviceRow.device_id == every.c.device_id)
        .outerjoin(ExaminationRow, ExaminationRow.subject == every.c.subject)
        .outerjoin(examiner, examiner.user_id == ExaminationRow.examined_by)
        .outerjoin(ReplayRow, ReplayRow.subject == every.c.subject)
        .outerjoin(replayer, replayer.user_id == ReplayRow.replayed_by)
        .outerjoin(HandedOverRow, cast(HandedOverRow.command_id, String(64)) == every.c.subject)
        .order_by(every.c.received_at, every.c.subject)
        .offset(part.offset)
        .limit(part.limit)
    )
    if subject is None:
        return found.where(*_still_waits(every))
    return found.where(every.c.subject == subject)


def _body_of(subject: str) -> Select[Any]:
    """Choose what was sent: a command's envelope, or the bytes that were none."""
    if is_id(subject):
        return (
            select(DetailRow.body)
            .join(CommandRow, CommandRow.detail_id == DetailRow.detail_id)
            .where(CommandRow.command_id == subject)
        )
    return select(SetAsideRow.body).where(SetAsideRow.digest == subject)


def _aside(row: Any) -> Aside:  # noqa: ANN401 - a row of _asides
    code = row.code or ""
    return Aside(
        subject=row.subject,
        what=NAMES.get(row.what, mark("Something that could not be read")),
        code=code,
        officer=row.officer or "",
        device=row.device or "",
        received_at=row.received_at,
        case_id=row.case_id,
        examined_at=row.examined_at,
        examiner=row.examiner or "",
        note=row.note or "",
        replayed_at=row.replayed_at,
        replayer=row.replayer or "",
        arrived=row.arrived,
        asked=row.asked or "",
        advice=_about_handed_over(code) if row.asked is not None else _advice(code),
    )


def _advice(code: str) -> Advice:
    return Advice(
        action=Sentence(ACTIONS.get(code, mark("Tell whoever looks after Fieldfare"))),
        reason=Sentence(REASONS.get(code, mark("The office could not take it"))),
        tone="red",
    )


def _about_handed_over(code: str) -> Advice:
    """Say what to do about something refused that its officer wants looked at as it is."""
    refused = REFUSALS.get(code, mark("The office could not take it"))
    plain = refused if "%(" not in refused else mark("The office could not take it")
    return Advice(
        action=Sentence(mark("Look at what the officer asks, and ring them")),
        reason=Sentence(mark("It was refused: %(why)s"), why=Sentence(plain)),
        tone="red",
    )


def _said(name: str, body: bytes | None) -> tuple[tuple[str, object], ...]:
    """Read the parts of a command that have a label, as far as each is what it should be."""
    kind = BY_NAME.get(name)
    try:
        sent = json.loads(body or b"")["body"]
        items = {str(field): value for field, value in sent.items() if value}
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return ()
    return tuple(
        (label, said)
        for field, asked in (kind.schema.fields.items() if kind else ())
        if (label := asked.metadata.get("label")) and (said := _in_words(asked, items.get(field)))
    )


def _in_words(asked: Field[Any], value: object) -> object:
    if isinstance(asked, Choice):
        return asked.options.get(str(value))
    if isinstance(asked, MomentField):
        try:
            return asked.check(value)
        except ValidationError:
            return None
    if not isinstance(value, str) or is_id(value):
        return None
    return Sentence("%(typed)s", typed=value)  # what was typed is no sentence with gaps in it


def _shown(body: bytes | None) -> str:
    """Write what was sent as a person can read it: JSON on lines, and codes for what has no shape."""
    if not body:
        return ""
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, indent=2)[:TEXT_MAX]
    except (ValueError, RecursionError):
        text = body[:TEXT_MAX].decode("utf-8", "backslashreplace")
        return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)
