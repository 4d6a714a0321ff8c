"""What the audit does by itself: sealing every few seconds, and a verification each night."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import datetime
from time import monotonic

from sqlalchemy.orm import Session

from server.audit import checkpoints, sealing
from server.audit.checking import check_audit
from server.config import Config
from server.keeping.jobs import THE_OFFICE, config
from server.spine import jobs, office_seal
from server.spine.areas import Chore
from server.spine.jobs import Ending, Work
from server.spine.office_seal import OfficeSeal
from shared.catalogue import Sentence, mark
from shared.errors import REFUSALS, RuleBroken
from shared.presentation import number

logger = logging.getLogger(__name__)

JOB = "audit.verify"

TITLE = mark("Verify the sealed history")

TURN_SECONDS_MAX = 3.0
"""How long one turn of sealing may take; the next goes on where it stopped."""

_NIGHTS = uuid.UUID("0f3a1c52-9f0d-4a1c-8c55-6c1f4e0a2b7d")
"""Names the nights, so that several workers that look at once ask once."""


def checkpoint_key(settings: Config) -> OfficeSeal:
    """Give the key that signs checkpoints, made at its first use."""
    return office_seal.load(settings.home / "secrets", office_seal.CHECKPOINT_KEY_FILE)


def seal_and_sign(session: Session, now: datetime) -> int:
    """Seal what was recorded since the last turn, and sign a checkpoint when one is due."""
    if not sealing.alone(session):
        return 0
    settings = config()
    if settings.checkpoints_to is not None:
        checkpoints.copy_all(session, settings.checkpoints_to, now)
    began, count = monotonic(), 0
    while sealed := sealing.seal(session, now):
        count += sealed
        if sealed < sealing.BATCH or monotonic() - began > TURN_SECONDS_MAX:
            break
    checkpoints.sign(session, checkpoint_key(settings), now)
    return count


def verify(work: Work) -> Ending:
    """Verify the whole history against the office's rows and every checkpoint."""
    settings = config()
    tell = _now_and_then(work)
    with work.door.sessions() as session:
        try:
            found = check_audit(
                session, settings.checkpoints_to, checkpoint_key(settings).public_text, tell
            )
        except RuleBroken as wrong:
            logger.exception("the sealed history does not hold", extra={"code": wrong.code})
            return Ending(
                lines=(Sentence(REFUSALS[wrong.code], **wrong.values),),
                link=_LINK,
                figures={"whole": False, "code": wrong.code, "values": wrong.values},
            )
    return Ending(
        lines=(
            Sentence(
                mark("Nothing is amiss in %(entries)s entries; checkpoints hold %(held)s of them."),
                entries=number(found.entries),
                held=number(found.held),
            ),
        ),
        link=_LINK,
        figures={
            "whole": True,
            "entries": found.entries,
            "held": found.held,
            "superseded": found.superseded,
        },
    )


_LINK = (mark("See History’s seal"), "/history-seal")


def _now_and_then(work: Work) -> Callable[[int, int], None]:
    """Say how far the job is, a hundred times and not at each batch."""
    said = -1

    def tell(done: int, total: int) -> None:
        nonlocal said
        percent = 100 * done // max(total, 1)
        if percent != said:
            said = percent
            work.reached(done, total)

    return tell


def ask_each_night(session: Session, now: datetime) -> int:
    """Ask for the verification of this night."""
    night = uuid.uuid5(_NIGHTS, f"{now:%Y-%m-%d}")
    jobs.ask(session, THE_OFFICE, TITLE, JOB, job_id=str(night), arguments={})
    return 1


SEAL = Chore(name="audit.seal", cron="* * * * * */5", run=seal_and_sign)
NIGHTLY = Chore(name="audit.nightly", cron="40 2 * * *", run=ask_each_night)
