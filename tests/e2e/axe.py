"""Asks axe what keeps people with disabilities from using a page, by every rule of WCAG 2.2 AA."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from axe_playwright_python.base import (  # type: ignore[import-untyped]  # it ships no types
    AXE_FILE_PATH,
)
from playwright.sync_api import Page

OWN_AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
"""WCAG 2.2 added no level A rule that axe can check."""

_RUN = """tags => axe.run(document, {runOnly: tags, resultTypes: ["violations"]}).then(
  results => results.violations.map(each => `${each.id}: ${each.help}: `
    + each.nodes.slice(0, 5).map(node => node.target.join(" ")).join(", ")))"""


def violations(page: Page) -> list[str]:
    """List what axe finds wrong on the page as it stands."""
    page.evaluate(_script())
    found = page.evaluate(_RUN, list(TAGS))
    assert isinstance(found, list), "axe answers with a list"
    return [f"axe {each}" for each in found]


@cache
def _script() -> str:
    path = OWN_AXE if OWN_AXE.is_file() else AXE_FILE_PATH
    return path.read_text(encoding="utf-8")
