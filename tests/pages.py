"""The house rules for every page, checked on its HTML: `assert_page` in the test of every screen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

import html5lib  # type: ignore[import-untyped]  # it ships no types
from html5lib.constants import (  # type: ignore[import-untyped]  # it ships no types
    E as PARSE_ERRORS,
)

from shared.ui import INLINE_SCRIPT

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
SHOWN_BY_MISTAKE = (
    (re.compile(r"\bNone\b(?! of)|^(True|False|nan|null|undefined)$"), "a value of the program"),
    (re.compile(r"\[object|<[A-Za-z_.]+ object at|Markup\(|\{\{|\{%|%\([a-z_]+\)s"), "the program"),
    (re.compile(r"&(amp|lt|gt|quot|#39);"), "text escaped twice"),
    (UUID, "an id"),
    (re.compile(r"(?<![\w@/-])[a-z]+(\.[a-z]+)?(_[a-z0-9]+)+(?![\w@-])"), "a code word"),
    (re.compile(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b"), "a date not in words"),
    (re.compile(r"£-|£[0-9]{4,}|£[0-9,]*\.[0-9]\b"), "money not written as £1,234.56"),
)
VERBATIM = {"code", "pre", "textarea", "script", "style", "head", ""}
"""Elements whose text is shown exactly as it came: file names and column names stand in <code>."""

LABELLED = {"input", "select", "textarea"}
UNLABELLED_INPUTS = {"hidden", "submit", "button", "image", "reset"}
POINTERS = ("for", "aria-describedby", "aria-labelledby", "aria-controls")


def assert_page(html: str, url: str = "the page") -> None:
    """Fail with every house rule the page breaks."""
    faults = faults_of(html)
    assert not faults, f"{url}:\n  " + "\n  ".join(faults)


def faults_of(html: str) -> list[str]:
    """List the house rules a page breaks, in words."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(html)
    faults = [
        f"line {line}: {PARSE_ERRORS[code] % values}" for (line, _), code, values in parser.errors
    ]
    for rule in RULES:
        faults.extend(rule(tree))
    return faults


def text_of(element: Element) -> str:
    """Return the words in an element, spaces tidied."""
    return " ".join("".join(element.itertext()).split())


def visible_text(tree: Element) -> Iterator[str]:
    """Yield each run of text a person sees, without what is shown exactly as it came."""
    if _tag(tree) in VERBATIM:
        return
    for text in (tree.text, *(part for child in tree for part in _within(child))):
        if text and text.strip():
            yield " ".join(text.split())


def _within(child: Element) -> Iterator[str | None]:
    yield from visible_text(child)
    yield child.tail


def _heading_and_title(tree: Element) -> Iterator[str]:
    headings = [text_of(each) for each in tree.iter("h1")]
    if len(headings) != 1:
        yield f"{len(headings)} h1 headings, where one belongs: {headings}"
        return
    title = text_of(next(tree.iter("title"), Element("title")))
    wrong = any("govuk-error-summary" in _classes(each) for each in tree.iter("div"))
    begins = re.match(r"(?P<error>\S+: |⟦\S+:⟧ )?" + re.escape(headings[0]), title)
    if not begins:
        yield f"the title {title!r} does not begin with the h1 {headings[0]!r}"
    elif bool(begins["error"]) != wrong:
        yield f"the title {title!r} says Error first exactly when there is an error summary"
    if not (tree.get("lang") or "").strip():
        yield "html has no lang"
    if len(list(tree.iter("main"))) != 1:
        yield "exactly one main belongs on a page"


def _headings_in_order(tree: Element) -> Iterator[str]:
    level = 0
    for element in tree.iter():
        if re.fullmatch("h[1-6]", _tag(element)):
            now = int(_tag(element)[1])
            if level and now > level + 1:
                yield f"h{level} is followed by h{now}: {text_of(element)!r}"
            level = now


def _ids(tree: Element) -> Iterator[str]:
    counted = Counter(value for each in tree.iter() if (value := each.get("id")) is not None)
    yield from (f"the id {value!r} stands {n} times" for value, n in counted.items() if n > 1)
    for element in tree.iter():
        for attribute in POINTERS:
            for target in (element.get(attribute) or "").split():
                if target not in counted:
                    yield f"{element.tag} {attribute}={target!r} points at nothing"
        href = element.get("href") or ""
        if element.tag == "a" and href.startswith("#") and href[1:] not in counted:
            yield f"the link to {href!r} leads nowhere"


def _names(tree: Element) -> Iterator[str]:
    labels = {each.get("for"): text_of(each) for each in tree.iter("label")}
    wrapped = {id(inner) for label in tree.iter("label") for inner in label.iter()}
    for element in tree.iter():
        said = (element.get("aria-label") or element.get("aria-labelledby") or "").strip()
        if element.tag in LABELLED and element.get("type") not in UNLABELLED_INPUTS:
            if not (said or labels.get(element.get("id")) or id(element) in wrapped):
                yield f"{element.tag} {element.get('name')!r} has no label"
        elif element.tag in {"a", "button", "summary"} and not (said or text_of(element)):
            yield f"{element.tag} has no words: {element.attrib}"
        elif element.tag == "img" and element.get("alt") is None:
            yield f"img {element.get('src')!r} has no alt"


def _forms(tree: Element) -> Iterator[str]:
    for form in tree.iter("form"):
        if not form.get("action") or form.get("method") not in {"get", "post"}:
            yield f"a form needs an action, and get or post as its method: {form.attrib}"
    for link in tree.iter("a"):
        if not link.get("href"):
            yield f"a link without an address: {text_of(link)!r}"


def _nothing_inline(tree: Element) -> Iterator[str]:
    for element in tree.iter():
        if element.tag == "script" and not element.get("src"):
            if (element.text or "").strip() != INLINE_SCRIPT:
                yield f"an inline script: {(element.text or '')[:60]!r}"
        elif element.tag == "style":
            yield "an inline style sheet"
        for name in element.attrib:
            if name == "style" or name.startswith("on"):
                yield f"{element.tag} has an inline {name}"
        source = element.get("src") or (element.get("href") if element.tag == "link" else "") or ""
        if source.startswith(("http:", "https:", "//")):
            yield f"{element.tag} is fetched from elsewhere: {source}"


def _only_words(tree: Element) -> Iterator[str]:
    body = next(tree.iter("body"))
    for text in visible_text(body):
        for pattern, what in SHOWN_BY_MISTAKE:
            if found := pattern.search(text):
                yield f"{what} is shown: {found[0]!r} in {text[:80]!r}"


def _tag(element: Element) -> str:
    """Name an element; a comment has no name."""
    tag: object = element.tag
    return tag if isinstance(tag, str) else ""


def _classes(element: Element) -> list[str]:
    return (element.get("class") or "").split()


RULES: tuple[Callable[[Element], Iterator[str]], ...] = (
    _heading_and_title,
    _headings_in_order,
    _ids,
    _names,
    _forms,
    _nothing_inline,
    _only_words,
)
