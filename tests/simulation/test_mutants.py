"""Faults planted in a copy of the programs are caught, which shows that the simulation looks."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MUTANTS = sorted(Path(__file__).with_name("mutants").glob("*.patch"))
COPIED = ("shared", "sync", "server", "field_client", "tests/simulation")

SEEDS = 300
"""Days among which every planted fault shows itself: as many as the long run finds clean without one."""

QUICK = {
    "answered-before-the-commit",
    "grant-without-touch",
}
"""Those that the normal run looks for, because they show themselves on one of the first days."""

ON_POSTGRES = {
    "busy-office-sets-work-aside",
    "cursor-from-a-sequence",
}
"""Those that show only where two writers meet inside transactions, which they never do in memory."""

FROM_DAY = re.compile(r"\AShows itself from day ([0-9]+)\.\Z")
"""What a patch may say under its fault: where to begin to look, so that nobody looks through days known
to be clean. It is no promise: the day that breaks is still searched for, and may be a later one."""

MUST_BE_THERE = {
    "answered-before-the-commit",
    "cursor-from-a-sequence",
    "duplicate-check-removed",
}


def mutant(path: Path) -> object:
    """Leave the slower ones to the long run."""
    marks = () if path.stem in QUICK else (pytest.mark.long,)
    return pytest.param(path, id=path.stem, marks=marks)


def run(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python on a copy of the programs, and on nothing else of ours."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )


def first_day(patch: Path) -> str:
    """Say from which day on a fault is looked for: the first one, unless its patch knows better."""
    said = FROM_DAY.match(patch.read_text().splitlines()[1])
    return said[1] if said else "1"


def where(patch: Path) -> tuple[str, ...]:
    """Say on what a fault is looked for."""
    return ("--postgres",) if patch.stem in ON_POSTGRES else ()


def simulate(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Give the command as a person does, in a copy of the checkout."""
    return run(copy, "-m", "server", "simulate", *arguments)


def apply(patch: Path, tree: Path, *options: str) -> None:
    """Apply a patch; one that no longer fits is a failure, because nobody looks for its fault."""
    applied = subprocess.run(
        ["git", "apply", "--verbose", *options, str(patch)],
        cwd=tree,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert applied.returncode == 0, f"{patch.name} no longer applies: {applied.stderr}"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy the programs and their simulation."""
    for package in COPIED:
        shutil.copytree(
            ROOT / package,
            tmp_path / package,
            ignore=shutil.ignore_patterns("__pycache__", "built", "mutants"),
        )
    return tmp_path


def plant(patch: Path, copy: Path) -> None:
    """Plant a fault in a copy, and see that it is there: git leaves out what lies elsewhere."""
    apply(patch, copy)
    touched = [line[6:] for line in patch.read_text().splitlines() if line.startswith("+++ b/")]
    assert touched
    for name in touched:
        assert (copy / name).read_bytes() != (ROOT / name).read_bytes(), f"{name} is as it was"
    said = run(copy, "-c", "import server, sync, tests.simulation.run as r; print(server, sync, r)")
    assert said.stdout.count(str(copy)) == 3, f"the copy is what runs: {said.stdout}"


def test_there_are_enough_of_them() -> None:
    assert len(MUTANTS) >= 20
    assert {path.stem for path in MUTANTS} >= MUST_BE_THERE | QUICK | ON_POSTGRES


@pytest.mark.parametrize("patch", [pytest.param(path, id=path.stem) for path in MUTANTS])
def test_every_patch_still_applies_and_says_its_fault(patch: Path) -> None:
    apply(patch, ROOT, "--check")
    first, second, *_diff = patch.read_text().splitlines()
    assert first.endswith(".")
    assert second == "" or FROM_DAY.match(second)


def test_a_patch_that_no_longer_applies_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "file.py").write_text("as it is today\n")
    patch = tmp_path / "old.patch"
    patch.write_text(
        "--- a/file.py\n+++ b/file.py\n@@ -1 +1 @@\n-as it was once\n+with a fault\n",
    )
    with pytest.raises(AssertionError, match="no longer applies"):
        apply(patch, tmp_path)


@pytest.mark.proves("T74")
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("patch", [mutant(path) for path in MUTANTS])
def test_a_planted_fault_is_caught_and_its_seed_replays(copy: Path, patch: Path) -> None:
    plant(patch, copy)

    looked = ("--from", first_day(patch), "--seeds", str(SEEDS), "--first", "--json")
    caught = simulate(copy, *looked, *where(patch))
    assert caught.returncode == 1, f"not caught in {SEEDS} days: {caught.stderr}"
    failed = json.loads(caught.stdout.splitlines()[-1])["failed"][0]
    seed, says = failed["seed"], f"{failed['property']} does not hold: {failed['seen']}"
    print(f"{patch.stem}: seed {seed}: {says}")  # noqa: T201 - pytest shows it when asked

    again = simulate(copy, "--replay", str(seed), *where(patch))
    assert again.returncode == 1, "the seed replays"
    assert f"seed {seed}: {says}" in again.stdout, "it breaks the same way"

    as_it_is = simulate(ROOT, "--replay", str(seed), *where(patch))
    assert as_it_is.returncode == 0, "without the fault the same day keeps every property"
