"""Whether a vault has said that it erased a case that left its officer's hands."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists

from server.access.tables import DeviceStoreRow, ErasureRow
from server.spine.tables import CaseAccessRow


def said_erased() -> ColumnElement[bool]:
    """Ask whether a vault has said, since a case was last taken away, that it erased it.

    This and `is_still_there` stand in a statement that joins `case_access` with `device_store`.
    """
    said = exists().where(
        ErasureRow.store_id == DeviceStoreRow.store_id,
        ErasureRow.case_id == CaseAccessRow.case_id,
        ErasureRow.erased_at >= CaseAccessRow.revoked_at,
    )
    return said.correlate(CaseAccessRow, DeviceStoreRow)


def is_still_there() -> ColumnElement[bool]:
    """Ask whether a case taken from an officer may still be in a vault of theirs.

    A vault that first spoke after the case was taken away was never given it.
    """
    given = DeviceStoreRow.first_seen_at < CaseAccessRow.revoked_at
    return and_(~CaseAccessRow.granted, given, ~said_erased())
