"""What a device is given about holds: each one on every debt a case concerns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.recovery.tables import HoldRow
from server.spine.among import among
from server.spine.areas import Projection
from server.spine.locks import case_subject
from server.spine.written import SUBJECTS


def holds(session: Session, case_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """Build a record for each hold; past ones too, because the device asks about the day of a visit."""
    bodies: dict[str, dict[str, dict[str, Any]]] = {}
    for case_id, hold in session.execute(
        select(case_subject.c.case_id, HoldRow)
        .join(HoldRow, HoldRow.debt_id == case_subject.c.subject_id)
        .where(case_subject.c.kind == "debt", among(case_subject.c.case_id, case_ids))
    ):
        bodies.setdefault(case_id, {})[hold.hold_id] = {
            "debt_id": hold.debt_id,
            "reason": hold.reason,
            "from_on": hold.from_on.isoformat(),
            "until": hold.until.isoformat() if hold.until else None,
        }
    return bodies


PROJECTIONS = (Projection(view="home_visit", kind="hold", build=holds, reads=SUBJECTS | {"hold"}),)
