"""The vault's key under a PIN: what opens it besides the PIN, what does not, and what is on disk."""
# ruff: noqa: S106 - every passphrase here is invented

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from field_client.vault import keys
from field_client.vault.closed import ClosedVault
from field_client.vault.keys import Cost, Factors, Holder
from field_client.vault.session_pin import keys_by_pin
from shared.errors import RuleBroken
from shared.schemas import canonical
from tests.field_client.vault.conftest import IDENTITY

CHEAP = Cost(memory_kib=128, passes=1, lanes=1)
PIN = "482913"
FACTORS = Factors(
    passphrase="harbour lantern meadow violin",
    device_secret=bytes(range(32)),
    shares={7: b"s" * 32},
)
HOLDER = Holder(device_id="device-1", officer_id="officer-1")


def make(folder: Path) -> keys.VaultKeys:
    return keys.create_vault(folder, FACTORS, HOLDER, cost=CHEAP, floor=CHEAP)


def wrap(folder: Path, **changed: Any) -> bytes:
    return keys.wrap_under_pin(folder, replace(FACTORS, **changed), PIN, floor=CHEAP)


def by_pin(wrapped: bytes, pin: str = PIN, **changed: Any) -> keys.VaultKeys:
    return keys.open_by_pin(wrapped, replace(FACTORS, passphrase=pin, **changed))


def test_a_pin_opens_the_keys_that_the_passphrase_opens(tmp_path: Path) -> None:
    made = make(tmp_path)
    before = (tmp_path / keys.KEY_FILE).read_bytes()
    opened = by_pin(wrap(tmp_path))
    assert (opened.db, opened.epoch) == (made.db, 7)
    assert (tmp_path / keys.KEY_FILE).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [keys.KEY_FILE]


def test_two_wrappings_under_one_pin_have_nothing_in_common(tmp_path: Path) -> None:
    make(tmp_path)
    one, other = (json.loads(wrap(tmp_path)) for _ in range(2))
    assert one["wrapped"] != other["wrapped"]
    assert one["header"]["derivation"]["salt"] != other["header"]["derivation"]["salt"]


@pytest.mark.proves("T11")
@pytest.mark.parametrize(
    "changed",
    [
        {"pin": "482914"},
        {"pin": ""},
        {"device_secret": bytes(32)},
        {"shares": {7: bytes(32)}},
    ],
)
def test_every_part_has_to_be_there_for_a_pin_too(tmp_path: Path, changed: dict[str, Any]) -> None:
    make(tmp_path)
    with pytest.raises(keys.WrongPin):
        by_pin(wrap(tmp_path), **changed)


def test_without_the_share_it_was_wrapped_under_a_pin_opens_nothing(tmp_path: Path) -> None:
    make(tmp_path)
    with pytest.raises(RuleBroken, match=r"lease\.missing"):
        by_pin(wrap(tmp_path), shares={8: b"s" * 32})


def test_a_pin_is_not_chosen_by_someone_who_does_not_know_the_passphrase(tmp_path: Path) -> None:
    make(tmp_path)
    with pytest.raises(RuleBroken, match=r"passphrase\.wrong"):
        wrap(tmp_path, passphrase="harbour lantern meadow violet")


@pytest.mark.proves("T12")
def test_what_a_pin_wraps_is_no_key_file_even_where_somebody_puts_it_there(tmp_path: Path) -> None:
    make(tmp_path)
    passphrase_file = (tmp_path / keys.KEY_FILE).read_bytes()
    (tmp_path / keys.KEY_FILE).write_bytes(wrap(tmp_path))
    with pytest.raises(RuleBroken, match=r"passphrase\.wrong"):
        keys.open_vault(tmp_path, replace(FACTORS, passphrase=PIN), floor=CHEAP)
    with pytest.raises(keys.WrongPin):
        by_pin(passphrase_file, pin=FACTORS.passphrase)


def test_what_was_altered_in_between_opens_nothing(tmp_path: Path) -> None:
    make(tmp_path)
    said = json.loads(wrap(tmp_path))
    said["header"]["officer_id"] = "officer-2"
    with pytest.raises(keys.WrongPin):
        by_pin(canonical(said))
    with pytest.raises(RuleBroken, match=r"vault\.damaged"):
        by_pin(canonical(said)[1:])


@pytest.mark.proves("T12")
def test_the_cost_of_a_pin_in_earnest_is_64_mebibytes_three_passes_and_four_lanes(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """What that takes here is said, not asserted: it is this machine's, on this day."""
    made = keys.create_vault(tmp_path, FACTORS, HOLDER)
    wrapped = keys.wrap_under_pin(tmp_path, FACTORS, PIN)
    written = json.loads(wrapped)["header"]["derivation"]
    assert (written["memory_kib"], written["passes"], written["lanes"]) == (65_536, 3, 4)
    began = time.perf_counter()
    assert by_pin(wrapped).db == made.db
    record_property("figure", f"{time.perf_counter() - began:.2f} s to derive and unwrap by PIN")


class SessionOf:
    """What a keeper would be, which holds one wrapping and hears how tries went."""

    def __init__(self, wrapped: bytes) -> None:
        self._wrapped = wrapped
        self.heard: list[str] = []

    def try_pin(self) -> bytes:
        return self._wrapped

    def forget_pin(self) -> None:
        self.heard.append("forget")

    def pin_was_wrong(self) -> int:
        self.heard.append("wrong")
        return 5 - len(self.heard)

    def pin_was_right(self) -> None:
        self.heard.append("right")


def tried(folder: Path, session: SessionOf, pin: str = PIN, epoch: int = 7) -> str:
    """Try a PIN as the lock page does, and say how that is answered."""
    closed = ClosedVault(
        folder=folder,
        identity=IDENTITY,
        device_secret=FACTORS.device_secret,
        shares={epoch: b"s" * 32},
        boot_seconds=60,
        sealed_folder=folder,
    )
    try:
        keys_by_pin(closed, pin, session)  # type: ignore[arg-type]
    except RuleBroken as refusal:
        return f"{refusal.sentence()} ({refusal.field})"
    return ""


def test_the_keeper_hears_how_each_try_went_and_the_officer_what_is_left(tmp_path: Path) -> None:
    make(tmp_path)
    session = SessionOf(wrap(tmp_path))
    assert tried(tmp_path, session) == ""
    said = [tried(tmp_path, session, "730264") for _ in range(4)]
    assert said[0] == "That PIN does not open this device. Tries left: 3 (pin)"
    assert said[-1] == "The PIN was wrong too often. Enter your passphrase (passphrase)"
    assert session.heard == ["right", *["wrong"] * 4]


def test_a_pin_from_before_the_vault_moved_to_the_next_lease_is_forgotten_and_costs_no_try(
    tmp_path: Path,
) -> None:
    make(tmp_path)
    session = SessionOf(wrap(tmp_path))
    said = tried(tmp_path, session, epoch=8)
    assert said.startswith("The PIN does not open this device any more. Enter your passphrase")
    assert session.heard == ["forget"]
