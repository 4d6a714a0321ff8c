"""Puts stops in an order to walk them and on a plain plot, from their coordinates alone."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

METRES_A_DEGREE = 111_195
"""Metres between two parallels one degree apart."""

PLOT_WIDTH = 340
PLOT_HEIGHT = 320
_EDGE = 28
_NEAR = 34.0  # points closer than this on the plot share one circle
_ROUNDS_MAX = 20
_SCALES = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, kw_only=True)
class Point:
    """A place on the ground."""

    latitude: float
    longitude: float


def metres(one: Point, other: Point) -> float:
    """Measure in a straight line; over a town the earth is flat."""
    north = (other.latitude - one.latitude) * METRES_A_DEGREE
    middle = math.radians((one.latitude + other.latitude) / 2)
    east = (other.longitude - one.longitude) * METRES_A_DEGREE * math.cos(middle)
    return math.hypot(north, east)


def walk(points: Mapping[Key, Point], first: Key) -> list[Key]:
    """Order the stops: from the first always to the nearest next, then without crossing the own way."""
    order, left = [first], [key for key in points if key != first]
    while left:
        nearest = min(left, key=lambda key: metres(points[order[-1]], points[key]))
        left.remove(nearest)
        order.append(nearest)
    for _round in range(_ROUNDS_MAX):
        if not _untangle(order, points):
            break
    return order


def _untangle(order: list[Key], points: Mapping[Key, Point]) -> bool:
    """Turn stretches of the way round where that makes it shorter; false when none does."""
    shorter = False
    for i in range(len(order) - 2):
        for j in range(i + 2, len(order)):
            before = metres(points[order[i]], points[order[i + 1]])
            after = metres(points[order[i]], points[order[j]])
            if j + 1 < len(order):
                before += metres(points[order[j]], points[order[j + 1]])
                after += metres(points[order[i + 1]], points[order[j + 1]])
            if after < before - 0.5:
                order[i + 1 : j + 1] = reversed(order[i + 1 : j + 1])
                shorter = True
    return shorter


@dataclass(frozen=True, kw_only=True)
class Spot:
    """One circle on the plot, with the numbers of the stops that stand there."""

    x: float
    y: float
    label: str


@dataclass(frozen=True, kw_only=True)
class Plot:
    """What the picture shows: circles, the way between them, and how long its measure is."""

    spots: tuple[Spot, ...]
    way: str
    scale_metres: int
    scale_length: float
    width: int = PLOT_WIDTH
    height: int = PLOT_HEIGHT


def plot(points: Sequence[tuple[int, Point]]) -> Plot | None:
    """Draw the numbered stops, north up; none when there is nothing to draw."""
    if not points:
        return None
    places = [point for _number, point in points]
    south, north = min(p.latitude for p in places), max(p.latitude for p in places)
    west, east = min(p.longitude for p in places), max(p.longitude for p in places)
    shrink = math.cos(math.radians((south + north) / 2))
    across = max((east - west) * METRES_A_DEGREE * shrink, 1.0)
    up = max((north - south) * METRES_A_DEGREE, 1.0)
    inner_width, inner_height = PLOT_WIDTH - 2 * _EDGE, PLOT_HEIGHT - 3 * _EDGE
    pixels = min(inner_width / across, inner_height / up, 2.0)
    left = (PLOT_WIDTH - across * pixels) / 2
    top = (inner_height - up * pixels) / 2 + _EDGE
    drawn = [
        (
            number,
            left + (point.longitude - west) * METRES_A_DEGREE * shrink * pixels,
            top + (north - point.latitude) * METRES_A_DEGREE * pixels,
        )
        for number, point in points
    ]
    scale = _scale(pixels)
    return Plot(
        spots=tuple(_spots(drawn)),
        way=" ".join(f"{x:.1f},{y:.1f}" for _number, x, y in drawn),
        scale_metres=scale,
        scale_length=round(scale * pixels, 1),
    )


def _scale(pixels: float) -> int:
    """Choose the longest round distance that fits in a third of the picture."""
    fitting = [each for each in _SCALES if each * pixels <= PLOT_WIDTH / 3]
    return fitting[-1] if fitting else _SCALES[0]


def _spots(drawn: Sequence[tuple[int, float, float]]) -> list[Spot]:
    """Gather stops that would cover each other into one circle."""
    groups: list[tuple[float, float, list[int]]] = []
    for number, x, y in drawn:
        near = next((g for g in groups if math.hypot(g[0] - x, g[1] - y) < _NEAR), None)
        if near is None:
            groups.append((x, y, [number]))
        else:
            near[2].append(number)
    return [Spot(x=round(x, 1), y=round(y, 1), label=_label(numbers)) for x, y, numbers in groups]


def _label(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return str(numbers[0])
    if list(numbers) == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]}–{numbers[-1]}"
    return f"{numbers[0]}+{len(numbers) - 1}"
