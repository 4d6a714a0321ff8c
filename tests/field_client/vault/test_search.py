"""Shows that a case is found by whatever an officer has at hand, slips of the thumb forgiven."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from field_client.vault.search import Search
from field_client.vault.store import Store
from tests.field_client.vault.sample import OFFICER, case, fill, id_of, place
from tests.field_client.vault.saving import save_visit

NOW = datetime.now(UTC)


@pytest.fixture
def search(full: Store) -> Search:
    return Search(full, OFFICER)


def found(search: Search, asked: str) -> list[str]:
    known = {id_of(name): name for name in NAMES}
    return [known[hit.case_id] for hit in search.find(asked)]


NAMES = (
    "Maryam Castellanos", "Wilfred Arkwright-Oyelaran", "Tom O'Leary", "Zofia Nowak",
    "Priya Ramanathan", "Bramble Tyres Ltd", "Idris Vaughan", "Agnieszka Łukasiewicz",
)  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("castellanos", "Maryam Castellanos"),
        ("Maryam", "Maryam Castellanos"),
        ("MARYEM castelanos", "Maryam Castellanos"),
        ("okafor", "Maryam Castellanos"),
        ("jose", "Maryam Castellanos"),
        ("oleary", "Tom O'Leary"),
        ("o'leary", "Tom O'Leary"),
        ("arkwright", "Wilfred Arkwright-Oyelaran"),
        ("oyelaren", "Wilfred Arkwright-Oyelaran"),
        ("lukasiewicz", "Agnieszka Łukasiewicz"),
        ("Łukasiewicz", "Agnieszka Łukasiewicz"),
        ("quern", "Maryam Castellanos"),
        ("3 quern lane", "Maryam Castellanos"),
        ("osier", "Maryam Castellanos"),
        ("saltmarsh terace", "Wilfred Arkwright-Oyelaran"),
        ("qz3 7tt", "Zofia Nowak"),
        ("QZ37TT", "Zofia Nowak"),
        ("07700 900 123", "Maryam Castellanos"),
        ("+44 7700 900123", "Maryam Castellanos"),
        ("900123", "Maryam Castellanos"),
        ("granary wharf", "Bramble Tyres Ltd"),
        ("zof", "Zofia Nowak"),
    ],
)
def test_it_finds_by_what_one_has_at_hand(search: Search, asked: str, name: str) -> None:
    assert found(search, asked)[0] == name


def test_a_reference_is_found_whole_or_by_its_beginning(full: Store, search: Search) -> None:
    ((reference,),) = full.rows(
        "SELECT json_extract(body, '$.account_reference') FROM record WHERE kind = 'debt' "
        "AND case_id = ?",
        (id_of("Zofia Nowak"),),
    )
    assert found(search, reference) == ["Zofia Nowak"]
    assert "Zofia Nowak" in found(search, reference[:7])


def test_every_word_must_be_there(search: Search) -> None:
    assert found(search, "maryam nowak") == []
    assert found(search, "zofia yarrow") == ["Zofia Nowak"]


@pytest.mark.parametrize("asked", ["", "   ", "…", "%", "_", "' OR 1=1 --", "xyzzyq", "\0", "((("])
def test_what_finds_nothing_finds_nothing(search: Search, asked: str) -> None:
    assert found(search, asked) == []


def test_the_same_town_finds_everyone_there(search: Search) -> None:
    assert len(found(search, "harrowmere")) == len(NAMES)


def test_a_phone_number_saved_a_moment_ago_is_found(full: Store, search: Search) -> None:
    assert found(search, "07700 900 777") == []
    save_visit(full, "Zofia Nowak", number="07700900777")
    assert found(search, "07700 900 777") == ["Zofia Nowak"]


def test_among_two_thousand_cases_the_one_that_is_meant_comes_first(store: Store) -> None:
    names = [f"{first} {last}{number}" for number in range(20) for first in FIRST for last in LAST]
    cases = [
        case(name, place(f"{number} Long Lane", f"QZ{number % 9 + 1} {number % 9}AB"))
        for number, name in enumerate(names)
    ]
    fill(store, cases, NOW)
    search = Search(store, OFFICER)
    assert len(names) == 2_000
    for asked in ("Marget Willson7", f"{names.index('Margaret Wilson7')} Long Lane"):
        assert search.find(asked)[0].case_id == id_of("Margaret Wilson7")
    at_that_postcode = {hit.case_id for hit in search.find("QZ4 3AB")}
    assert at_that_postcode
    assert at_that_postcode <= {id_of(name) for name in names[3::9]}


FIRST = ("Ada", "Bilal", "Chidi", "Dilys", "Emrys", "Farah", "Gwen", "Hamid", "Ines", "Margaret")
LAST = ("Price", "Khan", "Okoro", "Wilson", "Novak", "Singh", "Hughes", "Patel", "Reid", "Young")


def test_what_is_erased_later_than_it_left_is_found_no_more(full: Store) -> None:
    """A draft held the case; when it goes, nothing else that the index looks at has moved."""
    search = Search(full, OFFICER)
    case_id = id_of("Zofia Nowak")
    with full.transaction() as connection:
        connection.execute(
            "INSERT INTO purge VALUES (?, 'home_visit', 1, 'unassigned', 0)", (case_id,)
        )
    assert [hit.case_id for hit in search.find("Nowak")] == [case_id]
    with full.transaction() as connection:
        connection.execute("DELETE FROM record WHERE case_id = ?", (case_id,))
        connection.execute("UPDATE purge SET erased = 1")
    assert search.find("Nowak") == []
