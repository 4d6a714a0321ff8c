"""The order in which rows are locked, so that two writers never wait for each other in a ring."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ARRAY, bindparam, column, select, table, text
from sqlalchemy.orm import Session

from server.spine.among import given
from server.spine.tables import Id
from shared.commands import Touched

case_subject = table(
    "case_subject", column("case_id", Id), column("kind"), column("subject_id", Id)
)
"""A view: which people, debts and accounts each case concerns, derived and never stored."""

_SUBJECTS = select(case_subject.c.kind, case_subject.c.subject_id).where(
    given(case_subject.c.case_id)
)

_SHOWING = select(case_subject.c.case_id).where(
    case_subject.c.kind == bindparam("kind"), given(case_subject.c.subject_id)
)

_LOCKS = {
    kind: text(asked).bindparams(bindparam("ids", type_=ARRAY(Id)))
    for kind, asked in {
        "case": 'SELECT case_id FROM "case" WHERE case_id = ANY(:ids) ORDER BY case_id FOR UPDATE',
        "account": "SELECT account_id FROM account WHERE account_id = ANY(:ids) "
        "ORDER BY account_id FOR UPDATE",
        "debt": "SELECT debt_id FROM debt WHERE debt_id = ANY(:ids) ORDER BY debt_id FOR UPDATE",
        "person": "SELECT person_id FROM person WHERE person_id = ANY(:ids) "
        "ORDER BY person_id FOR UPDATE",
    }.items()
}


def lock(session: Session, subjects: Touched) -> frozenset[str]:
    """Lock cases, then accounts, debts and people, each in id order; answer which cases.

    A case brings its debts and people, and every case that shows one of the subjects is locked too:
    whoever writes a case's field records holds that case, so that no two writers undo each other's.
    """
    of_cases = subjects_of(session, subjects.case_ids)
    case_ids = _showing(session, subjects, of_cases.debt_ids)
    _lock(session, "case", case_ids)
    _lock(session, "account", subjects.account_ids)
    _lock(session, "debt", subjects.debt_ids | of_cases.debt_ids)
    _lock(session, "person", subjects.person_ids | of_cases.person_ids)
    return case_ids


def lock_more_cases(session: Session, case_ids: frozenset[str]) -> None:
    """Lock cases that came to light only while deciding: a marker's end names none of them.

    This is out of order, so two writers can meet in a ring; the database ends one, which is retried.
    """
    _lock(session, "case", case_ids)


def _lock(session: Session, kind: str, ids: Collection[str]) -> None:
    if ids:
        session.execute(_LOCKS[kind], {"ids": sorted(ids)})


def subjects_of(session: Session, case_ids: Collection[str]) -> Touched:
    """Say which debts and people the cases concern."""
    if not case_ids:
        return Touched()
    rows = session.execute(_SUBJECTS, {"ids": sorted(case_ids)}).all()
    return Touched(
        debt_ids=frozenset(id_ for kind, id_ in rows if kind == "debt"),
        person_ids=frozenset(id_ for kind, id_ in rows if kind == "person"),
    )


def cases_concerned(session: Session, touched: Touched) -> frozenset[str]:
    """Say which cases show any of these subjects, and which share a debt with a case touched."""
    return _showing(session, touched, subjects_of(session, touched.case_ids).debt_ids)


def _showing(session: Session, touched: Touched, debts_of_cases: frozenset[str]) -> frozenset[str]:
    """Say which cases show any of the subjects or of these debts, the cases touched among them."""
    found = set(touched.case_ids)
    by_kind = {
        "debt": touched.debt_ids | debts_of_cases,
        "person": touched.person_ids,
        "account": touched.account_ids,
        "address": touched.address_ids,
    }
    for kind, ids in by_kind.items():
        if ids:
            found.update(session.scalars(_SHOWING, {"kind": kind, "ids": sorted(ids)}))
    return frozenset(found)
