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


def tell(postgres: EmbeddedPostgres, template: str, seeds: Sequence[int]) -> list[Ended]:
    """Tell some days one after the other on a database of their own."""
    name = f"simulate_{os.getpid()}_{seeds[0]}"
    create_database(postgres.url("fieldfare"), name, template=template)
    return run_seeds(postgres.url(name), seeds)


@pytest.mark.timeout(600)
def test_twenty_five_days_keep_every_property_and_hold_all_that_can_go_wrong(
    postgres: EmbeddedPostgres, database_template: str
) -> None:
    """A simulation in which nothing happens keeps every property too."""
    days = tell(postgres, database_template, SEEDS_QUICK)
    broken = ["\n".join(ended.lines()) for ended in days if ended.property]
    assert not broken, broken[0]
    assert len(days) == len(SEEDS_QUICK)
    told = "\n".join(line for ended in days for line in ended.trace)
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
def test_a_seed_tells_the_same_day_alone_and_after_others(
    postgres: EmbeddedPostgres, database_template: str
) -> None:
    seed = 17
    *_others, after_others = tell(postgres, database_template, (15, 16, seed))
    wanted = list(after_others.lines())
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
