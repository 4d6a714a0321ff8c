"""What is known of a device at the moment it is ordered to erase itself: counts and times, no names."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from server.access.erasures import is_still_there
from server.access.tables import DeviceRow, DeviceStoreRow, LeaseRow
from server.cases.tables import CaseDebtRow, CaseRow
from server.people.tables import MarkerRow
from server.recovery.tables import HoldRow
from server.sealed_work.tables import SealedCopyRow
from server.spine.tables import CaseAccessRow
from server.sync_api.tables import DeviceContactRow

SENSITIVE = ("vulnerability", "bereavement", "breathing_space")
"""Reasons of a hold that may say something of somebody's health or circumstances, as a device shows it."""


def incident(session: Session, device_id: str, today: date) -> dict[str, Any]:
    """Gather what a data protection officer needs to know of a device that may be in anybody's hands.

    The cases are those its officer is given now, and those taken from them that it has not said it
    erased: the most it can hold, because nobody can ask it.
    """
    seen_at, officer_id = session.execute(
        select(DeviceRow.seen_at, DeviceRow.officer_id).where(DeviceRow.device_id == device_id)
    ).one()
    contact = session.get(DeviceContactRow, device_id)
    lease = session.get(LeaseRow, device_id)
    held = _held_cases(session, device_id, officer_id)
    return {
        "mode": lease.mode if lease else None,
        "days": lease.days if lease else 0,
        "lent_until": _text(lease.ends_at if lease else None),
        "last_contact": _text(seen_at),
        "whole_at": _text(contact.whole_at if contact else None),
        "cases": len(held),
        "sensitive_cases": _count_sensitive(session, held),
        "marked_cases": _count_marked(session, held, today),
        "waiting": contact.waiting if contact else None,
        "waiting_since": _text(contact.waiting_since if contact else None),
        "photographs": contact.photographs if contact else None,
        "needs_you": contact.needs_you if contact else None,
        "sealed_waiting": session.scalar(
            select(func.count()).where(SealedCopyRow.device_id == device_id)
        )
        or 0,
        "app": contact.app if contact else "",
    }


def _held_cases(session: Session, device_id: str, officer_id: str) -> list[str]:
    left = exists().where(DeviceStoreRow.device_id == device_id, is_still_there())
    return list(
        session.scalars(
            select(CaseAccessRow.case_id)
            .where(
                CaseAccessRow.officer_id == officer_id,
                or_(CaseAccessRow.granted, left.correlate(CaseAccessRow)),
            )
            .distinct()
        )
    )


def _count_sensitive(session: Session, case_ids: list[str]) -> int:
    counted = (
        select(func.count(CaseDebtRow.case_id.distinct()))
        .join(HoldRow, HoldRow.debt_id == CaseDebtRow.debt_id)
        .where(CaseDebtRow.case_id.in_(case_ids), HoldRow.reason.in_(SENSITIVE))
    )
    return session.scalar(counted) or 0


def _count_marked(session: Session, case_ids: list[str], today: date) -> int:
    about = or_(
        MarkerRow.person_id == CaseRow.person_id, MarkerRow.address_id == CaseRow.address_id
    )
    counted = (
        select(func.count(CaseRow.case_id.distinct()))
        .join(MarkerRow, about)
        .where(
            CaseRow.case_id.in_(case_ids),
            or_(MarkerRow.until.is_(None), MarkerRow.until > today),
        )
    )
    return session.scalar(counted) or 0


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
