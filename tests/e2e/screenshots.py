"""Takes a picture of every page for every role, and prints what is wrong with any: `make screenshots`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import FLAGS, find_chromium
from tests.e2e.crawl import Crawl, Finding
from tests.patterns import serve_patterns


@dataclass(frozen=True)
class Walk:
    """One program walked through by one person: where it is, how they get in, where they start."""

    name: str
    base: str
    starts: tuple[str, ...]
    device: bool = False
    sign_in: Callable[[Page], None] | None = None
    statuses: Mapping[str, int] = field(default_factory=dict)


def pattern_walks(stack: ExitStack) -> Iterator[Walk]:
    """Walk over the pattern page on both frames: plain, with errors, and outdoors."""
    base = stack.enter_context(serve_patterns())
    looks = ("", "?sent=1", "?outdoors=1", "?language=pseudo")
    for frame in ("office", "device"):
        starts = tuple(f"/{frame}{look}" for look in looks)
        yield Walk(f"patterns-{frame}", base, starts, device=frame == "device")


WALKS: tuple[Callable[[ExitStack], Iterator[Walk]], ...] = (pattern_walks,)
"""What is walked through; each starts what it needs on the stack."""


def take(browser: Browser, walk: Walk, pictures: Path) -> list[Finding]:
    """Walk through one program, and return what is wrong in it."""
    context = browser.new_context(
        locale="en-GB", timezone_id="Europe/London", reduced_motion="reduce"
    )
    try:
        page = context.new_page()
        if walk.sign_in is not None:
            walk.sign_in(page)
        crawl = Crawl(
            page, walk.base, pictures / walk.name, device=walk.device, statuses=walk.statuses
        )
        findings = crawl.walk(walk.starts)
        say(f"{walk.name}: {len(crawl.visited)} pages, {len(findings)} findings")
        return findings
    finally:
        context.close()


def main(arguments: list[str] | None = None) -> int:
    """Take the pictures; return how many findings there are, at most 1 for the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("screenshots"))
    out: Path = parser.parse_args(arguments).out
    executable = find_chromium()
    if executable is None:
        say("No Chromium was found: run `make setup`, or `apt-get install chromium`.")
        return 1
    shutil.rmtree(out, ignore_errors=True)
    findings: list[Finding] = []
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else [*FLAGS]
    with sync_playwright() as playwright, ExitStack() as stack:
        browser = playwright.chromium.launch(executable_path=executable, args=flags)
        stack.callback(browser.close)
        for walks in WALKS:
            for walk in walks(stack):
                findings += take(browser, walk, out)
    for line in summary(findings):
        say(line)
    return 1 if findings else 0


def summary(findings: list[Finding]) -> list[str]:
    """Say each thing once, with the first address it was found at and how often."""
    places: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        places.setdefault((finding.what, finding.size), []).append(finding.address)
    return [
        f"{where[0]} at {size}: {what}" + (f" (and {len(where) - 1} more)" if where[1:] else "")
        for (what, size), where in places.items()
    ]


def say(line: str) -> None:
    """Print a line for the person who waits."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
