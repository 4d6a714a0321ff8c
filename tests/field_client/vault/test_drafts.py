"""Shows that what was typed is kept through anything but a second thought."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from field_client.vault import drafts, photographs
from field_client.vault.drafts import TYPED_BYTES_MAX, Draft
from field_client.vault.pictures import read_picture
from field_client.vault.store import Store
from shared.errors import RuleBroken
from tests.field_client.vault.pictures import jpeg
from tests.field_client.vault.sample import id_of, open_vault

WHEN = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)


def draft(notes: str, *, page: str = "one", turn: int = 0, of: str = "a visit") -> Draft:
    return Draft(
        draft_id=id_of(of),
        case_id=id_of("a case"),
        kind="visit",
        saved_at=WHEN,
        typed={"notes": (notes,), "met_person_ids": ("a", "b")},
        page=page,
        turn=turn,
    )


def test_what_was_typed_comes_back_as_it_was(store: Store) -> None:
    drafts.keep(store, draft("line one\r\nline two  "))
    assert drafts.find(store, id_of("a visit")) == draft("line one\r\nline two  ")
    assert drafts.of_case(store, id_of("a case"), "visit") == draft("line one\r\nline two  ")
    assert drafts.of_case(store, id_of("a case"), "answer") is None


def test_a_later_turn_of_the_same_page_is_not_undone_by_an_earlier_one(store: Store) -> None:
    drafts.keep(store, draft("later", turn=3))
    drafts.keep(store, draft("earlier", turn=2))
    found = drafts.find(store, id_of("a visit"))
    assert found is not None
    assert found.typed["notes"] == ("later",)


def test_another_page_begins_to_count_anew(store: Store) -> None:
    drafts.keep(store, draft("before", turn=9))
    drafts.keep(store, draft("after a restart", page="two", turn=1))
    found = drafts.find(store, id_of("a visit"))
    assert found is not None
    assert found.typed["notes"] == ("after a restart",)


def test_a_draft_larger_than_any_form_is_refused_and_the_last_one_stays(store: Store) -> None:
    drafts.keep(store, draft("kept"))
    with pytest.raises(RuleBroken, match=r"draft\.too_large"):
        drafts.keep(store, draft("x" * TYPED_BYTES_MAX))
    found = drafts.find(store, id_of("a visit"))
    assert found is not None
    assert found.typed["notes"] == ("kept",)


def test_discarding_takes_the_photographs_that_were_not_saved(store: Store) -> None:
    drafts.keep(store, draft("gone"))
    for of in ("a visit", "another"):
        photographs.keep(
            store, read_picture(jpeg()), visit_id=id_of(of), case_id=id_of("a case"), purpose="premises"
        )  # fmt: skip
    drafts.discard(store, id_of("a visit"))
    assert drafts.every(store) == []
    assert photographs.of_visit(store, id_of("a visit")) == []
    assert len(photographs.of_visit(store, id_of("another"))) == 1


KEEP_AND_WAIT = """
import sys, time
from pathlib import Path
sys.path.insert(0, {root!r})
from field_client.vault import drafts
from tests.field_client.vault.sample import open_vault
from tests.field_client.vault.test_drafts import draft
store = open_vault(Path({folder!r}))
drafts.keep(store, draft("typed just before the end"))
print("kept", flush=True)
time.sleep(60)
"""


def test_a_draft_outlives_a_process_that_was_killed(tmp_path: Path) -> None:
    root = str(Path(__file__).parents[3])
    program = KEEP_AND_WAIT.format(root=root, folder=str(tmp_path))
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=root)
    assert process.stdout is not None
    assert process.stdout.readline() == b"kept\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    store = open_vault(tmp_path)
    found = drafts.find(store, id_of("a visit"))
    store.close()
    assert found is not None
    assert found.typed["notes"] == ("typed just before the end",)


def test_nothing_typed_stands_in_the_file_for_anyone_to_read(tmp_path: Path) -> None:
    store = open_vault(tmp_path)
    drafts.keep(store, draft("An unmistakable sentence"))
    photographs.keep(
        store, read_picture(jpeg()), visit_id=id_of("v"), case_id=id_of("c"), purpose="premises"
    )
    store.close()
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"unmistakable" not in written
    assert b"JFIF" not in written
