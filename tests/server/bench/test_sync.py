"""The bench runs the real programs from end to end, and says what it found in both its forms."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from server.bench.report import Figure, Report, percentile
from server.cli import main

SMALL = ["--cases", "12", "--scope", "4", "--commands", "6", "--devices", "2", "--rounds", "1"]


@pytest.mark.enable_socket
def test_every_step_stands_beside_its_floor() -> None:
    ended = CliRunner().invoke(main, ["bench", "sync", *SMALL, "--json"], catch_exceptions=False)
    said = json.loads(ended.stdout)
    assert ended.exit_code == 0
    assert list(said["steps"]) == list(said["raw"]) == ["a", "b", "c", "d", "f"]
    for figures in (*said["steps"].values(), *said["raw"].values()):
        assert {"ms", "bytes", "cpu_ms"} <= set(figures)
    assert said["steps"]["f"]["failed"] == 0
    assert said["steps"]["a"]["bytes"] > said["steps"]["d"]["bytes"] > 0


def test_an_officer_cannot_have_more_cases_than_the_council() -> None:
    ended = CliRunner().invoke(main, ["bench", "sync", "--cases", "5", "--scope", "6"])
    assert ended.exit_code == 2
    assert "more cases than the council" in ended.output


def test_many_at_once_count_by_the_slowest_in_twenty() -> None:
    assert percentile(range(1, 101), 0.95) == 96
    many = Figure(each_ms=tuple(range(1, 101)), bytes=0, cpu_ms=0.0, together=True)
    assert (many.ms, many.plain()["median_ms"]) == (96, 50.5)


def test_a_goal_that_was_missed_is_said_beside_the_figure() -> None:
    slow = Figure(each_ms=(40.0,), bytes=2_000, cpu_ms=1.0, failed=1)
    floor = Figure(each_ms=(4.0,), bytes=0, cpu_ms=1.0)
    report = Report(steps={"d": slow, "c": slow}, raw={"d": floor, "c": floor})
    *_head, d, c = report.lines()
    assert d.endswith("over 10 ms, over 1,200 bytes, 1 failed")
    assert c.endswith("over 4.0 times the floor, 1 failed")
    assert report.failed == 2
