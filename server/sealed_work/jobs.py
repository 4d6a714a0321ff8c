"""What comes round again of sealed work: photographs are opened once their visit is here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from server.keeping.jobs import config
from server.sealed_work import photographs
from server.spine import office_box
from server.spine.areas import Chore


def open_photographs(session: Session, now: datetime) -> int:
    """Open what waits and can be, and forget what never came whole; say how many were opened."""
    photographs.sweep(session, now)
    return photographs.open_waiting(session, office_box.load(config().home / "secrets"), now)


OPEN = Chore(name="sealed_work.open_photographs", cron="* * * * *", run=open_photographs)
