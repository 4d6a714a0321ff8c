"""What a device is given about a case itself: its reference, its principal, whether it is open."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.cases.tables import CaseRow
from server.spine.among import among
from server.spine.areas import Projection


def build(session: Session, case_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """Build the one record each case has about itself."""
    return {
        row.case_id: {
            row.case_id: {
                "reference": row.reference,
                "open": row.open,
                "person_id": row.person_id,
                "address_id": row.address_id,
                "opened_at": row.opened_at.isoformat(),
            }
        }
        for row in session.scalars(select(CaseRow).where(among(CaseRow.case_id, case_ids)))
    }


PROJECTIONS = (Projection(view="home_visit", kind="case", build=build, reads=frozenset({"case"})),)
