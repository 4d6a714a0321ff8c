"""Shows that stops are walked sensibly and drawn inside the picture."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from field_client.vault.walking import PLOT_HEIGHT, PLOT_WIDTH, Point, metres, plot, walk

MARKET = Point(latitude=53.2871, longitude=-0.9134)


def at(north: float, east: float) -> Point:
    return Point(latitude=53.2871 + north / 111_195, longitude=-0.9134 + east / 66_470)


points = st.lists(
    st.builds(at, st.floats(-3_000, 3_000), st.floats(-3_000, 3_000)), min_size=1, max_size=12
)


def test_a_straight_line_is_measured_in_metres() -> None:
    assert metres(MARKET, at(300, 400)) == pytest.approx(500, rel=0.01)


def test_the_way_goes_round_and_does_not_cross_itself() -> None:
    square = {1: at(0, 0), 2: at(100, 100), 3: at(0, 100), 4: at(100, 0)}
    assert walk(square, 1) in ([1, 3, 2, 4], [1, 4, 2, 3])


@given(points)
def test_every_stop_is_walked_to_once_and_the_first_stays_first(found: list[Point]) -> None:
    places = dict(enumerate(found))
    order = walk(places, 0)
    assert sorted(order) == sorted(places)
    assert order[0] == 0


@given(points)
def test_every_stop_is_drawn_inside_the_picture(found: list[Point]) -> None:
    drawn = plot(list(enumerate(found, 1)))
    assert drawn is not None
    for spot in drawn.spots:
        assert 0 < spot.x < PLOT_WIDTH
        assert 0 < spot.y < PLOT_HEIGHT
    assert 0 < drawn.scale_length <= PLOT_WIDTH / 3


def test_north_is_up_and_east_is_right() -> None:
    drawn = plot([(1, at(0, 0)), (2, at(500, 300))])
    assert drawn is not None
    first, second = drawn.spots
    assert second.y < first.y
    assert second.x > first.x


def test_neighbours_share_a_circle() -> None:
    street = [(number, at(0, number)) for number in (1, 2, 3)]
    drawn = plot([*street, (4, at(2_000, 0)), (5, at(2_001, 0)), (7, at(0, 0))])
    assert drawn is not None
    assert [spot.label for spot in drawn.spots] == ["1+3", "4–5"]


def test_no_stop_is_no_picture() -> None:
    assert plot([]) is None
