"""Looks at pages in the pseudo-language: what stands there without brackets never met the catalogue."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import text

from shared.catalogue import LANGUAGE_NAMES, PSEUDO
from tests.e2e.crawl import Crawl
from tests.pages import visible_text
from tests.server.access.conftest import Office

SPOKEN_ATTRIBUTES = ("alt", "aria-label", "placeholder", "title")
"""Attributes that a person is read or shown."""

OURS = frozenset({"Fieldfare", "am", "pm", *LANGUAGE_NAMES.values()})
"""Names that are the same in every language."""

_RECEIPT = re.compile(r"\b[0-9A-F]{4}-[0-9A-F]{4}\b")
"""The number of a receipt, which is the same in every language."""

_WORD = re.compile(r"[^\W\d_]{2,}")
_BETWEEN = "\0"
"""Stands between two runs of text of a page."""

_BRACKETED = re.compile(r"⟦[^⟦⟧]*⟧")


def find_unspoken(crawl: Crawl, words: frozenset[str]) -> None:
    """Report what the pages visited say outside of brackets and that is no word of the data."""
    context = crawl.page.context
    context.add_cookies([{"name": "language", "value": PSEUDO, "url": crawl.base}])
    for address in crawl.visited:
        look_for_unspoken(crawl, address, words)
    context.clear_cookies(name="language")


def look_for_unspoken(crawl: Crawl, address: str, words: frozenset[str]) -> None:
    """Report what one page says outside of brackets; it must be shown in the pseudo-language."""
    answer = crawl.page.context.request.get(address)
    if "text/html" in answer.headers.get("content-type", ""):
        crawl.report(address, sorted(set(_unspoken(answer.text(), words))))


def words_in(value: object) -> frozenset[str]:
    """Gather every word of the values in some data, but not of its keys."""
    if isinstance(value, dict):
        return words_in(list(value.values()))
    if isinstance(value, (list, tuple)):
        return frozenset().union(*map(words_in, value))
    return frozenset(_WORD.findall(value)) if isinstance(value, str) else frozenset()


def words_of(office: Office) -> frozenset[str]:
    """Gather every word that stands in a text column of the office."""
    columns = text(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND data_type IN ('text', 'character varying')"
    )
    found: set[str] = set()
    with office.session() as session:
        for table, column in session.execute(columns).all():
            rows = text(f'SELECT DISTINCT "{column}" FROM "{table}"')  # noqa: S608 - its own names
            for (value,) in session.execute(rows):
                found.update(_WORD.findall(str(value or "")))
        for (body,) in session.execute(text("SELECT body FROM detail WHERE body IS NOT NULL")):
            found |= words_in(json.loads(body))
    return frozenset(found)


def _unspoken(html: str, words: frozenset[str]) -> Iterator[str]:
    tree = html5lib.HTMLParser(namespaceHTMLElements=False).parse(html)
    # A sentence may begin before an element and end after it.
    left = _BETWEEN.join(_said(tree))
    while (shorter := _BRACKETED.sub(" ", left)) != left:
        left = shorter
    for said in left.split(_BETWEEN):
        if any(
            word not in words and word not in OURS for word in _WORD.findall(_RECEIPT.sub("", said))
        ):
            yield f"never met the catalogue: {' '.join(said.split())[:80]!r}"


def _said(tree: Element) -> Iterator[str]:
    body = next(tree.iter("body"))
    yield from visible_text(body)
    for element in body.iter():
        for name in SPOKEN_ATTRIBUTES:
            if element.get(name):
                yield str(element.get(name))
