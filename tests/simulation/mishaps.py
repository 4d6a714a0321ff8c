"""What befalls a device in a simulation: its disk, its power, its clock, and a copy made of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlcipher3 import dbapi2 as sqlcipher

from tests.simulation import office_life
from tests.simulation.device import Device
from tests.simulation.disk import Fault

if TYPE_CHECKING:
    from tests.simulation.story import Story

FAILED = sqlcipher.DatabaseError
"""What a vault raises whose disk has failed."""

HOW_OFTEN = 0.1
"""How often the disk fails in the middle of something."""

WITHIN = 14
"""Steps of a disk within which a reply is taken in, or something is saved."""

YEARS = 3653 * 86_400
"""Ten years, in seconds."""

COPIES_MAX = 1
"""Copies made of devices in one story."""


def let_the_disk_fail(story: Story, device: Device) -> None:
    """Have the disk fail at one of its next steps, now and then."""
    if story.random.random() < HOW_OFTEN:
        at = story.random.randrange(1, WITHIN)
        device.disk.fail(at=at, how=story.random.choice(list(Fault)))


def disk_failed(story: Story, device: Device, what: str, failure: Exception) -> None:
    """Begin again on a device whose disk failed in the middle of something."""
    how = str(failure) if device.disk.has_power else "it loses power"
    story.note(f"{device.label} fails while it {what}: {how}")
    device.come_back()
    story.watch.looked_at("P12")


def _restart(story: Story, device: Device) -> None:
    device.restart()
    story.note(f"{device.label} is restarted")


def _die(story: Story, device: Device) -> None:
    device.die()
    story.watch.looked_at("P12")
    story.note(f"{device.label} is killed")


def _lose_power(story: Story, device: Device) -> None:
    device.lose_power()
    story.watch.looked_at("P12")
    story.note(f"{device.label} loses power")


def _skew(story: Story, device: Device) -> None:
    """Set the clock wrong: by moments, by a summer's hour, by days, by ten years either way."""
    device.skew = timedelta(
        seconds=story.random.choice((0, 5, -90, 3_600, -3_600, -86_400, 700_000, YEARS, -YEARS))
    )
    story.note(f"{device.label}'s clock is {device.skew.total_seconds():.0f} s off")


def _upload(story: Story, device: Device) -> None:
    device.upload_photographs()
    story.note(f"{device.label} has sent its photographs")


def _discard(story: Story, device: Device) -> None:
    with device.store.transaction() as connection:
        connection.execute("DELETE FROM draft")
    story.note(f"{device.label} discards what was typed")


def _give_up(story: Story, device: Device) -> None:
    if device.attempts:
        attempt = story.random.choice(device.attempts)
        device.give_up(attempt)
        story.note(f"{device.label} gives up sync {attempt.number}")


def _room(story: Story, device: Device) -> None:
    device.disk.heal()
    story.note(f"{device.label} has room again")


def _copy(story: Story, device: Device) -> None:
    """Copy a device's disk, and have both go on, neither knowing of the other."""
    copies = [each for each in story.devices if each.label.endswith("'")]
    if len(copies) < COPIES_MAX and not device.label.endswith("'"):
        story.devices.append(device.copied(f"{device.label}'", story.ids()))
        story.note(f"{device.label} is copied, and both go on")
        if story.is_bad_day:
            office_life.back_up(story)


COPIES_ON_A_BAD_DAY = 8
"""How much more often a disk is copied on a day of that kind."""

MISHAPS: tuple[tuple[Callable[[Story, Device], None], int], ...] = (
    (_restart, 2),
    (_die, 3),
    (_lose_power, 3),
    (_skew, 3),
    (_upload, 4),
    (_discard, 2),
    (_give_up, 4),
    (_room, 3),
    (_copy, 2),
)
"""What befalls devices, and how often."""


def mishap(story: Story) -> None:
    """Let something befall a device."""
    happenings = [what for what, _weight in MISHAPS]
    weights = [
        weight * (COPIES_ON_A_BAD_DAY if story.is_bad_day and what is _copy else 1)
        for what, weight in MISHAPS
    ]
    story.random.choices(happenings, weights)[0](story, story.some_device())
