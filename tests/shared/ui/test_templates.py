"""Shows that templates say every word through the catalogue, and show nothing that is not there."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, UndefinedError, nodes

from shared import ui
from shared.catalogue import ENGLISH, PSEUDO
from tests.pages import assert_page
from tests.patterns import environment, pattern_page

# Reads templates, never renders them; escaping is what the tests below look at.
READER = Environment(autoescape=True, extensions=["jinja2.ext.i18n"])
ROOT = Path(__file__).parents[3]
TEMPLATES = sorted(
    path
    for package in ("shared", "server", "field_client")
    for path in (ROOT / package).glob("**/templates/**/*.html")
)
SAID_ATTRIBUTES = {"alt", "title", "aria-label", "placeholder", "aria-description"}
LETTERS = re.compile(r"[A-Za-z]{2}")
SENTENCE = re.compile(r"[A-Z][a-z]")
NAMES = {"Fieldfare"}
NAME = re.compile("|".join(NAMES))
SAMPLE_DATA = ui.TEMPLATES / "patterns.html"


class _Words(HTMLParser):
    """Collects the words written in the HTML of a template, with their lines."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str]] = []
        self._quiet = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._quiet += tag in {"script", "style"}
        for name, value in attrs:
            if name in SAID_ATTRIBUTES and LETTERS.search(value or ""):
                self.found.append((self.getpos()[0], f"{name}={value!r}"))

    def handle_endtag(self, tag: str) -> None:
        self._quiet -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self._quiet and LETTERS.search(NAME.sub("", data)):
            first = len(data) - len(data.lstrip())
            line = self.getpos()[0] + data.count("\n", 0, first)
            self.found.append((line, " ".join(data.split())))


def unsaid(source: str, *, data_allowed: bool = False) -> list[tuple[int, str]]:
    """List the words in a template that never pass the catalogue, with their lines."""
    words = _Words()
    words.feed(_html_alone(source))
    words.close()
    return [*words.found, *([] if data_allowed else _sentences_in_code(source))]


def _html_alone(source: str) -> str:
    """Return a template's HTML with what Jinja does taken out, every line where it was."""
    html: list[str] = []
    tag: list[str] = []
    translating = False
    for _, kind, value in READER.lex(source):
        if kind == "block_begin":
            tag = []
        elif kind == "name":
            tag.append(value)
        elif kind == "block_end" and tag and tag[0] in {"trans", "endtrans"}:
            translating = tag[0] == "trans"
        html.append(value if kind == "data" and not translating else "\n" * value.count("\n"))
    return "".join(html)


def _sentences_in_code(source: str) -> Iterator[tuple[int, str]]:
    tree = READER.parse(source)
    said = {
        id(constant)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in {"_", "gettext", "ngettext"}
        for constant in call.find_all(nodes.Const)
    }
    # A value compared with, or a key looked up, is read by the template and by nobody else.
    unread = {
        id(node)
        for compared in tree.find_all((nodes.Operand, nodes.Getitem))
        for looked_at in [compared.expr if isinstance(compared, nodes.Operand) else compared.arg]
        for node in (looked_at, *looked_at.find_all(nodes.Const))
    }
    for constant in tree.find_all(nodes.Const):
        value = constant.value
        is_sentence = isinstance(value, str) and SENTENCE.match(value) and value not in NAMES
        if is_sentence and id(constant) not in said | unread:
            yield constant.lineno, repr(value)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_word_of_a_template_goes_through_the_catalogue(path: Path) -> None:
    found = unsaid(path.read_text(encoding="utf-8"), data_allowed=path == SAMPLE_DATA)
    assert not found, "\n".join(
        f'{path.relative_to(ROOT)}:{line}: put this through the catalogue, {{{{ _("...") }}}}: {word}'
        for line, word in found
    )


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("<p>\nSearch</p>", 2),
        ('<img alt="A bird">', 1),
        ('{{ _("Search") }}\n<a title="Go {{ there }}">x</a>', 2),
        ("{% trans %}Fine{% endtrans %}\n\n<p>Not fine</p>", 3),
        ('{{ button({"text": "Save"}) }}', 1),
        ('{% set heading = "Search" %}', 1),
        ("<title>Search - Fieldfare</title>", 1),
        ('{{ "Search" if name == "RecordVisit" }}', 1),
    ],
)
def test_a_word_that_skips_the_catalogue_is_found_with_its_line(source: str, line: int) -> None:
    [(found, _)] = unsaid(source)
    assert found == line


@pytest.mark.parametrize(
    "source",
    [
        '<p class="govuk-body">{{ _("Search") }} · £</p>',
        "<p>{% trans n=3 %}{{ n }} visits{% endtrans %}</p>",
        "{# A comment in words #}<script>let words;</script>",
        '{{ ngettext("One visit", "%(num)s visits", 3) }}{{ {"a": {"b": "c"}} }}',
        "<p>{{ person.name }}</p>",
        '{% if entry.name == "RecordVisit" %}{{ versions["Python"] }}{% endif %}',
        '{% if entry.name in ("RecordVisit", "AddMarker") %}£{% endif %}',
        "<title>{{ title }} - Fieldfare</title>",
    ],
)
def test_what_goes_through_the_catalogue_is_left_alone(source: str) -> None:
    assert unsaid(source) == []


@pytest.mark.parametrize("page", ["office.html", "device.html"])
@pytest.mark.parametrize("changes", [{}, {"sent": True}, {"outdoors": True}])
@pytest.mark.parametrize("language", ["en", PSEUDO])
def test_the_patterns_keep_the_house_rules(
    page: str, changes: dict[str, bool], language: str
) -> None:
    assert_page(pattern_page(page, language, **changes), page)


def test_no_sentence_of_the_frame_or_of_others_macros_skips_the_catalogue() -> None:
    brackets = re.compile(r"⟦[^⟦⟧]*⟧")
    for page in ("office.html", "device.html"):
        words = re.sub(r"<(script|style|head).*?</\1>", "", pattern_page(page, PSEUDO), flags=re.S)
        text = unescape(re.sub(r"<[^>]*>", "|", words))
        while brackets.search(text):
            text = brackets.sub("", text)
        left = {each.strip() for each in text.split("|") if LETTERS.search(each)}
        assert not left - DATA


DATA = {
    "Fieldfare",
    "English",
    "Cymraeg",
    "Thornholme Council",
    "Amina Osei",
    "Wilfred Arkwright-Oyelaran",
    "Polski",
    "Flat 2, 14 Saltmarsh Terrace, Thornholme TH4 9QX",
    "Maryam Castellanos",
    "3 Quern Lane, Thornholme TH4 2AB",
    "Council tax 2026",
    "1 April 2026 to 31 March 2027",
    "Liability order",
    "Housing benefit overpayment",
    "Invoice",
    "Breathing space",
    "Flat 2",
    "14 Saltmarsh Terrace",
    "Thornholme",
    "TH4 9QX",
    "Saltmarsh Cold Stores (Northern) Holdings Limited",
    "Curtains drawn, car on the drive.",
}


def test_the_one_inline_script_is_the_one_the_policy_allows() -> None:
    [script] = re.findall(r"<script>(.*?)</script>", pattern_page())
    assert script == ui.INLINE_SCRIPT
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"sha256-{digest}" == ui.INLINE_SCRIPT_HASH
    assert ui.INLINE_SCRIPT_HASH in ui.CONTENT_SECURITY_POLICY


def test_what_is_not_there_may_be_asked_about_but_not_shown(tmp_path: Path) -> None:
    made = environment(ENGLISH)
    (tmp_path / "asks.html").write_text("{% if nobody %}x{% endif %}{{ nobody or 'fine' }}")
    (tmp_path / "shows.html").write_text("<p>{{ person.name }}</p>")
    made.loader.loaders[0].searchpath.append(str(tmp_path))  # type: ignore[union-attr]  # ours
    assert made.get_template("asks.html").render() == "fine"
    contexts: tuple[dict[str, object], ...] = ({}, {"person": {}})
    for context in contexts:
        with pytest.raises(UndefinedError):
            made.get_template("shows.html").render(context)


def test_data_is_escaped_wherever_a_part_shows_it() -> None:
    evil = "<script>alert(1)</script>"
    source = (
        '{% from "parts.html" import identity_bar, facts, tag, notice, empty %}'
        '{% from "lists.html" import case_rows, debt_table, table, timeline %}'
        '{{ identity_bar(evil, evil, [(evil, evil)], [{"text": evil, "href": evil}]) }}'
        '{{ facts([{"key": evil, "value": evil, "change": {"href": evil}}], evil) }}'
        "{{ tag(evil) }}{{ notice(evil) }}{{ empty(evil, evil) }}"
        '{{ case_rows([{"href": evil, "title": evil, "lines": [evil], "reason": evil}]) }}'
        '{{ debt_table([{"text": evil, "reference": evil, "period": evil, "stage": evil,'
        ' "balance_pence": 1}], evil) }}'
        '{{ table(evil, [{"text": evil}], [[evil]]) }}'
        '{{ timeline([{"title": evil, "at": at, "by": evil, "text": evil}]) }}'
    )
    from tests.patterns import NOW  # noqa: PLC0415 - beside its one use

    html = environment(ENGLISH).from_string(source).render(evil=evil, at=NOW)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") > 20


def test_one_part_alone_needs_nothing_else() -> None:
    source = '{% from "parts.html" import progress %}{{ progress(0, 0, "Reading") }}'
    assert 'max="1"' in environment(ENGLISH).from_string(source).render()
