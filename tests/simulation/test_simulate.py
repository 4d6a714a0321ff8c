"""Simulated days keep every property, and the same seed tells the same day whatever came before."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from server.spine.postgres import EmbeddedPostgres
from tests.simulation.run import Ended, create_database, run_seeds

ROOT = Path(__file__).resolve().parents[2]

SEEDS_QUICK = range(1, 26)


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


@pytest.fixture(scope="module")
def quick(postgres: EmbeddedPostgres, database_template: str) -> list[Ended]:
    """Tell the days of the normal run once, for all tests that look at them."""
    name = f"simulate_{os.getpid()}"
    create_database(postgres.url("fieldfare"), name, template=database_template)
    return run_seeds(postgres.url(name), SEEDS_QUICK)


@pytest.mark.timeout(600)
def test_twenty_five_days_keep_every_property(quick: list[Ended]) -> None:
    broken = ["\n".join(ended.lines()) for ended in quick if ended.property]
    assert not broken, broken[0]
    assert len(quick) == len(SEEDS_QUICK)


@pytest.mark.timeout(600)
def test_days_hold_all_that_can_go_wrong(quick: list[Ended]) -> None:
    """A simulation in which nothing happens keeps every property too."""
    told = "\n".join(line for ended in quick for line in ended.trace)
    for happening in (
        "is lost",
        "arrives twice",
        "is cut short",
        "is damaged",
        "is not the office's",
        "is taken for the answer to sync",
        "finds nobody waiting",
        "is held before its commit",
        "is held before its statement",
        "goes on",
        "the office is busy",
        "the office is restarted, 1 calls are lost",
        "the office is asked the same again",
        "command.group_refused",
        "loses power",
        "is restarted",
        "fails while it takes the reply in",
        "'s clock is",
        "types on",
        "discards what was typed",
        "has sent its photographs",
        "gives up sync",
        "saves a visit and",
        "saves a phone number",
        "saves a photograph",
        "UnassignCase",
        "CloseCase",
        "RecordPayment",
        "PlaceHold",
        "EndHold",
        "ApproveVisit",
        "ReturnVisit",
        "flagged",
    ):
        assert happening in told, happening


@pytest.mark.timeout(600)
def test_a_seed_tells_the_same_day_alone_and_after_others(quick: list[Ended]) -> None:
    seed = 17
    wanted = list(quick[SEEDS_QUICK.index(seed)].lines())
    for hashing in ("0", "1"):
        alone = simulate("--replay", str(seed), PYTHONHASHSEED=hashing)
        assert alone.returncode == 0, alone.stderr
        assert alone.stdout.splitlines() == wanted


@pytest.mark.timeout(600)
def test_the_command_says_how_it_ended_as_json() -> None:
    ended = simulate("--seeds", "3", "--seed-from", "1001", "--json")
    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout.splitlines()[-1])
    assert said["seeds"] == 3
    assert said["failed"] == []
    assert said["steps"] > 100
    assert said["seconds"] > 0


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_five_hundred_days_keep_every_property() -> None:
    ended = simulate("--seeds", "500", "--json")
    said = json.loads(ended.stdout.splitlines()[-1])
    assert said["failed"] == [], ended.stderr
    assert said["seeds"] == 500
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
