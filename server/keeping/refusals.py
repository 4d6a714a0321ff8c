"""Every way a backup or a restore says no, each with one sentence that says what to do."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.catalogue import mark
from shared.errors import RuleBroken, register

NO_ROOM = "backup.no_room"
DAMAGED = "backup.damaged"
CUT = "backup.cut"
FAULT = "backup.fault"

register(
    {
        "backup.not_set_up": mark(
            "Say where backups go (FIELDFARE_BACKUP_TO) and which file holds their key "
            "(FIELDFARE_BACKUP_KEY)"
        ),
        "backup.no_key": mark("There is no backup key in %(file)s: make one with --new-key"),
        "backup.key_unreadable": mark("The file %(file)s is not a backup key of Fieldfare"),
        "backup.key_open": mark(
            "Others on this machine can read the backup key %(file)s: close it with chmod 600"
        ),
        "backup.key_beside": mark(
            "Keep the backup key apart from the backups: %(file)s lies in the same folder"
        ),
        "backup.key_there": mark("There is a file %(file)s already, and a key is never replaced"),
        "backup.wrong_key": mark(
            "The backups in %(folder)s were made with another key, or changed since"
        ),
        "backup.running": mark("Another backup is running: wait until it has ended"),
        "backup.other_office": mark(
            "The folder %(folder)s holds the backups of another office: choose an empty one"
        ),
        "backup.not_ours": mark(
            "A server of its own is backed up when its role and database are called fieldfare and "
            "it is PostgreSQL %(major)s: use that service’s own backups"
        ),
        "backup.no_access": mark(
            "PostgreSQL does not let this role take backups: give it the right to replicate"
        ),
        NO_ROOM: mark("There is no room left in %(folder)s: nothing was published, make room"),
        DAMAGED: mark("The file %(file)s of a backup is not what was written: do not rely on it"),
        "backup.incomplete": mark("The backup %(name)s did not come back whole: %(what)s"),
        CUT: mark("The backup was cut short before it could be verified"),
        FAULT: mark("The backup failed for a reason that is in the log under %(incident)s"),
        "restore.nothing": mark("There is no verified backup in %(folder)s"),
        "restore.not_empty": mark(
            "There is something in %(folder)s already: name a new folder with --into"
        ),
        "restore.elsewhere": mark(
            "A backup is restored into a folder, not into the server that DATABASE_URL names: "
            "unset it"
        ),
        "restore.too_early": mark(
            "No backup reaches back to %(at)s: the first one is of %(first)s"
        ),
        "restore.between": mark(
            "No backup holds what was between %(before)s and %(after)s: restore to one of these"
        ),
        "restore.too_late": mark("The last backup is of %(last)s: nothing is known of %(at)s"),
        "restore.newer": mark(
            "This backup was made by a later version of Fieldfare: install that one first"
        ),
        "restore.no_time": mark(
            "Write the time with its day and zone, such as 2027-03-04T10:00+00:00"
        ),
    }
)


@contextmanager
def room_in(folder: Path) -> Iterator[None]:
    """Say that a disk is full in one sentence, whoever noticed."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise RuleBroken(NO_ROOM, folder=str(folder)) from error
        raise
