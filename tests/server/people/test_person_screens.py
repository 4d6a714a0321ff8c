"""Shows the search page, the person page and its history as a person in the office uses them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from server.cases.commands import OpenCase
from server.payments.commands import RecordPayment
from server.people.commands import OpenPerson, RecordContact, RecordFormerName
from server.people.markers import RecordMarker
from server.people.tables import PersonRow
from server.recovery.commands import PlaceHold
from server.spine import clock
from server.spine.tables import ChangeRow, DetailRow, ReadRow
from shared.visits import RecordVisit
from tests.server.day import counted_queries
from tests.server.office import new_id
from tests.server.people.scene import Scene
from tests.server.reading import words_of
from tests.server.scenes import assign_case, open_debt, open_many, open_organisation, open_person
from tests.server.town import someone_who_may

SEES = ("people.search", "people.see", "accounts.see")


def test_the_search_page_says_what_can_be_searched_before_anything_was(scene: Scene) -> None:
    words = words_of(scene.browser.get("/search"))
    assert "Name, former name, address, postcode, phone number or any reference" in words
    assert "What you find appears here" in words
    assert "Add a person" not in words


def test_a_search_shows_who_was_found_and_by_whichwords_of(scene: Scene) -> None:
    former = RecordFormerName(
        former_name_id=new_id(), person_id=scene.jane, former_name="Jane Quilliam"
    )
    scene.office.give(former)
    page = scene.browser.get("/search?q=quiliam")
    assert f'href="/people/{scene.jane}"' in page
    words = words_of(page)
    assert "Mrs Jane Smith" in words
    assert "Born 2 May 1961" in words
    assert "14 Saltmarsh Terrace, Thornholme, TH4 9QX" in words
    assert "1 debt, £1,234.56 owed" in words
    assert "Former name: Jane Quilliam (sounds like this)" in words


def test_a_search_shows_accounts_with_who_is_liable(scene: Scene) -> None:
    page = scene.browser.get("/search?q=88042217")
    assert f'href="/accounts/{scene.account_id}"' in page
    assert "Jane Smith, John Smith" in words_of(page)
    nobody = open_debt(scene.office, reference="555777")
    page = scene.browser.get("/search?q=555777")
    assert f"/accounts/{nobody.account_id}" in page
    assert "Nobody is known to be liable" in words_of(page)


def test_a_case_is_opened_from_the_page_of_somebody_who_owes(scene: Scene) -> None:
    address = f"/people/{scene.jane}/case"
    assert f'href="{address}"' in scene.browser.get(f"/people/{scene.jane}")
    scene.office.give(OpenCase(case_id=new_id(), person_id=scene.jane, debt_ids=(scene.debt_id,)))
    assert f'href="{address}"' not in scene.browser.get(f"/people/{scene.jane}")


def test_a_search_that_finds_nothing_says_what_to_try(scene: Scene) -> None:
    words = words_of(scene.browser.get("/search?q=zzqqxx"))
    assert "Nobody and nothing found" in words
    assert "“zzqqxx”" in words
    assert "Add a person" in words


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter what you are searching for"),
        ("x", "Enter at least 2 letters or digits"),
        ("x" * 201, "Shorten this to 200 characters or fewer"),
    ],
)
def test_a_search_too_short_or_too_long_is_told_so(scene: Scene, typed: str, sentence: str) -> None:
    page = scene.browser.get(f"/search?q={typed}")
    assert sentence in words_of(page)
    assert "<title>\n  Error" in page or "Error: Search" in page


def test_more_than_fit_are_said_to_be_more(scene: Scene) -> None:
    scene.office.give_all(
        [
            OpenPerson(
                person_id=new_id(), kind="organisation", whole_name=f"Saltmarsh Stores {number}"
            )
            for number in range(51)
        ]
    )
    words = words_of(scene.browser.get("/search?q=saltmarsh stores"))
    assert "The 50 nearest" in words
    assert "There are more" in words


def test_the_person_page_shows_all_that_is_known_on_one_page(scene: Scene) -> None:
    office, today = scene.office, clock.today()
    office.give(
        PlaceHold(
            hold_id=new_id(),
            debt_id=scene.debt_id,
            reason="bereavement",
            from_on=today,
            note="Rang",
        )
    )
    office.give(
        RecordMarker(
            marker_id=new_id(),
            person_id=scene.jane,
            kind="threats",
            note="Shouted at the door",
            from_on=today,
            review_on=today + timedelta(days=90),
        )
    )
    contact = RecordContact(
        contact_id=new_id(), person_id=scene.jane, kind="phone", value="07700900982"
    )
    office.give(contact)
    assign_case(office, scene.jane, scene.debt_id)
    page = scene.browser.get(scene.page)
    words = words_of(page)
    for expected in (
        "Mrs Jane Smith",
        "Born 2 May 1961",
        "Speaks Welsh",
        "£1,234.56 on 1 debt",
        "Council Tax 88042217",
        "1 April 2026 to 31 March 2027",
        "John Smith",
        "Bereavement In force",
        "Has made threats Shouted at the door",
        "14 Saltmarsh Terrace Thornholme TH4 9QX",
        "Former address 1 Quern Lane Thornholme TH4 2AB 1 January 2019 to 31 May 2024",
        "Phone number 07700 900982",
        "C000001",
        "Case about Jane Smith opened",
    ):
        assert expected in words, expected
    assert "moj-badge--red" in page
    assert f'href="/people/{scene.john}"' in page


def test_a_person_who_owes_nothing_sees_what_would_be_there(scene: Scene) -> None:
    words = words_of(scene.browser.get(f"/people/{open_person(scene.office, 'Ann', 'Lee')}"))
    for title in ("No debts", "No holds", "No markers", "Not known yet"):
        assert title in words


def test_a_person_with_hundreds_of_debts_is_paged_and_asks_few_questions(scene: Scene) -> None:
    works = open_organisation(scene.office, "Many Shops Limited")
    open_many(scene.office, 53, works)
    with counted_queries(scene.day.app) as statements:
        words = words_of(scene.browser.get(f"/people/{works}"))
    assert len(statements) < 40
    assert "£530.00 on 53 debts" in words
    assert "See all 53 debts" in words
    assert "Showing 51 to 53 of 53" in words_of(scene.browser.get(f"/people/{works}/debts?page=2"))


def test_history_tells_everything_in_words_with_what_was_owed_then(scene: Scene) -> None:
    office = scene.office
    case_id = assign_case(office, scene.jane, scene.debt_id)
    office.give(
        RecordPayment(
            transaction_id=new_id(),
            debt_id=scene.debt_id,
            amount_pence=3_456,
            received_on=clock.today(),
            method="cheque",
        ),
        at=office.now + timedelta(seconds=1),
    )
    office.give(
        RecordVisit(
            visit_id=new_id(),
            case_id=case_id,
            happened_at=office.now,
            outcome="no_answer",
            notes="Curtains drawn",
        ),
        at=office.now + timedelta(seconds=2),
    )
    words = words_of(scene.browser.get(f"{scene.page}/history"))
    in_order = (
        "Visit: No answer",
        "Curtains drawn",
        "Owed then: £1,200.00",
        "Payment of £34.56 received on",
        "Lives at 14 Saltmarsh Terrace, Thornholme, TH4 9QX from 1 June 2024",
        "John Smith liable",
        "Debt 88042217-1 opened: £1,234.56 charged on 1 April 2026",
        "Account 88042217 opened",
        "Added as Jane Smith",
    )
    places = [words.find(expected) for expected in in_order]
    assert -1 not in places, in_order[places.index(-1)]
    assert places == sorted(places)
    assert "Added as John Smith" not in words


def test_history_can_be_narrowed_to_one_kind_and_says_when_there_is_none(scene: Scene) -> None:
    words = words_of(scene.browser.get(f"{scene.page}/history?kind=accounts"))
    assert "Account 88042217 opened" in words
    assert "Added as Jane Smith" not in words
    assert "Nothing of this kind has happened" in words_of(
        scene.browser.get(f"{scene.page}/history?kind=visits")
    )
    assert "Added as Jane Smith" in words_of(
        scene.browser.get(f"{scene.page}/history?kind=nonsense")
    )


def test_erased_text_is_said_to_be_erased_and_the_line_stays(scene: Scene) -> None:
    with scene.office.sessions() as session, session.begin():
        ids = select(ChangeRow.detail_id).where(
            ChangeRow.name.in_(("PersonOpened", "AddressRecorded"))
        )
        for row in session.scalars(select(DetailRow).where(DetailRow.detail_id.in_(ids))):
            row.body, row.salt, row.erased_at = None, None, clock.now()
    words = words_of(scene.browser.get(f"{scene.page}/history?kind=people"))
    assert "Added as [erased]" in words
    assert "Lives at [erased] from 1 June 2024" in words


def test_a_change_without_words_is_still_on_the_timeline(scene: Scene) -> None:
    with scene.office.sessions() as session, session.begin():
        row = session.scalars(select(ChangeRow).limit(1)).one()
        session.add(
            ChangeRow(
                command_id=row.command_id,
                position=9,
                name="SomethingNew",
                actor_id=row.actor_id,
                happened_at=row.happened_at,
                recorded_at=row.recorded_at,
                case_ids=[],
                account_ids=[],
                debt_ids=[],
                person_ids=[scene.jane],
                line={},
            )
        )
    words = words_of(scene.browser.get(f"{scene.page}/history"))
    assert "Something was recorded that has no words here yet" in words


@pytest.mark.proves("T53")
def test_every_page_about_a_person_is_noted_in_the_read_log(scene: Scene) -> None:
    for address in (
        "/search?q=88042217",
        scene.page,
        f"{scene.page}/history",
        f"{scene.page}/name",
    ):
        scene.browser.get(address)
    with scene.office.look() as session:
        reads = session.execute(
            select(ReadRow.what, ReadRow.subject_id, ReadRow.results).order_by(ReadRow.read_id)
        ).all()
    assert reads == [
        ("people.search", None, 1),
        ("people.one_person", scene.jane, None),
        ("people.history", scene.jane, None),
        ("people.new_name", scene.jane, None),
    ]


def test_nobody_opens_what_they_may_not(scene: Scene) -> None:
    reader = someone_who_may(scene.day, *SEES)
    page = reader.get(scene.page)
    for action in ("Add a marker", "Add an address", "Change the name"):
        assert action not in words_of(page)
    for form in ("name", "contacts/new", "addresses/new", "markers/new"):
        reader.get(f"{scene.page}/{form}", 403)
        reader.post(f"{scene.page}/{form}", 403)
    reader.get("/people/new/individual", 403)
    searcher = someone_who_may(scene.day, "people.search")
    searcher.get(scene.page, 403)
    nobody = someone_who_may(scene.day, "password.set")
    nobody.get("/search?q=jane", 403)


def test_a_reader_without_accounts_sees_no_debts(scene: Scene) -> None:
    reader = someone_who_may(scene.day, "people.search", "people.see")
    words = words_of(reader.get(scene.page))
    assert "What is owed" not in words
    assert "/accounts/" not in reader.get(f"{scene.page}/history")


def test_what_is_not_there_is_not_found(scene: Scene) -> None:
    for address in (
        f"/people/{new_id()}",
        f"/people/{new_id()}/history",
        "/people/new/ghost",
        f"{scene.page}/markers/{new_id()}/end",
        "/people/not-an-id",
    ):
        scene.browser.get(address, 404)


def test_text_that_looks_like_markup_is_shown_as_text(scene: Scene) -> None:
    name = '<script>alert(1)</script> & 100% "Bold"'
    person_id = open_organisation(scene.office, name)
    for address in (f"/people/{person_id}", f"/people/{person_id}/history", "/search?q=alert 100"):
        assert "<script>alert" not in scene.browser.get(address)
    with scene.office.look() as session:
        assert session.get_one(PersonRow, person_id).name == name
