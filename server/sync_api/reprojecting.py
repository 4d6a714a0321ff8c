"""Projects every assigned case again when a release changed what a device is given of the same rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.spine import projections
from server.spine.areas import Chore, House
from server.spine.execute import Door
from server.spine.locks import lock
from server.spine.settings import keep_setting, setting
from server.spine.tables import CaseAccessRow
from shared.commands import Touched
from shared.schemas import canonical, digest

CASES_AT_ONCE = 50
"""Cases of one transaction and one commit: few, so that nobody waits long and pages stay small."""

CHUNKS_MAX = 40
"""Chunks of one turn; the others wait for the next, a minute later."""

PROJECTED = "projected"
"""Which versions of the projections every case was last projected by."""

REACHED = "projected_to"
"""Which versions a turn is projecting by, and the last case it has done."""

_LOWEST = "00000000-0000-0000-0000-000000000000"


def versions_of(house: House) -> str:
    """Name the versions of all projections together, so that any change of one is noticed."""
    return digest(canonical(sorted([p.view, p.kind, p.version] for p in house.projections)))[:32]


def project_again(sessions: Callable[[], Session], house: House) -> int:
    """Project the next cases again, each chunk in a transaction of its own; say how many were done.

    Stopped at any moment it goes on where it was; what is as it should be moves nothing.
    """
    done = 0
    for _chunk in range(CHUNKS_MAX):
        with sessions() as session, session.begin():
            cases = _next(session, house)
            if not cases:
                break
            lock(session, Touched(case_ids=frozenset(cases)))
            projections.refresh(session, house, cases)
            keep_setting(session, REACHED, f"{versions_of(house)} {cases[-1]}")
            projections.take_commit_number(session)
            done += len(cases)
    return done


def _next(session: Session, house: House) -> Sequence[str]:
    """Say which cases come next; none when all have been projected by these versions."""
    wanted = versions_of(house)
    if setting(session, PROJECTED) == wanted:
        return ()
    begun, _, reached = (setting(session, REACHED) or "").partition(" ")
    cases = session.scalars(
        select(CaseAccessRow.case_id)
        .where(
            CaseAccessRow.granted,
            CaseAccessRow.case_id > (reached if begun == wanted else _LOWEST),
        )
        .distinct()
        .order_by(CaseAccessRow.case_id)
        .limit(CASES_AT_ONCE)
    ).all()
    if not cases:
        keep_setting(session, PROJECTED, wanted)
    return cases


def _take_turn(_session: Session, _now: datetime) -> int:
    """Do a turn of it, if there is anything to do."""
    door: Door = current_app.extensions["fieldfare"]["door"]
    return project_again(door.sessions, door.house)


CHORE = Chore(name="sync_api.project_again", cron="* * * * *", run=_take_turn)
