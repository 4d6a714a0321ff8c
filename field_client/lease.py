"""What a lease allows at a moment, by clocks that may be wrong: pure, and never longer than was lent.

Office time is worked out from the wall clock and how far it was off when the office last spoke, and
is never taken to go back: the latest time known is kept, and within one start of the device the
clock that nobody can set carries it on. Each time the wall clock is found behind, by how much is
added up; beyond ROLL_BACK_SECONDS the lease no longer counts until the office has been asked. A
clock set forward ends a lease early, and the next contact puts that right.

What no program can see without the office: a device that was off, whose files and clock were both
put back. docs/devices.md says so.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from shared.lease_modes import OFFLINE_DAYS_MAX, ROLL_BACK_SECONDS, Mode
from sync.leases import LeaseReply

JITTER_SECONDS = 1.0
"""Seconds two clocks may differ by for having been read one after the other."""

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_MAX = 253_402_300_799.0  # the last second a date can name: the end of the year 9999


class Standing(enum.Enum):
    """How a device stands with its lease."""

    HOLDS = "holds"
    NEVER = "never"
    ENDED = "ended"
    SET_BACK = "set_back"
    SWITCHED_OFF = "switched_off"
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Every clock of the device at one moment, in seconds since 1970 and since this start of it."""

    wall: float
    elapsed: float
    boot: str

    @classmethod
    def of(cls, wall: datetime, elapsed: float, boot: str) -> Reading:
        """Take the clocks as `field_client.clock` reads them."""
        return cls(wall=seconds_of(wall), elapsed=elapsed, boot=boot)


@dataclass(frozen=True, kw_only=True)
class Lease:
    """A lease as the device keeps it; every time is the office's, in seconds since 1970.

    `offset` is how far the office's clock is ahead of this device's, `latest` the latest time known,
    `elapsed` and `boot` when that was by the clock nobody can set, and `behind` by how much the wall
    clock has been set back since the office last spoke.
    """

    mode: Mode
    days: int
    ends: float
    offset: float
    latest: float
    elapsed: float
    boot: str
    behind: float = 0.0

    @property
    def ends_at(self) -> datetime:
        """Say when it ends."""
        return moment_of(self.ends)

    def packed(self) -> dict[str, Any]:
        """Write it as plain values."""
        return {**asdict(self), "mode": self.mode.value}


class LeaseSchema(Schema):
    """How a lease is kept on disk."""

    class Meta:
        """Refuse what this version never wrote."""

        unknown = RAISE

    mode = fields.Enum(Mode, by_value=True, required=True)
    days = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=0, max=OFFLINE_DAYS_MAX)
    )
    ends = fields.Float(required=True, allow_nan=False)
    offset = fields.Float(required=True, allow_nan=False)
    latest = fields.Float(required=True, allow_nan=False)
    elapsed = fields.Float(required=True, allow_nan=False)
    boot = fields.String(required=True, validate=validate.Length(max=64))
    behind = fields.Float(required=True, allow_nan=False)


def begin(given: LeaseReply, reading: Reading) -> Lease:
    """Begin a lease at the moment its answer arrived."""
    now = seconds_of(given.granted_at)
    return Lease(
        mode=given.mode,
        days=given.days,
        ends=seconds_of(given.ends_at),
        offset=now - reading.wall,
        latest=now,
        elapsed=reading.elapsed,
        boot=reading.boot,
    )


def look(lease: Lease, reading: Reading) -> tuple[Standing, Lease]:
    """Say whether a lease holds now, and give it with what these clocks added to it."""
    known = lease.latest
    if reading.boot == lease.boot:
        known += max(0.0, reading.elapsed - lease.elapsed)
    by_wall = reading.wall + lease.offset
    back = known - by_wall if known - by_wall > JITTER_SECONDS else 0.0
    seen = replace(
        lease,
        offset=lease.offset + back,
        latest=max(known, by_wall),
        elapsed=reading.elapsed,
        boot=reading.boot,
        behind=lease.behind + back,
    )
    if seen.behind > ROLL_BACK_SECONDS:
        return Standing.SET_BACK, seen
    return (Standing.HOLDS if seen.latest < seen.ends else Standing.ENDED), seen


def read(values: Mapping[str, Any]) -> Lease:
    """Read a lease that was kept; raises marshmallow's ValidationError for anything else."""
    return Lease(**LeaseSchema().load(values))


def seconds_of(moment: datetime) -> float:
    """Write a moment in seconds since 1970; subtraction knows no year 2038."""
    return (moment - _BEGINNING).total_seconds()


def moment_of(seconds: float) -> datetime:
    """Read a moment again; one that no calendar holds is the nearest that one does."""
    bounded = min(max(seconds, 0.0), _SECONDS_MAX) if math.isfinite(seconds) else 0.0
    return _BEGINNING + timedelta(seconds=math.floor(bounded))
