"""Simulated days keep every property, and the same seed tells the same day whatever came before."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from server.spine.postgres import EmbeddedPostgres
from tests.simulation.memory import InMemory
from tests.simulation.on_postgres import OnPostgres
from tests.simulation.report import Ended
from tests.simulation.run import create_database, run_on_both, run_seeds

ROOT = Path(__file__).resolve().parents[2]

SEEDS_QUICK = range(1, 31)

SEEDS_ON_BOTH = range(31, 34)

SEEDS_HELD = range(34, 42)


def simulate(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Give the command as a person does."""
    return subprocess.run(
        [sys.executable, "-m", "server", "simulate", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def tell_in_memory(seeds: Sequence[int]) -> list[Ended]:
    """Tell some days one after the other in memory."""
    return run_seeds(InMemory(), seeds)


def own_database(postgres: EmbeddedPostgres, template: str, name: str) -> str:
    """Make a migrated database for one test."""
    name = f"simulate_{os.getpid()}_{name}"
    create_database(postgres.url("fieldfare"), name, template=template)
    return postgres.url(name)


def first_broken(days: Sequence[Ended]) -> str:
    """Say what the first broken day says, if one is broken."""
    return next(("\n".join(ended.lines()) for ended in days if ended.property), "")


HAPPENINGS = (
    "is lost",
    "arrives twice",
    "is cut short",
    "is damaged",
    "is not the office's",
    "is taken for the answer to sync",
    "finds nobody waiting",
    "is held before its transaction",
    "has reached its commit",
    "goes on",
    "the office is busy",
    "the office ends and begins again, 1 calls are lost",
    "the office is asked the same again",
    "a backup holds commit",
    "is verified",
    "the office is restored from the backup",
    "DecideConflict",
    "SuspendUser",
    "ReinstateUser",
    "command.group_refused",
    "loses power",
    "is killed",
    "is restarted",
    "while it takes the reply in",
    "disk.full",
    "has room again",
    "is copied, and both go on",
    "'s clock is",
    "types on",
    "discards what was typed",
    "has sent its photographs",
    "gives up sync",
    "saves a visit and",
    "saves a phone number",
    "saves a photograph",
    "saves CorrectDetails",
    "saves AddMarker",
    "saves ProposeMarkerRemoval",
    "ChangeDetails",
    "UnassignCase",
    "CloseCase",
    "RecordPayment",
    "PlaceHold",
    "EndHold",
    "ApproveVisit",
    "ReturnVisit",
    "flagged",
)
"""What must come about in few days; a simulation in which nothing happens keeps every property too."""


@pytest.mark.proves("T40")
@pytest.mark.timeout(600)
def test_some_days_keep_every_property_and_hold_all_that_can_go_wrong() -> None:
    days = tell_in_memory(SEEDS_QUICK)
    assert not first_broken(days)
    told = "\n".join(line for ended in days for line in ended.trace)
    assert not [happening for happening in HAPPENINGS if happening not in told]


@pytest.mark.timeout(600)
def test_days_go_the_same_way_in_memory_and_on_postgresql(
    postgres: EmbeddedPostgres, database_template: str
) -> None:
    days = run_on_both(own_database(postgres, database_template, "both"), SEEDS_ON_BOTH)
    assert not first_broken(days)


@pytest.mark.timeout(600)
def test_days_whose_office_is_held_inside_transactions_keep_every_property(
    postgres: EmbeddedPostgres, database_template: str
) -> None:
    books = OnPostgres(own_database(postgres, database_template, "held"))
    days = run_seeds(books, SEEDS_HELD)
    assert not first_broken(days)
    told = "\n".join(line for ended in days for line in ended.trace)
    for happening in ("is held before its statement", "is held before its commit"):
        assert happening in told, happening


@pytest.mark.timeout(600)
def test_days_on_one_database_do_not_meet_those_before(
    postgres: EmbeddedPostgres, database_template: str
) -> None:
    url = own_database(postgres, database_template, "again")
    first, again = (run_on_both(url, (3,)) for _ in range(2))
    assert not first_broken([*first, *again])
    assert first[0].trace == again[0].trace


def test_a_day_that_goes_otherwise_on_postgresql_is_broken() -> None:
    here = Ended(seed=1, steps=2, trace=("  1 a", "  2 b"), seen_of="x")
    assert here.compared(here) == here
    there = Ended(seed=1, steps=2, trace=("  1 a", "  2 c"), seen_of="x")
    assert here.compared(there).seen == "there it is:   2 c"
    there = Ended(seed=1, steps=2, trace=here.trace, seen_of="y")
    assert here.compared(there).property == "same day"
    broken = Ended(seed=1, steps=2, trace=here.trace, property="P1", seen="lost")
    assert here.compared(broken) == broken


@pytest.mark.timeout(600)
def test_a_seed_tells_the_same_day_alone_and_after_others() -> None:
    seed = 17
    *_others, after_others = tell_in_memory((15, 16, seed))
    wanted = list(after_others.lines())
    for hashing in ("0", "1"):
        alone = simulate("--replay", str(seed), PYTHONHASHSEED=hashing)
        assert alone.returncode == 0, alone.stderr
        assert alone.stdout.splitlines() == wanted


@pytest.mark.timeout(600)
def test_the_command_says_how_it_ended_as_json() -> None:
    ended = simulate("--seeds", "3", "--from", "1001", "--json")
    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout.splitlines()[-1])
    assert said["seeds"] == 3
    assert said["failed"] == []
    assert said["steps"] > 100
    assert said["seconds"] > 0
    assert said["checked"]["P1"] >= 3


@pytest.mark.proves("T40")
@pytest.mark.long
@pytest.mark.timeout(3600)
def test_three_hundred_days_keep_every_property() -> None:
    ended = simulate("--seeds", "300", "--json")
    said = json.loads(ended.stdout.splitlines()[-1])
    assert said["failed"] == [], ended.stderr
    assert said["seeds"] == 300
    assert ended.returncode == 0


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_forty_days_go_the_same_way_in_memory_and_on_postgresql() -> None:
    ended = simulate("--seeds", "40", "--compare", "--json")
    assert json.loads(ended.stdout.splitlines()[-1])["failed"] == [], ended.stderr
    assert ended.returncode == 0


def test_outside_a_checkout_the_command_says_so_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    for name in ("__init__.py", "simulate_command.py"):
        shutil.copyfile(ROOT / "server" / name, tmp_path / "server" / name)
    ended = subprocess.run(
        [sys.executable, "-c", "from server.simulate_command import simulate; simulate()"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr == (
        "Error: Simulations run from a checkout of the source: clone it, and run this there.\n"
    )
