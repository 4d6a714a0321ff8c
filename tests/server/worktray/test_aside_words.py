"""Every reason for which something can be set aside has words, and says what to do about it."""

from __future__ import annotations

import re
from pathlib import Path

import server
from field_client.vault.screens.sent import SAID_BY_THE_OFFICE
from server.sealed_work.taking import OTHER_DEVICE, UNOPENED
from server.spine.waves import SET_ASIDE
from server.worktray.aside_queries import ACTIONS, NAMES, REASONS
from shared.decide import FROM_THE_FIELD
from shared.visits import NOT_COME
from sync import hub
from sync.protocol import LANE_FORKED, UNREADABLE

ROOT = Path(server.__path__[0])

STATES = {"device.pending", "device.suspended", "device.revoked"}
"""What a device that is not active is, as the door of sync writes it down."""

SEALED = {UNOPENED, OTHER_DEVICE}
"""What comes sealed and is set aside; its device is told that the office has it, and no more."""

CODES = (
    SET_ASIDE
    | STATES
    | SEALED
    | {hub.ID_REUSED, LANE_FORKED, UNREADABLE, "command.failed", "command.waits"}
)


def test_every_code_under_which_something_is_set_aside_has_words_and_an_action() -> None:
    assert set(REASONS) == set(ACTIONS) == CODES


def test_the_states_of_a_device_are_the_ones_that_are_set_aside_under() -> None:
    said = (ROOT / "access" / "device_requests.py").read_text()
    rules = (ROOT / "access" / "device_rules.py").read_text()
    for state in STATES:
        assert f'"{state.removeprefix("device.")}"' in said + rules


def test_every_code_of_a_quarantined_result_is_among_them() -> None:
    """Codes that the door and the engine give beside the outcome `quarantined`."""
    for source in ("spine/execute.py", "spine/waves.py", "spine/change_log.py"):
        text = (ROOT / source).read_text()
        for given in re.findall(r'QUARANTINED,\s+code="([a-z_.]+)"', text):
            assert given in CODES


def test_a_device_has_words_for_whatever_of_it_an_officer_can_be_told() -> None:
    assert set(SAID_BY_THE_OFFICE) >= CODES - STATES - SEALED - {NOT_COME}, (
        "which the shared rules word"
    )


def test_every_command_a_device_may_send_has_a_name_in_words() -> None:
    assert {kind.command.name for kind in FROM_THE_FIELD} == set(NAMES)
