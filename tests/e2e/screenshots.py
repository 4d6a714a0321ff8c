"""Takes a picture of every page for every role, and prints what is wrong with any: `make screenshots`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import FLAGS, find_chromium
from tests.e2e.account_walks import account_walks
from tests.e2e.crawl import Finding
from tests.e2e.device_walks import device_walks
from tests.e2e.studio import Routes, Studio, Walks, take
from tests.e2e.walks import empty_walks, office_walks, pattern_walks

WALKS: dict[str, Walks] = {
    "patterns": pattern_walks,
    "office": office_walks,
    "empty": empty_walks,
    "accounts": account_walks,
    "device": device_walks,
}
"""What is walked through; each starts what it needs on the studio's stack."""


def main(arguments: list[str] | None = None) -> int:
    """Take the pictures; return 1 when anything is wrong with one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("screenshots"))
    parser.add_argument("--only", choices=WALKS, action="append", help="walk through this only")
    asked = parser.parse_args(arguments)
    executable = find_chromium()
    if executable is None:
        say("No Chromium was found: run `make setup`, or `apt-get install chromium`.")
        return 1
    shutil.rmtree(asked.out, ignore_errors=True)
    began = time.monotonic()
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else [*FLAGS]
    with sync_playwright() as playwright, ExitStack() as stack:
        browser = playwright.chromium.launch(executable_path=executable, args=flags)
        stack.callback(browser.close)
        findings = walk_through(Studio(browser, stack), asked.only or list(WALKS), asked.out)
    pictures = len(list(asked.out.rglob("*.png")))
    seconds = round(time.monotonic() - began)
    say(f"{pictures} pictures in {asked.out}/, {len(findings)} findings, {seconds} s")
    return 1 if findings else 0


def walk_through(studio: Studio, names: Sequence[str], pictures: Path | None) -> list[Finding]:
    """Take every walk, and see that each page was come to by whoever may open it."""
    findings: list[Finding] = []
    counted: dict[int, tuple[str, Routes]] = {}
    for name in names:
        for walk in WALKS[name](studio):
            findings += take(walk, pictures, say)
            if walk.routes is not None:
                counted[id(walk.routes)] = (walk.name, walk.routes)
    for walked, routes in counted.values():
        wanted = routes.wanted - set(routes.excused)
        missing = routes.missing()
        say(f"{walked}: {len(wanted) - len(missing)} of {len(wanted)} routes")
        for rule in missing:
            say(f"  no walk came to {rule}")
            findings.append(Finding(rule, walked, f"no walk came to {rule}"))
    return findings


def say(line: str) -> None:
    """Print a line for the person who waits."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
