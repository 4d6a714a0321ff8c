"""Sight: what a reader's own queries can see at all, told to the database before the first of them.

The schema `visible` has a view for each table that shows less than all of it. A session that looks for
a reader finds those views under the tables' names, so that every statement, whoever wrote it, has the
rule in it. Sessions of the door, of devices and of chores look for nobody and see the tables.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, Connection, bindparam, event, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.spine.tables import FieldClassRow, Id
from shared.commands import Actor, Touched
from shared.field_classes import FieldClass, withheld_unless_entitled

PERMISSIONS: Mapping[FieldClass, str] = {
    FieldClass.VULNERABILITY: "vulnerability.see",
    FieldClass.PROTECTED_ADDRESS: "protected_address.see",
    FieldClass.SAFEGUARDING: "safeguarding.see",
}
"""Which permission shows what is of a sensitive class, on a page about one person, account or case."""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who looks, at which moment, and which sensitive classes the page may show them."""

    user_id: str
    now: datetime
    classes: frozenset[FieldClass] = frozenset()


def entitled(actor: Actor) -> frozenset[FieldClass]:
    """Say which sensitive classes somebody may see on a page."""
    return frozenset(told for told, needed in PERMISSIONS.items() if actor.may(needed))


_LOOK = text(
    "SELECT set_config('search_path', 'visible, public', true),"
    " set_config('fieldfare.reader', :reader, true),"
    " set_config('fieldfare.now', :now, true),"
    " set_config('fieldfare.classes', :classes, true)"
)

_READER = "reader"


def look_for(session: Session, reader: Reader) -> None:
    """Have everything that this session asks from now on see what the reader may see."""
    session.info[_READER] = reader
    if session.in_transaction():
        _tell(session.connection(), reader)


@event.listens_for(Session, "after_begin")
def _begin(session: Session, _transaction: object, connection: Connection) -> None:
    """Tell each transaction of a reader's session who looks, before anything is asked in it."""
    reader = session.info.get(_READER)
    if reader is not None:
        _tell(connection, reader)


def _tell(connection: Connection, reader: Reader) -> None:
    connection.execute(
        _LOOK,
        {
            "reader": reader.user_id,
            "now": reader.now.isoformat(),
            "classes": ",".join(sorted(reader.classes)),
        },
    )


_HIDDEN = text(
    "SELECT EXISTS (SELECT FROM visible.hidden_person WHERE person_id = ANY(:people))"
    " OR EXISTS (SELECT FROM visible.hidden_account WHERE account_id = ANY(:accounts))"
    " OR EXISTS (SELECT FROM visible.hidden_debt WHERE debt_id = ANY(:debts))"
    " OR EXISTS (SELECT FROM visible.hidden_case WHERE case_id = ANY(:cases))"
).bindparams(
    *(bindparam(name, type_=ARRAY(Id)) for name in ("people", "accounts", "debts", "cases"))
)


def is_any_hidden(session: Session, touched: Touched) -> bool:
    """Tell whether any of these subjects is hidden from this session's reader."""
    asked = {
        "people": sorted(touched.person_ids),
        "accounts": sorted(touched.account_ids),
        "debts": sorted(touched.debt_ids),
        "cases": sorted(touched.case_ids),
    }
    return any(asked.values()) and bool(session.scalar(_HIDDEN, asked))


def is_there(session: Session, column: Any, id_: str) -> bool:  # noqa: ANN401 - a column
    """Tell whether a row with this id is in sight; one that is hidden is as one that never was."""
    return session.scalar(select(column).where(column == id_).limit(1)) is not None


_PEOPLE = {
    "person": "SELECT CAST(:id AS uuid) AS person_id",
    "case": "SELECT subject_id AS person_id FROM case_subject"
    " WHERE kind = 'person' AND case_id = :id",
    "account": "SELECT person_id FROM liable_party JOIN debt USING (debt_id) WHERE account_id = :id",
}

_WITHHELD = {
    kind: text(
        f"WITH about AS ({people}), "  # noqa: S608 - one of the three above
        "fields AS (SELECT field FROM visible.withheld WHERE record = 'person') "
        "SELECT EXISTS (SELECT FROM public.marker JOIN about USING (person_id) WHERE until IS NULL"
        " AND kind IN (SELECT value FROM visible.withheld WHERE record = 'marker'))"
        " OR EXISTS (SELECT FROM public.person JOIN about USING (person_id) WHERE"
        " (needs <> '{}' AND 'needs' IN (SELECT field FROM fields))"
        " OR (household <> '' AND 'household' IN (SELECT field FROM fields)))"
        " OR EXISTS (SELECT FROM public.hold JOIN public.liable_party USING (debt_id)"
        " JOIN about USING (person_id)"
        " WHERE reason IN (SELECT value FROM visible.withheld WHERE record = 'hold'))"
    )
    for kind, people in _PEOPLE.items()
}


def is_withheld(session: Session, kind: str, id_: str) -> bool:
    """Tell whether a page about this person, case or account leaves something out, never what."""
    return bool(session.scalar(_WITHHELD[kind], {"id": id_}))


_MAY_NOT_HAVE = (
    text(
        "SELECT asked.case_id, asked.user_id"
        " FROM unnest(:cases, :officers) AS asked (case_id, user_id)"
        " WHERE asked.case_id IN (SELECT public.hidden_cases(asked.user_id, 'infinity'))"
    )
    .bindparams(bindparam("cases", type_=ARRAY(Id)), bindparam("officers", type_=ARRAY(Id)))
    .columns(case_id=Id, user_id=Id)
)


def kept_apart(session: Session, pairs: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Say which of these (case id, officer id) may not meet: broken glass gives a device nothing."""
    asked = sorted(pairs)
    rows = session.execute(
        _MAY_NOT_HAVE,
        {"cases": [each[0] for each in asked], "officers": [each[1] for each in asked]},
    )
    return {(case_id, user_id) for case_id, user_id in rows} if asked else set()


def ensure_classes(session: Session) -> None:
    """Tell the database the classes this version of the program declares; safe at every start."""
    statement = insert(FieldClassRow)
    for record, field, value, told in withheld_unless_entitled():
        session.execute(
            statement.values(
                record=record, field=field, value=value, field_class=told
            ).on_conflict_do_update(
                index_elements=["record", "field", "value"],
                set_={"class": statement.excluded["class"]},
            )
        )
