"""A page that takes a great part of the cases away is held back until the office says it twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from field_client.vault.store import Store, open_store
from sync.device_steps import Taken
from sync.protocol import Page, Purge, Record, Reply
from sync.scope import purge_digest

EPOCH = "5b7a1c9e-2f4d-4c8b-9a6e-1d3f5b7a9c0e"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "vault.db", bytearray(32))
    opened.put("store_id", "9c1f6f0a-58a7-4b6e-8f2a-3f2b6a4d7e10")
    yield opened
    opened.close()


def case(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def reply(page: Page, confirmed: str | None = None) -> Reply:
    return Reply(
        epoch=EPOCH,
        server_time=datetime(2027, 3, 1, tzinfo=UTC).isoformat(),
        page=page,
        confirmed=confirmed,
    )


def hold(store: Store, count: int) -> None:
    records = tuple(
        Record(case_id=case(n), view="v", kind="case", record_id=case(n), commit=1, body="{}")
        for n in range(count)
    )
    store.absorb(reply(Page(records=records, start=0, end=1, head=1)))


def taking(count: int, start: int = 1, first: int = 0, *, head: int = 0) -> Page:
    purges = tuple(
        Purge(case_id=case(n), view="v", commit=start + 1, reason="reassigned")
        for n in range(first, first + count)
    )
    return Page(purges=purges, start=start, end=start + 1, head=head or start + 1)


def left(store: Store) -> int:
    return len(store.rows("SELECT DISTINCT case_id FROM record"))


@pytest.mark.parametrize(("held", "going"), [(100, 30), (60, 18), (20, 20), (3, 3), (70, 21)])
def test_a_usual_reassignment_needs_no_second_word(store: Store, held: int, going: int) -> None:
    hold(store, held)
    taken = store.absorb(reply(taking(going)))
    assert taken == Taken(page=True, erased=going)
    assert left(store) == held - going


@pytest.mark.parametrize(("held", "going"), [(100, 31), (21, 21), (69, 21), (200, 200)])
def test_a_page_that_takes_too_many_cases_is_held_back(store: Store, held: int, going: int) -> None:
    hold(store, held)
    page = taking(going)

    taken = store.absorb(reply(page))

    assert taken == Taken(parked=True)
    assert left(store) == held
    assert store.cursor() == 1, "the same page comes again"
    assert store.copy().confirm == purge_digest(EPOCH, page.purges)
    assert [kind for kind, _times, _at in store.defects()] == ["purge.parked"]

    confirmed = reply(page, confirmed=store.copy().confirm)
    assert store.absorb(confirmed) == Taken(page=True, erased=going)
    assert left(store) == held - going
    assert store.copy().confirm is None


def test_a_second_word_about_other_cases_confirms_nothing(store: Store) -> None:
    hold(store, 40)
    store.absorb(reply(taking(30)))
    asked = store.copy().confirm

    assert store.absorb(reply(taking(31), confirmed=asked)).parked
    assert store.absorb(reply(taking(30), confirmed="0" * 64)).parked
    assert left(store) == 40


def test_a_second_word_that_the_office_did_not_sign_confirms_nothing(store: Store) -> None:
    hold(store, 40)
    store.absorb(reply(taking(30)))
    confirmed = reply(taking(30), confirmed=store.copy().confirm)

    assert store.absorb(confirmed, sealed=False).parked
    assert left(store) == 40


def test_many_small_pages_take_no_more_than_one_large_one(store: Store) -> None:
    """Nothing is gained by splitting: what went since the copy was last whole is counted together."""
    hold(store, 60)
    for page in range(2):
        assert store.absorb(reply(taking(10, start=1 + page, first=10 * page, head=50))).page
    assert store.absorb(reply(taking(10, start=3, first=20, head=50))).parked
    assert left(store) == 40


def test_cases_not_held_here_are_not_counted(store: Store) -> None:
    hold(store, 40)
    page = taking(500, first=1_000)
    assert store.absorb(reply(page)).page
    assert left(store) == 40


def test_a_page_that_is_taken_back_is_not_held_back_any_longer(store: Store) -> None:
    hold(store, 40)
    store.absorb(reply(taking(30)))
    assert store.absorb(reply(Page(start=1, end=3, head=3))) == Taken(page=True)
    assert store.copy().confirm is None


@pytest.mark.parametrize("empty", [Page(start=1, end=1, head=1), Page(start=0, end=9, head=9)])
def test_an_empty_answer_takes_nothing_away(store: Store, empty: Page) -> None:
    hold(store, 40)
    store.absorb(reply(empty))
    assert left(store) == 40


def test_the_office_says_it_again_and_keeps_that_it_was_asked(store: Store) -> None:
    other = replace(reply(taking(30)), epoch=case(1))
    hold(store, 40)
    assert store.absorb(other) == Taken(), "another office takes nothing away"
    assert left(store) == 40
