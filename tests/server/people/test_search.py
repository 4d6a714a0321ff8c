"""Shows that people and accounts are found by anything they are known by, spelt well or badly."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import text

from server.accounts.commands import AmendAccount
from server.people.commands import ChangeName, RecordContact, RecordFormerName
from server.people.found import FoundAccount, FoundPerson, describe
from server.people.search import SCORE_MIN, Match, search
from server.people.terms import compact, normalise
from shared.errors import RuleBroken
from tests.server.office import Office, as_owner, new_id
from tests.server.scenes import live_at, open_debt, open_organisation, open_person

TERMS_READ_MAX = 1_000
"""Terms a search may read of a large town's; it reads a dozen."""


@dataclass(frozen=True)
class Town:
    """Some people with names that are easily got wrong."""

    office: Office
    jane: str
    john: str
    sean: str
    works: str

    def find(self, typed: str) -> list[Match]:
        with self.office.look() as session:
            return list(search(session, typed).matches)

    def first(self, typed: str) -> str | None:
        """Answer the person found first."""
        found = self.find(typed)
        return found[0].person_id if found else None


@pytest.fixture
def town(office: Office) -> Town:
    jane = open_person(office, "Jane", "Smith")
    john = open_person(office, "John", "Smythe-Okonkwo")
    sean = open_person(office, "Seán", "O’Connor")
    works = open_organisation(office, "Arkwright & Sons Limited")
    live_at(office, jane, "Flat 2\n14 Saltmarsh Terrace\nThornholme", "TH4 9QX", uprn="100050701")
    live_at(office, john, "3 Quern Lane\nThornholme", "TH4 2AB")
    return Town(office, jane, john, sean, works)


FOUND_FIRST_BY = {
    "jane": (
        "jane smith",
        "SMITH, Jane",
        "Jayne Smith",
        "jane smiht",
        "jan smyth",
        "14 saltmarsh terrace",
        "saltmash terrace",
        "TH4 9QX",
        "th49qx",
        "th4 9",
        "100050701",
        "smith th4 9qx",
    ),
    "john": (
        "smythe okonkwo",
        "okonkwo",
        "okonwko",
        "smith TH4 2",
    ),
    "sean": (
        "sean oconnor",
        "Shaun O'Conner",
    ),
    "works": (
        "arkwright and sons ltd",
        "Arkwrite",
    ),
}


def test_people_are_found_first_by_what_they_are_known_by_spelt_well_or_badly(town: Town) -> None:
    found = {
        who: [typed for typed in words if town.first(typed) == getattr(town, who)]
        for who, words in FOUND_FIRST_BY.items()
    }
    assert found == {who: list(words) for who, words in FOUND_FIRST_BY.items()}


def test_a_person_is_found_by_former_names_until_they_are_forgotten(town: Town) -> None:
    office = town.office
    office.give(
        RecordFormerName(former_name_id=new_id(), person_id=town.jane, former_name="Jane Quilliam")
    )
    change = ChangeName(
        person_id=town.jane, former_name_id=new_id(), forenames="Jane", surname="Ferreira"
    )
    office.give(change)
    for typed, kind in (
        ("ferreira", "name"),
        ("quilliam", "former_name"),
        ("jane smith", "former_name"),
    ):
        found = town.find(typed)[0]
        assert (found.person_id, found.kind) == (town.jane, kind)


def test_a_person_is_found_by_phone_number_and_email(town: Town) -> None:
    for kind, value in (("phone", "07700 900982"), ("email", "Jane.Smith@example.org")):
        town.office.give(
            RecordContact(contact_id=new_id(), person_id=town.jane, kind=kind, value=value)
        )
    for typed in ("07700 900 982", "07700900", "jane.smith@example.org"):
        assert town.first(typed) == town.jane


def test_an_account_is_found_by_each_of_its_references(town: Town) -> None:
    owed = open_debt(
        town.office,
        town.jane,
        reference="8804 2217/5",
        property_reference="BRD-0001",
        address_id=new_id(),
        lines="9 Mill Lane\nThornholme",
        postcode="TH1 1AA",
    )
    for typed in ("880422175", "8804 2217 5", "88042", "brd0001", "8804 2217/5-1", "9 mill lane"):
        assert town.find(typed)[0].account_id == owed.account_id
    town.office.give(
        AmendAccount(account_id=owed.account_id, property_reference="BRD-0002", lines="")
    )
    assert town.find("brd0001") == []
    assert town.find("brd0002")[0].account_id == owed.account_id


def test_what_matched_is_told_as_it_is_written_and_how_nearly(town: Town) -> None:
    office = town.office
    office.give(
        RecordFormerName(former_name_id=new_id(), person_id=town.jane, former_name="Jané Quilliam")
    )
    owed = open_debt(office, town.jane, town.john, town.works, town.sean, reference="AB 12/34")

    def told(typed: str) -> tuple[str, str, str]:
        with office.look() as session:
            found = describe(session, search(session, typed).matches)[0]
        return found.match.kind, found.matched_text, found.match.how

    assert told("Jane Quilliam") == ("former_name", "Jané Quilliam", "exact")
    assert told("quiliam") == ("former_name", "Jané Quilliam", "sounds")
    assert told("saltmarsh") == (
        "address",
        "Flat 2, 14 Saltmarsh Terrace, Thornholme, TH4 9QX",
        "part",
    )
    assert told("th4 9") == ("postcode", "TH4 9QX", "begins")
    assert told("ab12") == ("reference", "AB 12/34", "begins")
    with office.look() as session:
        person, account = (
            describe(session, search(session, typed).matches)[0] for typed in ("jane smith", "ab12")
        )
    assert isinstance(person, FoundPerson)
    assert (person.name, person.postcode, person.debts, person.balance_pence) == (
        "Jane Smith",
        "TH4 9QX",
        1,
        100_000,
    )
    assert isinstance(account, FoundAccount)
    assert account.account_id == owed.account_id
    assert account.liable == ("Arkwright & Sons Limited", "Jane Smith", "John Smythe-Okonkwo")
    assert (account.liable_count, account.balance_pence) == (4, 100_000)


def test_each_person_is_found_once_by_the_nearest_of_their_words(town: Town) -> None:
    office = town.office
    for name in ("Janet Smith", "J Smith"):
        office.give(
            RecordFormerName(former_name_id=new_id(), person_id=town.jane, former_name=name)
        )
    found = [match for match in town.find("jane smith") if match.person_id == town.jane]
    assert [(match.kind, match.how) for match in found] == [("name", "exact")]


@pytest.mark.parametrize("typed", ["", "  ", "x", "-!-", "é"])
def test_a_search_that_says_too_little_is_refused(town: Town, typed: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        town.find(typed)
    assert (refused.value.code, refused.value.field) == ("search.too_short", "q")


def test_a_search_that_says_too_much_is_refused(town: Town) -> None:
    with pytest.raises(RuleBroken, match=r"search\.too_long"):
        town.find("x" * 201)


@pytest.mark.parametrize(
    "typed", ["j%%e", "__a_b__", "'; DROP TABLE person; --", "李小", "\\\\ab", "a:b"]
)
def test_signs_that_mean_something_to_a_database_mean_nothing_here(town: Town, typed: str) -> None:
    assert all(match.score >= SCORE_MIN for match in town.find(typed))


def test_names_are_compared_without_accents_signs_and_legal_forms() -> None:
    assert normalise("  Łukasz  O’Brien-Sørensen ") == "lukasz obrien sorensen"
    assert normalise("Marks & Co. LIMITED") == "marks and co ltd"
    assert compact("8804 2217/5") == "880422175"


def test_a_search_stays_quick_in_a_large_town(town: Town) -> None:
    """The indexes are used: of 200,000 terms more, a search reads hardly any."""
    with town.office.sessions() as session, session.begin():
        session.execute(
            text(
                "INSERT INTO search_term (kind, term, sound, person_id) "
                "SELECT CASE n % 4 WHEN 0 THEN 'name' WHEN 1 THEN 'address' WHEN 2 THEN 'postcode'"
                " ELSE 'reference' END, md5(n::text), '', gen_random_uuid() "
                "FROM generate_series(1, 200000) AS n"
            )
        )
    with as_owner(town.office.sessions) as session:
        session.execute(text("ANALYZE search_term"))
    for typed in ("jane smiht", "14 saltmarsh terrace", "th4 9", "smith th4 9qx"):
        with town.office.look() as session:
            found = search(session, typed).matches
            read = session.execute(
                text(
                    "SELECT seq_scan, seq_tup_read, idx_tup_fetch FROM pg_stat_xact_user_tables "
                    "WHERE relname = 'search_term'"
                )
            ).one()
        assert found[0].person_id == town.jane
        assert (read.seq_scan, read.seq_tup_read) == (0, 0), typed
        assert 0 < read.idx_tup_fetch < TERMS_READ_MAX, typed
