"""Lets `fieldfare doctor --self-test` run the tests of the promises, and reads off what they came to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

PROVES, FIGURE, LACKS = "proves", "figure", "lacks"
TOLD = {FIGURE: "figures", LACKS: "lacks"}
"""What a test may say of itself with `record_property`, and what is written of it."""

Properties = Sequence[tuple[str, object]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take where the proofs are to be written, and of which promises."""
    group = parser.getgroup("fieldfare")
    group.addoption("--proofs", metavar="FILE", help="write what the tests of promises came to")
    group.addoption("--prove", action="append", default=[], metavar="T01", help="only of these")
    group.addoption("--quick-proofs", action="store_true", help="leave out what takes long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Write on each test which promises it proves; when proofs are asked for, leave out the others.

    A proof that is left out because it takes long is written down as left out.
    """
    asked, wanted = config.getoption("--proofs"), set(config.getoption("--prove"))
    kept, left = [], []
    for item in items:
        numbers = [number for mark in item.iter_markers(PROVES) for number in mark.args]
        if numbers:
            item.user_properties.append((PROVES, numbers))
        proving = bool(wanted & set(numbers)) if wanted else bool(numbers)
        long = config.getoption("--quick-proofs") and item.get_closest_marker("long")
        if asked and proving and long:
            write(Path(asked), item.nodeid, numbers, "skipped", ())
        (kept if not asked or (proving and not long) else left).append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


def write(
    path: Path, test: str, numbers: Sequence[str], outcome: str, properties: Properties
) -> None:
    said: dict[str, object] = {"test": test, "proves": numbers, "outcome": outcome}
    for name, told in TOLD.items():
        said[told] = [str(value) for each, value in properties if each == name and value]
    with path.open("a", encoding="utf-8") as written:
        written.write(json.dumps(said) + "\n")


class Proofs:
    """Writes a line a test as it ends, so that a run that breaks off loses none."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write how a test ended: once when it was called, and again when what came after it failed."""
        if report.when != "call" and report.passed:
            return
        said = dict(report.user_properties)
        if PROVES not in said:
            return
        write(self.path, report.nodeid, said[PROVES], report.outcome, report.user_properties)


def pytest_configure(config: pytest.Config) -> None:
    """Begin to write when somebody asked; of several workers the one who started them writes."""
    config.addinivalue_line("markers", "proves(*numbers): which promises about security it proves")
    path = config.getoption("--proofs")
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Proofs(Path(path)), "proofs")
