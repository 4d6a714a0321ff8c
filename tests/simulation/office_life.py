"""What befalls an office in a simulation: backups taken, an old one put back, officers suspended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from server.access.user_commands import ReinstateUser, SuspendUser
from tests.simulation import calls, office_steps

if TYPE_CHECKING:
    from tests.simulation.office_steps import Asked
    from tests.simulation.story import Story

BACKUPS_MAX = 3
"""Backups a story keeps; each is the whole of the office."""


@dataclass(frozen=True, kw_only=True)
class Backup:
    """A backup: all there was, and what the office had answered by then."""

    taken: Any
    number: int
    answered: frozenset[int]
    asked: list[Asked]


def back_up(story: Story) -> None:
    """Take a backup, and mostly find it good, which tells devices what they may let go.

    While somebody is at work inside a transaction that can only be said later, so it is not.
    """
    number = story.watch.head()
    backup = Backup(
        taken=story.books.taken(),
        number=number,
        answered=frozenset(id(each) for each in story.asked if each.results is not None),
        asked=list(story.asked),
    )
    story.backups = [*story.backups, backup][-BACKUPS_MAX:]
    verified = story.random.random() < 0.6 and not story.books.in_use
    if verified:
        story.watch.write("UPDATE sync_head SET durable_commit_number = :number", number=number)
    story.note(f"a backup holds commit {number}" + (" and is verified" if verified else ""))


def restore(story: Story) -> None:
    """Go on from a backup in another life of the database; of what is newer the devices know.

    Never from one older than the last that was verified: by it, devices let go of what they had sent.
    """
    durable = story.watch.durable()
    there = [backup for backup in story.backups if backup.number >= durable]
    if not there:
        back_up(story)
        return
    backup = story.random.choice(there)
    calls.restart(story)
    story.watch.remember_answers()
    story.books.put_back(backup.taken)
    story.watch.begin_again(story.ids())
    story.backups = story.backups[: story.backups.index(backup) + 1]
    for each in story.asked:
        if id(each) not in backup.answered:
            each.results = None
    story.note(f"the office is restored from the backup of commit {backup.number}")


def suspend(story: Story) -> None:
    """Stop an officer, or let one who was stopped go on."""
    stopped = story.watch.suspended()
    if stopped and story.random.random() < 0.7:
        office_steps.ask(story, [ReinstateUser(user_id=story.random.choice(stopped))])
    else:
        office_steps.ask(story, [SuspendUser(user_id=story.some_officer())])


def reinstate_all(story: Story) -> None:
    """Let everybody go on, before the last word is asked of their devices."""
    for user_id in story.watch.suspended():
        office_steps.ask(story, [ReinstateUser(user_id=user_id)])
