"""How calls of the simulated office go on: held half-way, taken up again, or lost in a restart."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.simulation.office import Call, Hold

if TYPE_CHECKING:
    from tests.simulation.story import Story

HELD_MAX = 3
"""Calls that may be held at once; more only wait for each other."""


TRANSACTIONS = 6
"""Transactions of a call that it may be held before."""

COMMITS = 5
"""Commits of a call that it may be held before, or that the office may not live to see."""


def hold(story: Story, statements: int, how_often: float) -> Hold | None:
    """Draw where a call is to be held, mostly nowhere.

    Inside a transaction it is held only where somebody else can be at work meanwhile; elsewhere the
    office's process may end there, which loses as much as ending before any statement of it.
    """
    random = story.random
    if len(story.office.held) >= HELD_MAX or random.random() >= how_often:
        return None
    drawn = random.random()
    if drawn < 0.2:
        return Hold(commit=random.randrange(1, COMMITS), ends=True)
    if drawn < 0.5 or not story.books.holds_inside:
        return Hold(transaction=random.randrange(1, TRANSACTIONS))
    if drawn < 0.7:
        return Hold(commit=random.randrange(1, COMMITS))
    return Hold(statement=random.randrange(1, statements))


def run(story: Story, call: Call, ended: Callable[[], None]) -> None:
    """Begin a call; when it has ended, now or later, see to what it answered."""
    story.endings[call] = ended
    _advance(story, call)


def _advance(story: Story, call: Call) -> None:
    story.office.go_on(call)
    if not call.ended and call.hold and call.hold.ends:
        story.note(f"{call.label} has reached its {call.hold}")
        restart(story)
        return
    story.watch.office_moved()
    if call.ended:
        story.endings.pop(call)()
    else:
        story.note(f"{call.label} is held before its {call.hold}")


def go_on(story: Story) -> None:
    """Take up one of the calls that are held."""
    call = story.random.choice(story.office.held)
    story.note(f"{call.label} goes on")
    _advance(story, call)


def finish(story: Story) -> None:
    """Take up every call that is held."""
    while story.office.held:
        go_on(story)


def restart(story: Story) -> None:
    """End the office's process in the middle of whatever it does, and begin another."""
    story.note(f"the office ends and begins again, {len(story.office.held)} calls are lost")
    lost = list(story.office.held)
    story.office.stop()
    story.watch.office_moved()
    for call in lost:
        story.endings.pop(call)()
