"""Shows that the device says what the office says, word for word, though it knows no office code."""

from __future__ import annotations

import server.spine.case_files
import server.spine.orders
import server.sync_api.unreadable  # noqa: F401 - like the two above, for the words it registers
from field_client.vault.screens.sent import SAID_BY_THE_OFFICE
from field_client.vault.screens.words import NEWER, WORDS, word
from server.accounts.commands import STAGES
from shared.errors import REFUSALS
from shared.markers import KINDS


def test_a_refusal_reads_the_same_at_both_ends() -> None:
    assert {code: REFUSALS[code] for code in SAID_BY_THE_OFFICE} == SAID_BY_THE_OFFICE


def test_stages_and_warnings_read_the_same_at_both_ends() -> None:
    assert WORDS["stage"] == STAGES
    assert WORDS["marker"] == KINDS


def test_a_code_nobody_here_knows_is_said_to_be_newer() -> None:
    assert word("outcome", "teleported") == NEWER
