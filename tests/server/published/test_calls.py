"""Calls made up from the published description end in no fault and change nothing they may not."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
import requests

from server.published.document import document
from server.published.operations import HERE, OPERATIONS
from tests.server.published.calls import make_many
from tests.server.published.conftest import Running

CASES = "FIELDFARE_CASES"
"""How many calls the long run makes about; 20,000 take most of an hour."""


@pytest.mark.proves("T30")
@pytest.mark.enable_socket
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize(
    "cases", [100, pytest.param(int(os.environ.get(CASES, "2000")), marks=pytest.mark.long)]
)
def test_no_call_made_up_from_the_description_ends_in_a_fault_or_changes_anything_unbidden(
    running: Running, cases: int, record_property: Callable[[str, object], None]
) -> None:
    assert requests.get(running.address + HERE, timeout=30).json() == document()
    calls, moved = make_many(running, cases)
    faults = sum(times for (_name, status), times in calls.answers.items() if status >= 500)
    summary = (
        f"{calls.made:,} calls: {faults} faults, 0 undocumented answers, {len(calls.written)} rows "
        f"changed by refused calls, {moved} tables changed by strangers"
    )
    for figure in (summary, *calls.figures()):
        record_property("figure", figure)
        print(figure)  # noqa: T201 - what whoever runs it with -s wants to see
    assert (faults, calls.written, moved) == (0, [], 0)
    assert "fault" not in running.log.read_text()
    answered = {name for (name, status) in calls.answers if status < 300}
    assert {each.name for each in OPERATIONS} - answered == {"wiped"}
