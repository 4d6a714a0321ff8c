"""Backups by themselves: a chore that looks whether one is due, and the job that takes it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

from flask import current_app
from sqlalchemy.orm import Session

from server.config import Config
from server.keeping import queries
from server.keeping.keys import read_key
from server.keeping.manifests import Store
from server.keeping.taking import Wanted, take
from server.serving import owner_url
from server.spine import clock, jobs
from server.spine.areas import Chore
from server.spine.jobs import Ending, Work
from shared.catalogue import Sentence, mark
from shared.errors import RuleBroken

JOB = "keeping.backup"

TITLE = mark("Take a backup and prove it")

THE_OFFICE = "00000000-0000-4000-8000-0000000000c2"
"""Who asks for a backup that is due: nobody who could be asked about it."""

_TURNS = uuid.UUID("6d2f5bb4-3c2b-4b0c-9d5c-1a2f5b3e7c10")
"""Names the turns, so that several workers that look at once ask once."""


def config() -> Config:
    """Give the settings of the office this process belongs to."""
    found: Config = current_app.extensions["fieldfare"]["config"]
    return found


def store_of(settings: Config) -> Store:
    """Open the folder of backups, refused when it or its key is not there."""
    if settings.backup_to is None or settings.backup_key is None:
        raise RuleBroken("backup.not_set_up")
    return Store(settings.backup_to, read_key(settings.backup_key, settings.backup_to))


def back_up(work: Work) -> Ending:
    """Take a backup; stopped or put back, it leaves the watermark where it was."""
    settings = config()
    wanted = Wanted(
        home=settings.home,
        store=store_of(settings),
        kept=settings.backups_kept,
        house=work.door.house,
        clock=clock.now,
        new_id=clock.new_id,
        tell=_by_percent(work),
    )
    manifest = take(wanted, owner_url(settings, current_app.config["SQLALCHEMY_DATABASE_URI"]))
    return Ending(
        lines=(
            Sentence(
                mark("Verified: a restore of this backup stands at commit %(number)s."),
                number=manifest.commit_number,
            ),
        ),
        link=(mark("See the backups"), "/backups"),
        figures={"commit_number": manifest.commit_number, "size_bytes": manifest.size_bytes},
    )


def _by_percent(work: Work) -> Callable[[int, int], None]:
    """Say how far the job is, a hundred times and not at each piece."""
    said = -1

    def tell(done: int, total: int) -> None:
        nonlocal said
        percent = 100 * done // max(total, 1)
        if percent != said:
            said = percent
            work.reached(percent, 100)

    return tell


def look(session: Session, now: datetime) -> int:
    """Ask for a backup if one is due."""
    if not queries.standing(session, config(), now).is_due(now):
        return 0
    turn = uuid.uuid5(_TURNS, f"{now:%Y-%m-%dT%H}")
    jobs.ask(session, THE_OFFICE, TITLE, JOB, job_id=str(turn), arguments={})
    return 1


LOOK = Chore(name="keeping.look", cron="*/5 * * * *", run=look)
