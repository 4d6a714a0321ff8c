"""Reads from the change log everything that was recorded of a case, and of what it concerns, by a time."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session

from server.retelling.folds import Told
from server.spine.tables import ChangeRow, DetailRow

PLACES = ("AddressRecorded", "AccountOpened", "AccountAmended")
MARKERS = ("MarkerRecorded", "MarkerEnded")


@dataclass
class _Concerned:
    """What a case concerns, as far as has been read."""

    debts: set[str] = field(default_factory=set)
    accounts: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)

    def count(self) -> int:
        return len(self.debts) + len(self.accounts) + len(self.people) + len(self.places)

    def learn(self, case_id: str, told: Told) -> None:
        """Follow a change to what it says the case concerns, and no further."""
        line = told.line
        if told.name == "CaseOpened" and line["case_id"] == case_id:
            self.debts.update(line["debt_ids"])
            self.people.update(filter(None, [line["person_id"]]))
            self.places.update(filter(None, [line["address_id"]]))
        elif told.name == "DebtOpened" and line["debt_id"] in self.debts:
            self.accounts.add(line["account_id"])
        elif told.name == "LiablePartyRecorded" and line["debt_id"] in self.debts:
            self.people.add(line["person_id"])
        elif told.name == "AddressRecorded" and line["person_id"] in self.people:
            self.places.add(line["address_id"])


def read_changes(session: Session, case_id: str, at: datetime) -> list[Told]:
    """List every change that bears on the case, in the order in which they were written."""
    concerned = _Concerned()
    while True:
        before = concerned.count()
        changes = _read(session, _wanted(case_id, concerned), at)
        for told in changes:
            concerned.learn(case_id, told)
        if concerned.count() == before:
            return changes


def _wanted(case_id: str, concerned: _Concerned) -> ColumnElement[bool]:
    change = ChangeRow
    place = change.line["address_id"].astext
    return or_(
        change.case_ids.overlap([case_id]),
        _meets(change.debt_ids, concerned.debts),
        _meets(change.account_ids, concerned.accounts),
        _meets(change.person_ids, concerned.people),
        and_(change.name.in_(MARKERS), place.in_(sorted(concerned.places))),
        and_(
            change.name.in_(PLACES),
            place.in_(sorted(concerned.places)),
            change.line["is_new_place"].as_boolean(),
        ),
    )


def _meets(column_: object, ids: Collection[str]) -> ColumnElement[bool]:
    overlap: ColumnElement[bool] = column_.overlap(sorted(ids)) if ids else false()  # type: ignore[attr-defined]  # an array column
    return overlap


def _read(session: Session, wanted: ColumnElement[bool], at: datetime) -> list[Told]:
    change = ChangeRow
    rows = session.execute(
        select(change.name, change.recorded_at, change.line, change.detail_id, DetailRow.body)
        .outerjoin(DetailRow, DetailRow.detail_id == change.detail_id)
        .where(wanted, change.recorded_at <= at)
        .order_by(change.change_id)
    )
    return [
        Told(
            name=row.name,
            recorded_at=row.recorded_at,
            line=row.line,
            detail=json.loads(row.body) if row.body else {},
            erased=row.detail_id is not None and row.body is None,
        )
        for row in rows
    ]
