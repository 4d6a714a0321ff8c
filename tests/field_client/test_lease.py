"""What a lease allows by clocks that are wrong: it never lengthens, and the office puts it right (T15)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from field_client import lease
from field_client.lease import Lease, Reading, Standing
from shared.lease_modes import ROLL_BACK_SECONDS, Mode, end_of
from sync.leases import LeaseReply

GRANTED = datetime(2027, 3, 4, 10, 0, tzinfo=UTC)  # a Thursday
HOUR = 3_600.0
DAY = 24 * HOUR
YEARS = 10 * 365.25 * DAY
LENT_SECONDS = (datetime(2027, 3, 8, 12, 0, tzinfo=UTC) - GRANTED).total_seconds()


def lent(
    at: datetime = GRANTED, mode: Mode = Mode.LEASED, days: int = 0, wall_off: float = 0.0
) -> Lease:
    """Begin a lease on a device whose wall clock is off by some seconds."""
    given_ = LeaseReply(
        mode=mode, days=days, granted_at=at, ends_at=end_of(mode, days, at), shares={}
    )
    return lease.begin(given_, reading(0.0, at=at, wall_off=wall_off))


def reading(
    passed: float, *, at: datetime = GRANTED, wall_off: float = 0.0, boot: str = "first"
) -> Reading:
    """Read the clocks some seconds after the lease began, with the wall clock off by this much."""
    elapsed = 1_000.0 + passed if boot == "first" else 50.0
    return Reading(wall=lease.seconds_of(at) + passed + wall_off, elapsed=elapsed, boot=boot)


def standing(kept: Lease, *readings: Reading) -> Standing:
    """Look at a lease at each reading in turn, as the keeper does, and say how it stands last."""
    said = Standing.HOLDS
    for each in readings:
        said, kept = lease.look(kept, each)
    return said


def moment(year: int, month: int, day: int, hour: int = 10) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


CASES: list[tuple[str, Lease, list[Reading], Standing]] = [
    ("at once", lent(), [reading(0)], Standing.HOLDS),
    ("a second before its end", lent(), [reading(LENT_SECONDS - 1)], Standing.HOLDS),
    ("at its end", lent(), [reading(LENT_SECONDS)], Standing.ENDED),
    ("long after", lent(), [reading(YEARS)], Standing.ENDED),
    ("ten years ahead from the first",
     lent(wall_off=YEARS), [reading(HOUR, wall_off=YEARS)], Standing.HOLDS),
    ("ten years behind from the first",
     lent(wall_off=-YEARS), [reading(HOUR, wall_off=-YEARS)], Standing.HOLDS),
    ("ten years behind, at its end",
     lent(wall_off=-YEARS), [reading(LENT_SECONDS, wall_off=-YEARS)], Standing.ENDED),
    ("set ten years ahead", lent(), [reading(HOUR, wall_off=YEARS)], Standing.ENDED),
    ("set ten years back", lent(), [reading(HOUR, wall_off=-YEARS)], Standing.SET_BACK),
    ("set ten years back while off",
     lent(), [reading(HOUR, wall_off=-YEARS, boot="next")], Standing.SET_BACK),
    ("set a day back", lent(), [reading(HOUR, wall_off=-DAY)], Standing.SET_BACK),
    ("set a day back while off",
     lent(), [reading(HOUR), reading(2 * HOUR, wall_off=-DAY, boot="next")], Standing.SET_BACK),
    ("set a day back to before its beginning",
     lent(), [reading(60, wall_off=-DAY, boot="next")], Standing.SET_BACK),
    ("set four minutes back", lent(), [reading(HOUR, wall_off=-240)], Standing.HOLDS),
    ("set four minutes back, at its end",
     lent(), [reading(HOUR, wall_off=-240), reading(LENT_SECONDS, wall_off=-240)], Standing.ENDED),
    ("set five minutes back", lent(), [reading(HOUR, wall_off=-ROLL_BACK_SECONDS)], Standing.HOLDS),
    ("set five minutes and a second back",
     lent(), [reading(HOUR, wall_off=-ROLL_BACK_SECONDS - 1)], Standing.SET_BACK),
    ("set four minutes back twice",
     lent(), [reading(HOUR, wall_off=-240), reading(2 * HOUR, wall_off=-480)], Standing.SET_BACK),
    ("set ahead and put right",
     lent(), [reading(HOUR, wall_off=2 * HOUR), reading(HOUR + 60)], Standing.SET_BACK),
    ("two clocks read one after the other", lent(), [reading(HOUR, wall_off=-0.9)], Standing.HOLDS),
    ("summer time begins",
     lent(moment(2027, 3, 26)), [reading(2 * DAY, at=moment(2027, 3, 26))], Standing.HOLDS),
    ("summer time ends",
     lent(moment(2027, 10, 29)), [reading(3 * DAY, at=moment(2027, 10, 29))], Standing.HOLDS),
    ("an hour back, as summer time would be by a wall clock",
     lent(moment(2027, 10, 29)),
     [reading(2 * DAY, at=moment(2027, 10, 29), wall_off=-HOUR)], Standing.SET_BACK),
    ("over 2038-01-19",
     lent(moment(2038, 1, 18)), [reading(DAY, at=moment(2038, 1, 18))], Standing.HOLDS),
    ("after 2038-01-19",
     lent(moment(2038, 1, 18)), [reading(8 * DAY, at=moment(2038, 1, 18))], Standing.ENDED),
    ("over a leap day",
     lent(moment(2028, 2, 28)), [reading(2 * DAY, at=moment(2028, 2, 28))], Standing.HOLDS),
    ("after a leap day",
     lent(moment(2028, 2, 28)), [reading(6 * DAY, at=moment(2028, 2, 28))], Standing.ENDED),
    ("switched on again", lent(), [reading(HOUR), reading(DAY, boot="next")], Standing.HOLDS),
    ("fourteen days, the last second",
     lent(mode=Mode.OFFLINE_DAYS, days=14), [reading(14 * DAY - 1)], Standing.HOLDS),
    ("fourteen days are over",
     lent(mode=Mode.OFFLINE_DAYS, days=14), [reading(14 * DAY)], Standing.ENDED),
    ("the end of all dates",
     lent(), [Reading(wall=9e17, elapsed=1_000.0, boot="first")], Standing.ENDED),
    ("before all dates",
     lent(), [Reading(wall=-9e17, elapsed=1_000.0, boot="first")], Standing.SET_BACK),
]  # fmt: skip


@pytest.mark.proves("T15")
@pytest.mark.parametrize(
    ("kept", "readings", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_clock_case_leaves_the_lease_as_it_may_stand(
    kept: Lease, readings: list[Reading], expected: Standing
) -> None:
    assert len(CASES) >= 30
    assert standing(kept, *readings) is expected
    said, seen = lease.look(kept, readings[-1])
    assert seen.ends == kept.ends, "nothing but the office moves its end"
    assert seen.ends_at.tzinfo is UTC
    assert lease.read(seen.packed()) == seen
    assert said in Standing


@pytest.mark.proves("T15")
@settings(max_examples=500, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.floats(min_value=0, max_value=2 * DAY),
            st.floats(min_value=-2 * DAY, max_value=2 * DAY),
        ),
        max_size=12,
    )
)
def test_however_its_clock_is_set_a_running_device_never_holds_a_lease_longer_than_lent(
    steps: list[tuple[float, float]],
) -> None:
    kept, passed, off = lent(), 0.0, 0.0
    for waited, set_by in steps:
        passed, off = passed + waited, off + set_by
        said, kept = lease.look(kept, reading(passed, wall_off=off))
        if said is not Standing.HOLDS:
            break
        assert passed < LENT_SECONDS


@pytest.mark.proves("T15")
@settings(max_examples=300, deadline=None)
@given(backs=st.lists(st.floats(min_value=0, max_value=400), max_size=20))
def test_setting_the_clock_back_a_little_at_every_start_gains_five_minutes_in_all(
    backs: list[float],
) -> None:
    """Between two starts the wall clock is all there is; what it loses is added up."""
    kept, off = lent(), 0.0
    for number, back in enumerate(backs):
        off -= back
        said, kept = lease.look(
            kept, replace(reading(60.0 * number, wall_off=off), boot=f"start {number}")
        )
        if said is not Standing.HOLDS:
            break
        true_now = lease.seconds_of(GRANTED) + 60.0 * number
        assert true_now - kept.latest <= ROLL_BACK_SECONDS + 60.0


@pytest.mark.proves("T15")
def test_the_next_contact_puts_a_wrong_clock_right() -> None:
    said, _seen = lease.look(lent(), reading(HOUR, wall_off=-YEARS))
    assert said is Standing.SET_BACK
    asked_at = GRANTED + timedelta(hours=1)
    healed = lent(asked_at, wall_off=-YEARS)
    assert standing(healed, reading(HOUR, at=asked_at, wall_off=-YEARS)) is Standing.HOLDS


@pytest.mark.parametrize(
    ("granted", "ends"),
    [
        (moment(2027, 3, 1), moment(2027, 3, 4, 12)),  # Monday to Thursday
        (moment(2027, 3, 1, 13), moment(2027, 3, 5, 12)),
        (moment(2027, 3, 4), moment(2027, 3, 8, 12)),  # Thursday to Monday
        (moment(2027, 3, 2, 13), moment(2027, 3, 8, 12)),  # Friday at one to Monday
        (moment(2027, 3, 25), moment(2027, 3, 29, 11)),  # over the beginning of summer time
    ],
)
def test_the_usual_lease_is_three_days_stretched_to_noon_of_a_working_day(
    granted: datetime, ends: datetime
) -> None:
    assert end_of(Mode.LEASED, 0, granted) == ends


def test_the_other_modes_end_when_they_say() -> None:
    assert end_of(Mode.ONLINE_START, 0, GRANTED) == GRANTED + timedelta(hours=24)
    assert end_of(Mode.OFFLINE_DAYS, 14, GRANTED) == GRANTED + timedelta(days=14)


def test_a_lease_that_was_not_written_here_is_refused() -> None:
    for wrong in ({"mode": "for ever"}, {"ends": float("nan")}, {"days": 15}, {"more": 1}):
        with pytest.raises(ValidationError):
            lease.read({**lent().packed(), **wrong})
