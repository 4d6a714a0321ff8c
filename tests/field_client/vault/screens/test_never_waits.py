"""Shows that no screen of the device waits for the network, and that each says how syncing stands."""

from __future__ import annotations

import ast
import re
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import shared.ui
from field_client.answers import Answer
from field_client.vault import screens as screens_package
from field_client.vault.keeper_link import KeeperLink
from field_client.vault.store import Store
from field_client.vault.syncing import Progress, Syncing
from shared.errors import RuleBroken
from tests.field_client.vault.conftest import FarOffice
from tests.field_client.vault.screens.test_sent import NOW, page
from tests.server.reading import words_of

SCREENS = sorted(Path(screens_package.__file__ or "").parent.glob("*.py"))
TEMPLATES = sorted(Path(screens_package.__file__ or "").parent.rglob("*.html"))
SCRIPTS = sorted((Path(shared.ui.__file__ or "").parent / "static").glob("*.js"))

ASKS_THE_NETWORK = {"send", "upload", "metered", "status", "sync_once", "stop"}
"""What of the keeper and of syncing takes as long as the network does; `ask` only says so and goes on."""

WAITS = {"sleep", "wait", "join", "result", "acquire"}


def test_what_a_screen_may_not_call_is_what_there_is() -> None:
    named = {name for name in vars(KeeperLink) if not name.startswith("_")}
    assert {"send", "upload", "metered", "status"} <= named
    assert {"sync_once", "stop"} <= set(vars(Syncing))


@pytest.mark.parametrize("path", SCREENS, ids=lambda path: path.stem)
def test_no_screen_calls_what_waits_for_the_network(path: Path) -> None:
    called = {
        f"{node.func.attr} in line {node.lineno}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and not (isinstance(node.func.value, ast.Constant))
        and node.func.attr in ASKS_THE_NETWORK | WAITS
    }
    assert called == set(), f"{path.name} may wait for the network"


@pytest.mark.parametrize("path", [*SCRIPTS, *TEMPLATES], ids=lambda path: path.name)
def test_no_page_trusts_what_a_browser_says_of_the_network(path: Path) -> None:
    text = path.read_text()
    assert "onLine" not in text
    assert not re.search(r"fetch\(\s*[\"'`]https?:", text), "a page asks its own device only"
    assert "spinner" not in text


def test_every_page_answers_while_the_office_never_does(
    client: FlaskClient, full: Store, office: FarOffice
) -> None:
    asked, answer = threading.Event(), threading.Event()

    def stalls(_path: str, _body: bytes) -> Answer:
        asked.set()
        answer.wait(60)
        raise RuleBroken("office.unreachable")

    office.answers = stalls
    client.post("/sync")
    assert asked.wait(60), "the office is being asked"
    try:
        for url in ("/today", "/search?q=Maryam", "/outbox", "/sync", "/settings"):
            assert "syncing now" in words_of(page(client, url))
    finally:
        answer.set()


@pytest.mark.parametrize(
    ("progress", "said"),
    [
        (Progress(running=True), "syncing now"),
        (Progress(running=True, received=300, expected=2100), "syncing: 300 of 2,100"),
        (Progress(problem=RuleBroken("sync.office_fault")), "not in step"),
        (
            Progress(problem=RuleBroken("sync.office_fault"), ended_at=NOW, next_seconds=90.0),
            "not in step, next try",
        ),
    ],
)
def test_one_line_on_every_page_says_how_syncing_stands(
    client: FlaskClient, full: Store, monkeypatch: pytest.MonkeyPatch, progress: Progress, said: str
) -> None:
    monkeypatch.setattr(Syncing, "progress", progress)
    for url in ("/today", "/search", "/outbox", "/settings"):
        assert said in words_of(page(client, url))


def test_the_next_try_is_told_only_when_it_is_known() -> None:
    ended = Progress(ended_at=NOW, next_seconds=90.0)
    assert ended.next_at == NOW + timedelta(seconds=90)
    assert Progress(running=True, ended_at=NOW, next_seconds=90.0).next_at is None
    assert Progress(next_seconds=90.0).next_at is None
