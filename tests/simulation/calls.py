"""How calls of the simulated office go on: held half-way, taken up again, or lost in a restart."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.simulation.office import Call, Hold

if TYPE_CHECKING:
    from tests.simulation.story import Story

HELD_MAX = 3
"""Calls that may be held at once; more only wait for each other."""


COMMITS = 5
"""Commits of a call that it may be held before."""


def hold(story: Story, statements: int, how_often: float) -> Hold | None:
    """Draw where a call is to be held, mostly nowhere; before a commit everything is written."""
    if len(story.office.held) >= HELD_MAX or story.random.random() >= how_often:
        return None
    if story.random.random() < 0.4:
        return Hold(commit=story.random.randrange(1, COMMITS))
    return Hold(statement=story.random.randrange(1, statements))


def run(story: Story, call: Call, ended: Callable[[], None]) -> None:
    """Begin a call; when it has ended, now or later, see to what it answered."""
    story.endings[call] = ended
    _advance(story, call)


def _advance(story: Story, call: Call) -> None:
    story.office.go_on(call)
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
    story.note(f"the office is restarted, {len(story.office.held)} calls are lost")
    lost = list(story.office.held)
    story.office.stop()
    story.watch.office_moved()
    for call in lost:
        story.endings.pop(call)()
