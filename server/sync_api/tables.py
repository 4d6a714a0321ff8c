"""The rows of sync: what was found wrong between the office and a device, for somebody to look at."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.spine.database import Row
from server.spine.tables import Id, Moment


class DefectRow(Row):
    """One time that a device and the office did not hold the same, or something was asked twice.

    Kinds: `scope.differs` (a device's copy, with how many cases were sent again), `scope.totals`
    (the office's own totals), `purge.confirmed` (a device asked again before it erased a great part
    of its cases), `epoch.changed` (a device that had read another life of this database). `values`
    holds ids and counts, nothing personal.
    """

    __tablename__ = "sync_defect"
    defect_id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    store_id: Mapped[str] = mapped_column(Id, index=True)
    device_id: Mapped[str] = mapped_column(Id)
    officer_id: Mapped[str] = mapped_column(Id)
    noticed_at: Mapped[datetime] = mapped_column(Moment, index=True)
    kind: Mapped[str] = mapped_column(String(40))
    values: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
