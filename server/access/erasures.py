"""Whether a vault has said that it erased a case that left its officer's hands."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, exists

from server.access.tables import DeviceStoreRow, ErasureRow
from server.spine.tables import CaseAccessRow


def said_erased(store_id: Any) -> ColumnElement[bool]:  # noqa: ANN401 - an id, or a column of ids
    """Ask whether a vault has said, since a case was last taken away, that it erased it."""
    said = exists().where(
        ErasureRow.store_id == store_id,
        ErasureRow.case_id == CaseAccessRow.case_id,
        ErasureRow.erased_at >= CaseAccessRow.revoked_at,
    )
    return said.correlate(CaseAccessRow, DeviceStoreRow)


def is_still_there() -> ColumnElement[bool]:
    """Ask whether a case taken from an officer may still be in a vault of theirs.

    It stands in a statement that joins `case_access` with `device_store`. A vault that first spoke
    after the case was taken away was never given it.
    """
    given = DeviceStoreRow.first_seen_at < CaseAccessRow.revoked_at
    return and_(~CaseAccessRow.granted, given, ~said_erased(DeviceStoreRow.store_id))
