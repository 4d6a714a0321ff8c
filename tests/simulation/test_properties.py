"""Every promise of sync is looked at: by simulated days, or by tests that are there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.simulation.memory import InMemory
from tests.simulation.properties import PROPERTIES, TOLD, Property
from tests.simulation.report import Report
from tests.simulation.run import run_seeds

ROOT = Path(__file__).resolve().parents[2]


def named_in(path: Path) -> set[str]:
    """Name the tests of a file."""
    read = ast.parse(path.read_text())
    found = {node.name for node in ast.walk(read) if isinstance(node, ast.FunctionDef)}
    return {name for name in found if name.startswith("test_")}


def test_every_number_is_there_once_and_in_order() -> None:
    assert [each.number for each in PROPERTIES] == [f"P{number}" for number in range(1, 26)]


@pytest.mark.parametrize("promise", [pytest.param(each, id=each.number) for each in PROPERTIES])
def test_every_promise_is_looked_at_somewhere_that_is_there(promise: Property) -> None:
    assert promise.sentence.endswith(".")
    assert promise.told or promise.tests
    for named in promise.tests:
        file, _, test = named.partition("::")
        assert (ROOT / file).is_file(), file
        assert not test or test in named_in(ROOT / file), named


@pytest.mark.timeout(600)
def test_a_few_days_look_at_every_promise_that_days_are_said_to_look_at() -> None:
    report = Report(ended=tuple(run_seeds(InMemory(), range(1, 16))), seconds=1.0)
    assert not report.broken
    assert not [number for number in TOLD if not report.checked[number]]
    assert set(report.checked) <= set(TOLD), "a promise is looked at that the table does not name"
