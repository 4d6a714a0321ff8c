"""What a connection costs, as far as a system says so."""

from __future__ import annotations

import platform

import pytest

from field_client import connection


@pytest.mark.parametrize(
    ("said", "metered"),
    [
        (0x0, None),
        (0x1, False),
        (0x2, True),
        (0x4, True),
        (0x1 | 0x40000, True),
        (0x1 | 0x10000, True),
        (0x1 | 0x20000, False),
        (0x80000, None),
    ],
)
def test_what_windows_says_of_a_connection_is_understood(said: int, metered: bool | None) -> None:  # noqa: FBT001 - one of a table
    assert connection.of_cost(said) is metered


def test_a_system_that_does_not_say_is_not_guessed_about() -> None:
    if platform.system() != "Windows":
        assert connection.metered() is None


def test_a_windows_that_does_not_answer_is_not_known_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Windows")
    assert connection.metered() is None
