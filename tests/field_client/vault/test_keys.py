"""The vault's keys: what opens them, what does not, and what a doctored key file can do."""
# ruff: noqa: S105, S106 - every passphrase here is invented

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from field_client.vault import keys
from field_client.vault.keys import Cost, Factors, Holder
from shared.errors import RuleBroken
from shared.schemas import canonical

ROOT = Path(__file__).parents[3]
CHEAP = Cost(memory_kib=128, passes=1, lanes=1)
PASSPHRASE = "harbour lantern meadow violin"
FACTORS = Factors(passphrase=PASSPHRASE, device_secret=bytes(range(32)), shares={7: b"s" * 32})
HOLDER = Holder(device_id="device-1", officer_id="officer-1")


def make(folder: Path, factors: Factors = FACTORS) -> keys.VaultKeys:
    return keys.create_vault(folder, factors, HOLDER, cost=CHEAP, floor=CHEAP)


def reopen(folder: Path, factors: Factors = FACTORS) -> keys.VaultKeys:
    return keys.open_vault(folder, factors, floor=CHEAP)


def with_(**changed: Any) -> Factors:
    return replace(FACTORS, **changed)


def code_of(refused: pytest.ExceptionInfo[RuleBroken]) -> str:
    return refused.value.code


def test_the_same_passphrase_on_the_same_device_gives_the_same_keys(tmp_path: Path) -> None:
    made = make(tmp_path)
    assert len(made.db) == 32
    assert reopen(tmp_path).db == made.db
    assert (tmp_path / keys.KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_two_vaults_with_one_passphrase_share_no_key(tmp_path: Path) -> None:
    assert make(tmp_path / "a").db != make(tmp_path / "b").db


def test_keys_that_were_forgotten_are_zeroes_and_never_shown(tmp_path: Path) -> None:
    made = make(tmp_path)
    assert made.db.hex() not in repr(made)
    made.forget()
    assert made.db == bytearray(32)
    assert PASSPHRASE not in repr(FACTORS)


@pytest.mark.proves("T11")
@pytest.mark.parametrize(
    "factors",
    [
        with_(passphrase="harbour lantern meadow violet"),
        with_(passphrase=""),
        with_(device_secret=bytes(32)),
        with_(shares={7: bytes(32)}),
        with_(device_secret=FACTORS.device_secret + b"s", shares={7: b"s" * 31}),
    ],
)
def test_every_part_has_to_be_there(tmp_path: Path, factors: Factors) -> None:
    make(tmp_path)
    with pytest.raises(RuleBroken) as refused:
        reopen(tmp_path, factors)
    assert code_of(refused) == "passphrase.wrong"
    assert refused.value.field == "passphrase"


@pytest.mark.proves("T11")
def test_a_key_file_from_another_vault_opens_nothing_of_this_one(tmp_path: Path) -> None:
    make(tmp_path / "a")
    make(tmp_path / "b", with_(device_secret=bytes(32)))
    (tmp_path / "b" / keys.KEY_FILE).replace(tmp_path / "a" / keys.KEY_FILE)
    with pytest.raises(RuleBroken, match=r"passphrase\.wrong"):
        reopen(tmp_path / "a")


@pytest.mark.proves("T11")
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None
)
@given(where=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
def test_a_key_file_with_one_bit_flipped_is_refused(tmp_path: Path, where: int, bit: int) -> None:
    folder = tmp_path / "flipped"
    if not keys.exists(folder):
        make(folder)
        (tmp_path / "whole").write_bytes((folder / keys.KEY_FILE).read_bytes())
    content = bytearray((tmp_path / "whole").read_bytes())
    content[where % len(content)] ^= 1 << bit
    (folder / keys.KEY_FILE).write_bytes(content)
    with pytest.raises(RuleBroken) as refused:
        reopen(folder)
    assert code_of(refused) in {"vault.damaged", "passphrase.wrong", "lease.missing"}


@pytest.mark.proves("T11", "T12")
def test_every_single_byte_of_a_key_file_counts(tmp_path: Path) -> None:
    """T11 and T12: the header is bound to what it wraps, to the last byte of it."""
    make(tmp_path)
    path = tmp_path / keys.KEY_FILE
    whole, opened = path.read_bytes(), []
    for where in range(len(whole)):
        content = bytearray(whole)
        content[where] ^= 1
        path.write_bytes(content)
        with contextlib.suppress(RuleBroken):
            reopen(tmp_path)
            opened.append(where)
    assert len(whole) > 300
    assert opened == []


@pytest.mark.proves("T11")
@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"null", b"\xff\xfe", b"[" * 70_000, b'{"header":1}', b"9" * 70_000],
)
def test_a_key_file_that_makes_no_sense_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / keys.KEY_FILE).write_bytes(content)
    with pytest.raises(RuleBroken, match=r"vault\.damaged"):
        keys.open_vault(tmp_path, FACTORS)


@pytest.mark.proves("T12")
@pytest.mark.parametrize(
    "cost",
    [
        {"memory_kib": 64 * 1024 - 1},
        {"memory_kib": 1024 * 1024 + 1},
        {"passes": 2},
        {"passes": 11},
        {"lanes": 3},
        {"lanes": 17},
        {"memory_kib": 2**63},
        {"passes": True},
        {"lanes": 4.0},
    ],
)
def test_a_key_file_may_not_choose_a_cost_outside_the_bounds(
    tmp_path: Path, cost: dict[str, object]
) -> None:
    make(tmp_path)
    content = json.loads((tmp_path / keys.KEY_FILE).read_bytes())
    content["header"]["derivation"] |= {"memory_kib": 131_072, "passes": 3, "lanes": 4, **cost}
    (tmp_path / keys.KEY_FILE).write_bytes(canonical(content))
    with pytest.raises(RuleBroken, match=r"vault\.damaged"):
        keys.open_vault(tmp_path, FACTORS)


@pytest.mark.proves("T12")
def test_a_vault_made_cheaply_for_a_test_does_not_open_in_earnest(tmp_path: Path) -> None:
    make(tmp_path)
    with pytest.raises(RuleBroken, match=r"vault\.damaged"):
        keys.open_vault(tmp_path, FACTORS)


@pytest.mark.proves("T12")
def test_nobody_makes_a_vault_below_the_floor_by_mistake(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="outside its bounds"):
        keys.create_vault(tmp_path, FACTORS, HOLDER, cost=CHEAP)
    assert not keys.exists(tmp_path)


@pytest.mark.proves("T12")
def test_the_cost_in_earnest_is_128_mebibytes_three_passes_and_four_lanes(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """What that takes here is said, not asserted: it is this machine's, on this day."""
    made = keys.create_vault(tmp_path, FACTORS, HOLDER)
    written = json.loads((tmp_path / keys.KEY_FILE).read_bytes())["header"]["derivation"]
    assert (written["memory_kib"], written["passes"], written["lanes"]) == (131_072, 3, 4)
    began, used = time.perf_counter(), time.process_time()
    assert keys.open_vault(tmp_path, FACTORS).db == made.db
    took, cpu = time.perf_counter() - began, time.process_time() - used
    record_property("figure", f"{took:.2f} s to derive and unwrap, {cpu:.2f} s of processor time")


def test_a_second_vault_is_not_made_over_the_first(tmp_path: Path) -> None:
    make(tmp_path)
    with pytest.raises(RuleBroken, match=r"vault\.exists"):
        make(tmp_path)


def test_a_vault_that_is_not_there_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(RuleBroken, match=r"vault\.missing"):
        reopen(tmp_path)


def test_a_new_vault_refuses_a_passphrase_that_would_be_guessed(tmp_path: Path) -> None:
    with pytest.raises(RuleBroken, match=r"passphrase\.too_short"):
        make(tmp_path, with_(passphrase="short"))
    assert not keys.exists(tmp_path)


def test_a_changed_passphrase_opens_the_same_keys_and_the_old_one_nothing(tmp_path: Path) -> None:
    made = make(tmp_path)
    changed = "orchard signal puffin velvet"
    keys.change_passphrase(tmp_path, FACTORS, changed, floor=CHEAP)
    assert reopen(tmp_path, with_(passphrase=changed)).db == made.db
    with pytest.raises(RuleBroken, match=r"passphrase\.wrong"):
        reopen(tmp_path)


def test_a_passphrase_is_not_changed_by_someone_who_does_not_know_it(tmp_path: Path) -> None:
    made = make(tmp_path)
    with pytest.raises(RuleBroken, match=r"passphrase\.wrong"):
        keys.change_passphrase(
            tmp_path, with_(passphrase="wrong words here"), "orchard signal puffin", floor=CHEAP
        )
    with pytest.raises(RuleBroken, match=r"passphrase\.guessable"):
        keys.change_passphrase(tmp_path, FACTORS, "111111111111", floor=CHEAP)
    assert reopen(tmp_path).db == made.db


OLD = with_(shares={})
"""How a vault was opened before there were leases."""

LENT = with_(shares={1: b"1" * 32})
NEXT = with_(shares={1: b"1" * 32, 2: b"2" * 32})


def test_a_vault_from_before_leases_opens_as_it_did_and_moves_to_the_first_lease(
    tmp_path: Path,
) -> None:
    made = make(tmp_path, OLD)
    assert (keys.epoch_of(tmp_path), made.epoch) == (0, 0)
    assert reopen(tmp_path, OLD).db == made.db
    moved = reopen(tmp_path, LENT)
    assert (moved.db, moved.epoch, keys.epoch_of(tmp_path)) == (made.db, 1, 1)
    with pytest.raises(RuleBroken, match=r"lease\.missing"):
        reopen(tmp_path, OLD)
    assert reopen(tmp_path, LENT).db == made.db


def test_a_vault_is_made_under_the_newest_share_and_wrapped_anew_under_the_next(
    tmp_path: Path,
) -> None:
    made = make(tmp_path, LENT)
    assert made.epoch == 1
    renewed = reopen(tmp_path, NEXT)
    assert (renewed.db, renewed.epoch) == (made.db, 2)
    assert reopen(tmp_path, with_(shares={2: b"2" * 32})).db == made.db
    with pytest.raises(RuleBroken, match=r"lease\.missing"):
        reopen(tmp_path, LENT)


def test_a_header_that_says_another_lease_opens_with_neither_share(tmp_path: Path) -> None:
    make(tmp_path, LENT)
    content = json.loads((tmp_path / keys.KEY_FILE).read_bytes())
    for epoch in (0, 2):
        content["header"]["lease_epoch"] = epoch
        (tmp_path / keys.KEY_FILE).write_bytes(canonical(content))
        with pytest.raises(RuleBroken, match=r"passphrase\.wrong"):
            reopen(tmp_path, NEXT)


def test_a_wrong_passphrase_wraps_nothing_anew(tmp_path: Path) -> None:
    make(tmp_path, LENT)
    before = (tmp_path / keys.KEY_FILE).read_bytes()
    with pytest.raises(RuleBroken, match=r"passphrase\.wrong"):
        reopen(tmp_path, replace(NEXT, passphrase="harbour lantern meadow violet"))
    assert [path.name for path in tmp_path.iterdir()] == [keys.KEY_FILE]
    assert (tmp_path / keys.KEY_FILE).read_bytes() == before


_KILLED = """
import os, sys
from pathlib import Path
from field_client.vault import keys

folder, place = Path(sys.argv[1]), int(sys.argv[2])
cheap = keys.Cost(memory_kib=128, passes=1, lanes=1)
factors = keys.Factors(
    passphrase="harbour lantern meadow violin", device_secret=bytes(range(32)),
    shares={1: b"1" * 32, 2: b"2" * 32},
)
steps = 0

def step():
    global steps
    steps += 1
    if steps == place:
        os._exit(9)

def heard(event, arguments):
    if event in {"open", "os.rename", "os.mkdir", "os.chmod", "os.remove"}:
        if any(str(folder) in str(each) for each in arguments):
            step()

synced = os.fsync
def fsync(handle):
    step(); synced(handle); step()

sys.addaudithook(heard)
os.fsync = fsync
keys.open_vault(folder, factors, floor=cheap)
"""


def test_a_device_that_is_ended_at_any_step_of_a_renewal_has_a_vault_that_opens(
    tmp_path: Path,
) -> None:
    """At each step there is one wrapping that opens, with a share that is still lent."""
    epochs, place = [], 0
    while True:
        place += 1
        folder = tmp_path / str(place)
        made = make(folder, LENT)
        run = [sys.executable, "-c", _KILLED, str(folder), str(place)]
        ended = subprocess.run(run, cwd=ROOT, check=False).returncode
        epochs.append(keys.epoch_of(folder))
        assert reopen(folder, NEXT).db == made.db, f"ended at step {place}"
        assert reopen(folder, with_(shares={2: b"2" * 32})).db == made.db
        assert [path.name for path in folder.glob("keys.json")] == [keys.KEY_FILE]
        if ended == 0:
            break
        assert ended == 9
    assert place > 10, "every file that is opened, synced or renamed is a step"
    assert epochs == sorted(epochs), "before one step it is the old wrapping, from it on the new"
    assert {1, 2} == set(epochs)


def test_a_drive_without_room_keeps_the_old_wrapping_and_opens(tmp_path: Path) -> None:
    made = make(tmp_path, LENT)
    (tmp_path / f"{keys.KEY_FILE}.next").mkdir()  # nothing can be put in its place
    opened = reopen(tmp_path, NEXT)
    assert (opened.db, opened.epoch, keys.epoch_of(tmp_path)) == (made.db, 1, 1)
