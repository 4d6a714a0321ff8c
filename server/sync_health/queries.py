"""What the pages about sync health read: every device with what it needs, and one with its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, cast, func, select
from sqlalchemy.orm import Session

from server.access.erasures import is_still_there
from server.access.tables import DeviceRow, DeviceStoreRow, UserRow
from server.cases.tables import CaseRow
from server.config import Config
from server.spine.paging import Slice
from server.spine.tables import CaseAccessRow, CommandRow
from server.sync_api.tables import DefectRow, DeviceContactRow, SyncFailureRow
from server.sync_health.limits import Limits, read_limits
from server.sync_health.standing import HISTORY, KINDS, QUIET, Need, Standing, needs_of
from shared.catalogue import Sentence, mark
from shared.commands import Outcome
from shared.presentation import number
from sync.protocol import Receipt

DEVICES_MAX = 2_000
"""Devices a board holds: more than any council gives out."""

HISTORY_DAYS = 14
"""Days of a device's history that its page shows."""

ROWS_MAX = 50
"""Rows of a list that is not paged."""

_EXPECTED = ("epoch.changed", "purge.confirmed")
"""What is written down beside differences and is none."""


@dataclass(frozen=True, kw_only=True)
class Device:
    """One device as the board shows it."""

    device_id: str
    name: str
    officer_id: str
    officer_name: str
    platform: str
    state: str
    app: str
    cases: int
    records: int
    size_bytes: int
    counted_at: datetime | None
    whole_at: datetime | None
    photographs: int | None
    standing: Standing
    needs: tuple[Need, ...] = ()

    @property
    def urgency(self) -> tuple[int, datetime]:
        """Say where it stands on the board: the worst first, then whoever was silent longest."""
        ranks = list(KINDS)
        worst = ranks.index(self.needs[0].code) if self.needs else len(ranks)
        heard = self.standing.heard_at or self.standing.approved_at
        return worst, heard or datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """How often a device's requests were turned away for one cause."""

    code: str
    times: int
    last_at: datetime


@dataclass(frozen=True, kw_only=True)
class Left:
    """A case taken from the officer that the device has not said it erased."""

    case_id: str
    reference: str
    since: datetime


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One time that something between the office and the device was not as it should be."""

    kind: str
    noticed_at: datetime
    values: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One command of a device and how the office answered it."""

    number: str
    name: str
    device_id: str
    device_name: str
    officer_name: str
    case_id: str | None
    reference: str | None
    happened_at: datetime
    received_at: datetime
    outcome: str


@dataclass(frozen=True, kw_only=True)
class DayCount:
    """What came of one day's work of a device."""

    on: date
    recorded: int = 0
    refused: int = 0
    held: int = 0
    failed: int = 0


@dataclass(frozen=True, kw_only=True)
class History:
    """What has been between the office and one device."""

    days: Sequence[DayCount] = field(default_factory=tuple)
    failures: Sequence[Failure] = field(default_factory=tuple)
    left: Sequence[Left] = field(default_factory=tuple)
    differences: Sequence[Difference] = field(default_factory=tuple)


def board(session: Session, now: datetime) -> list[Device]:
    """List every device in use, the one that needs somebody most first."""
    found = _devices(session, DeviceRow.state == "active", read_limits(session), now)
    return sorted(found, key=lambda each: each.urgency)


def device(session: Session, device_id: str, now: datetime) -> Device | None:
    """Find one device, whatever its state."""
    wanted = DeviceRow.device_id == device_id
    return next(iter(_devices(session, wanted, read_limits(session), now)), None)


def alarm(session: Session, _config: Config, now: datetime) -> Sentence | None:
    """Say on the first page that a device needs somebody, and which comes first."""
    loud = [
        (each, need)
        for each in board(session, now)
        if (need := next((n for n in each.needs if n.code not in QUIET), None))
    ]
    if not loud:
        return None
    first, need = loud[0]
    said = {"device": first.name, "officer": first.officer_name, "why": need.sentence}
    if len(loud) == 1:
        return Sentence(mark("A device needs somebody: %(device)s, %(officer)s. %(why)s."), **said)
    return Sentence(
        mark("%(count)s devices need somebody. First: %(device)s, %(officer)s. %(why)s."),
        count=number(len(loud)),
        **said,
    )


def history(session: Session, device_id: str, now: datetime) -> History:
    """Read what has been between the office and one device, of late."""
    since = now - timedelta(days=HISTORY_DAYS)
    failures = _failures(session, device_id, since)
    return History(
        days=_days(session, device_id, since),
        failures=failures,
        left=_left_cases(session, device_id),
        differences=[
            Difference(kind=row.kind, noticed_at=row.noticed_at, values=row.values)
            for row in session.scalars(
                select(DefectRow)
                .where(DefectRow.device_id == device_id)
                .order_by(DefectRow.noticed_at.desc(), DefectRow.defect_id.desc())
                .limit(ROWS_MAX)
            )
        ],
    )


def count_answers(session: Session, device_id: str) -> int:
    """Count the commands of a device that were answered."""
    counted = select(func.count()).select_from(CommandRow)
    return session.scalar(counted.where(_sent_by(device_id))) or 0


def answers(session: Session, device_id: str, part: Slice) -> list[Answer]:
    """List the commands of a device that were answered, the latest first."""
    return _answers(session, _sent_by(device_id), part)


def answers_to(session: Session, command_ids: Sequence[str]) -> list[Answer]:
    """Give some commands as the list of a device's does."""
    return _answers(session, CommandRow.command_id.in_(command_ids), Slice())


# Every device in few statements


def _devices(
    session: Session, wanted: ColumnElement[bool], limits: Limits, now: datetime
) -> list[Device]:
    rows = session.execute(
        select(DeviceRow, UserRow.name, DeviceContactRow)
        .join(UserRow, UserRow.user_id == DeviceRow.officer_id)
        .outerjoin(DeviceContactRow, DeviceContactRow.device_id == DeviceRow.device_id)
        .where(wanted)
        .order_by(UserRow.name, DeviceRow.name, DeviceRow.device_id)
        .limit(DEVICES_MAX)
    ).all()
    left = _left(session, wanted)
    differed = _differed(session, now - timedelta(days=limits.defect_days))
    return [
        _device(row, officer, contact, (left, differed), limits, now)
        for row, officer, contact in rows
    ]


def _device(
    row: DeviceRow,
    officer: str,
    contact: DeviceContactRow | None,
    counted: tuple[Mapping[str, tuple[int, datetime]], Mapping[str, tuple[int, int]]],
    limits: Limits,
    now: datetime,
) -> Device:
    kept = contact or DeviceContactRow(
        device_id=row.device_id, app="", protocol=0, cases=0, records=0, size_bytes=0
    )
    cases_left, left_since = counted[0].get(row.device_id, (0, None))
    defects, histories = counted[1].get(row.device_id, (0, 0))
    ahead = kept.ahead_seconds if kept.ahead_seconds is not None else row.clock_offset_seconds
    standing = Standing(
        approved_at=row.approved_at,
        heard_at=row.seen_at,
        answered_at=kept.answered_at,
        waiting=kept.waiting,
        waiting_since=kept.waiting_since,
        needs_you=kept.needs_you,
        ahead_seconds=ahead,
        protocol=kept.protocol,
        refused_code=kept.refused_code,
        refused_at=kept.refused_at,
        cases_left=cases_left,
        left_since=left_since,
        defects=defects,
        histories=histories,
    )
    return Device(
        device_id=row.device_id,
        name=row.name,
        officer_id=row.officer_id,
        officer_name=officer,
        platform=row.platform,
        state=row.state,
        app=kept.app,
        cases=kept.cases,
        records=kept.records,
        size_bytes=kept.size_bytes,
        counted_at=kept.counted_at,
        whole_at=kept.whole_at,
        photographs=kept.photographs,
        standing=standing,
        needs=needs_of(standing, limits, now) if row.state == "active" else (),
    )


def _left(session: Session, wanted: ColumnElement[bool]) -> dict[str, tuple[int, datetime]]:
    """Count the cases that left an officer and not yet their device, and since when the first."""
    rows = session.execute(
        select(
            DeviceRow.device_id,
            func.count(CaseAccessRow.case_id.distinct()),
            func.min(CaseAccessRow.revoked_at),
        )
        .join(DeviceStoreRow, DeviceStoreRow.device_id == DeviceRow.device_id)
        .join(CaseAccessRow, CaseAccessRow.officer_id == DeviceRow.officer_id)
        .where(wanted, is_still_there())
        .group_by(DeviceRow.device_id)
    )
    return {device_id: (count, since) for device_id, count, since in rows if since}


def _left_cases(session: Session, device_id: str) -> list[Left]:
    rows = session.execute(
        select(CaseAccessRow.case_id, CaseRow.reference, func.min(CaseAccessRow.revoked_at))
        .join(CaseRow, CaseRow.case_id == CaseAccessRow.case_id)
        .join(DeviceRow, DeviceRow.officer_id == CaseAccessRow.officer_id)
        .join(DeviceStoreRow, DeviceStoreRow.device_id == DeviceRow.device_id)
        .where(DeviceRow.device_id == device_id, is_still_there())
        .group_by(CaseAccessRow.case_id, CaseRow.reference)
        .order_by(func.min(CaseAccessRow.revoked_at), CaseRow.reference)
        .limit(ROWS_MAX)
    )
    return [
        Left(case_id=case_id, reference=reference, since=since)
        for case_id, reference, since in rows
        if since
    ]


def _differed(session: Session, since: datetime) -> dict[str, tuple[int, int]]:
    """Count how often each device differed, and how often the sealed history was not what it holds."""
    of_history = DefectRow.kind.in_(HISTORY)
    rows = session.execute(
        select(
            DefectRow.device_id,
            func.count().filter(~of_history),
            func.count().filter(of_history),
        )
        .where(DefectRow.noticed_at >= since, DefectRow.kind.not_in(_EXPECTED))
        .group_by(DefectRow.device_id)
    )
    return {device_id: (int(differed), int(history)) for device_id, differed, history in rows}


# One device


def _failures(session: Session, device_id: str, since: datetime) -> list[Failure]:
    row = SyncFailureRow
    rows = session.execute(
        select(row.code, func.sum(row.times), func.max(row.last_at))
        .where(row.device_id == device_id, row.last_at >= since)
        .group_by(row.code)
        .order_by(func.max(row.last_at).desc())
        .limit(ROWS_MAX)
    )
    return [Failure(code=code, times=int(times), last_at=at) for code, times, at in rows]


def _days(session: Session, device_id: str, since: datetime) -> list[DayCount]:
    """Count a device's work day by day, by what came of it."""
    row, failure = CommandRow, SyncFailureRow
    on = cast(func.timezone("Europe/London", row.received_at), Date)
    kept: dict[date, dict[str, int]] = {}
    for day, outcome, count in session.execute(
        select(on, row.outcome, func.count())
        .where(_sent_by(device_id), row.received_at >= since)
        .group_by(on, row.outcome)
    ):
        counts = kept.setdefault(day, {})
        counts[_kind_of(outcome)] = counts.get(_kind_of(outcome), 0) + int(count)
    for day, times in session.execute(
        select(failure.failed_on, func.sum(failure.times))
        .where(failure.device_id == device_id, failure.last_at >= since)
        .group_by(failure.failed_on)
    ):
        kept.setdefault(day, {})["failed"] = int(times)
    return [DayCount(on=day, **kept[day]) for day in sorted(kept, reverse=True)]


def _sent_by(device_id: str) -> ColumnElement[bool]:
    """Choose what an officer saved on a device, and not what was asked about the device itself."""
    return and_(CommandRow.device_id == device_id, CommandRow.store_id.is_not(None))


def _kind_of(outcome: str) -> str:
    held = {Outcome.REVIEW.value, Outcome.QUARANTINED.value}
    return "held" if outcome in held else "refused" if outcome == Outcome.REFUSED else "recorded"


def _answers(session: Session, wanted: ColumnElement[bool], part: Slice) -> list[Answer]:
    row = CommandRow
    rows = session.execute(
        select(row, DeviceRow.name, UserRow.name, CaseRow.reference)
        .outerjoin(DeviceRow, DeviceRow.device_id == row.device_id)
        .outerjoin(UserRow, UserRow.user_id == row.actor_id)
        .outerjoin(CaseRow, CaseRow.case_id == row.case_id)
        .where(wanted)
        .order_by(row.received_at.desc(), row.lane, row.seq.desc())
        .offset(part.offset)
        .limit(part.limit)
    )
    return [
        Answer(
            number=Receipt(command_id=each.command_id, outcome=Outcome(each.outcome)).number,
            name=each.name,
            device_id=each.device_id or "",
            device_name=device_name or "",
            officer_name=officer or "",
            case_id=each.case_id if reference else None,
            reference=reference,
            happened_at=each.happened_at,
            received_at=each.received_at,
            outcome=each.outcome,
        )
        for each, device_name, officer, reference in rows
    ]
