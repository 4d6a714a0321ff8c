"""Runs the tests that prove the promises, in a process of their own, and reads what they came to."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from server.doctor.promises import Proof

ROOT = Path(__file__).parent.parent.parent
"""Where the tests lie beside the program, in a clone."""

NO_TESTS = "the tests are not on this machine: run it in a clone, after make setup"
"""Why nothing is proved where the program was installed alone."""


def has_tests(root: Path = ROOT) -> bool:
    """Tell whether the tests are here."""
    return (root / "tests" / "proofs.py").is_file()


def prove(chosen: Sequence[str], *, quick: bool, root: Path = ROOT) -> list[Proof]:
    """Run the tests of some promises, or of all of them; what they print goes to stderr.

    A run that broke off is no reason to forget what it had come to: what was not reached is not proved.
    """
    with tempfile.TemporaryDirectory(prefix="fieldfare-doctor-") as folder:
        found = Path(folder) / "proofs.jsonl"
        narrowed = [word for number in chosen for word in ("--prove", number)]
        subprocess.run(  # noqa: S603 - our own tests, no shell
            [sys.executable, "-m", "pytest", "-q", "--no-header", "-m", "",
             "--proofs", str(found), *narrowed,
             *(("--quick-proofs",) if quick else ()), "tests"],
            cwd=root, stdout=sys.stderr, check=False,
        )  # fmt: skip
        return list(_read(found))


def _read(found: Path) -> Iterator[Proof]:
    if not found.is_file():
        return
    for line in found.read_text("utf-8").splitlines():
        said = json.loads(line)
        yield Proof(
            test=said["test"],
            proves=tuple(said["proves"]),
            outcome=said["outcome"],
            figures=tuple(said["figures"]),
            lacks=tuple(said["lacks"]),
        )
