"""Shows that every page of the device keeps the house rules, with data, empty and too old."""

from __future__ import annotations

import json
import platform
from datetime import UTC, datetime, timedelta

import html5lib  # type: ignore[import-untyped]  # it ships no types
import pytest
from flask import Flask
from flask.testing import FlaskClient

from field_client import pages
from field_client.vault.desk import Desk
from field_client.vault.search import words_of
from field_client.vault.store import Store
from shared.catalogue import PSEUDO
from tests.field_client.vault.conftest import IDENTITY, FarOffice
from tests.field_client.vault.pictures import jpeg
from tests.field_client.vault.sample import a_day, case, fill, hold, id_of, marker, person, place
from tests.field_client.vault.saving import save_visit
from tests.pages import assert_page, visible_text

MARYAM = id_of("Maryam Castellanos")
IDRIS = f"/cases/{id_of('Idris Vaughan')}"

PAGES = (
    "/today",
    "/today/walk",
    "/today/list/overdue",
    "/today/list/today",
    "/today/list/tried",
    "/today/list/later?page=1",
    "/today/list/unplanned?page=99",
    f"/cases/{MARYAM}",
    f"/cases/{MARYAM}/contacts",
    f"/cases/{MARYAM}/visit",
    f"/cases/{MARYAM}/visit?outcome=no_answer",
    f"/cases/{MARYAM}/no-answer",
    f"/cases/{id_of('Wilfred Arkwright-Oyelaran')}",
    f"/cases/{id_of('Zofia Nowak')}",
    f"/cases/{id_of('Bramble Tyres Ltd')}",
    f"/cases/{id_of('Agnieszka Łukasiewicz')}",
    IDRIS,
    f"{IDRIS}/visits/{id_of('idris')}",
    "/outbox",
    "/outbox?page=x",
    "/sync",
    "/search",
    "/search?q=quern",
    "/search?q=okafor",
    "/search?q=nobody+at+all",
    "/settings",
    "/settings/diagnostics",
)


@pytest.mark.parametrize("url", PAGES)
def test_a_page_keeps_the_house_rules(client: FlaskClient, url: str) -> None:
    answer = client.get(url)
    assert answer.status_code == 200
    assert_page(answer.text, url)


@pytest.mark.parametrize(
    "url", ["/today", "/today/walk", "/today/list/overdue", "/outbox", "/sync", "/settings"]
)
def test_an_empty_vault_says_what_would_be_there(app, store: Store, url: str) -> None:  # type: ignore[no-untyped-def]
    answer = app.test_client().get(url)
    assert answer.status_code == 200
    assert_page(answer.text, url)


def test_a_new_device_says_that_its_cases_are_on_their_way(app, store: Store) -> None:  # type: ignore[no-untyped-def]
    assert "Your cases are still on their way" in app.test_client().get("/today").text


def test_a_day_without_visits_says_how_to_get_some(app, store: Store) -> None:  # type: ignore[no-untyped-def]
    fill(store, [], datetime.now(UTC))
    assert "No visits to make" in app.test_client().get("/today").text


@pytest.mark.parametrize("url", PAGES)
def test_a_page_keeps_the_rules_with_an_old_copy(app, store: Store, url: str) -> None:  # type: ignore[no-untyped-def]
    long_ago = datetime.now(UTC) - timedelta(days=3)
    fill(store, a_day(datetime.now(UTC)), long_ago)
    assert_page(app.test_client().get(url).text, url)


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/today/list/nothing", 404),
        (f"/cases/{id_of('nobody')}", 409),
        ("/cases/not-an-id", 404),
        (f"/cases/{MARYAM}/visits/{id_of('nothing')}", 404),
        (f"/outbox/{id_of('nothing')}", 404),
        (f"/saved/{id_of('nothing')}", 404),
        (f"/drafts/{id_of('nothing')}", 404),
        (f"/drafts/{id_of('nothing')}/discard", 404),
        ("/photographs/" + "0" * 64, 404),
        ("/photographs/vault.db", 404),
    ],
)
def test_what_is_not_there_is_a_plain_page(client: FlaskClient, url: str, status: int) -> None:
    answer = client.get(url)
    assert answer.status_code == status
    assert_page(answer.text, url)


def test_the_first_page_is_today(client: FlaskClient) -> None:
    assert client.get("/").headers["Location"] == "/today"


@pytest.mark.proves("T27")
def test_looking_at_pages_changes_nothing(client: FlaskClient, full: Store) -> None:
    tables = [name for (name,) in full.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    assert {"meta", "record", "outbox", "draft", "photograph"} <= set(tables)

    def everything() -> list[object]:
        return [full.rows(f"SELECT * FROM {table}") for table in tables]  # noqa: S608 - our own

    before = everything()
    for url in PAGES:
        assert client.head(url).status_code == client.get(url).status_code == 200
    assert everything() == before


def test_the_strip_counts_what_waits_and_what_needs_you(client: FlaskClient, full: Store) -> None:
    assert "nothing waiting" in client.get("/today").text
    save_visit(full, "Maryam Castellanos")
    assert "1 waiting" in client.get("/today").text


def test_figures_are_not_shown_when_the_copy_is_too_old(app, store: Store) -> None:  # type: ignore[no-untyped-def]
    fill(store, a_day(datetime.now(UTC)), datetime.now(UTC) - timedelta(hours=25))
    page = app.test_client().get(f"/cases/{MARYAM}").text
    assert "Do not ask for money" in page
    assert "£" not in page
    assert "breathing space may have begun" in page


def test_figures_are_shown_while_the_copy_is_fresh(client: FlaskClient) -> None:
    page = client.get(f"/cases/{MARYAM}").text
    assert "£1,684.56" in page
    assert "1 April 2026 to 31 March 2027" in page
    assert "owed together with José Castellanos" in page
    assert "Last payment £25.00 on 3 August 2026" in page


def test_breathing_space_says_what_not_to_do_and_what_is_held(client: FlaskClient) -> None:
    page = client.get(f"/cases/{id_of('Zofia Nowak')}").text
    assert "Breathing space is in force" in page
    assert "Of this £1,234.56 is on hold" in page


def test_another_hold_is_said_too(app, store: Store, now: datetime) -> None:  # type: ignore[no-untyped-def]
    held = case("Held", place("1 A", "QZ1 1AA"), hold={id_of("h"): hold("Held", "dispute")})
    fill(store, [held], now)
    page = app.test_client().get(f"/cases/{id_of('Held')}").text
    assert "Something here is on hold" in page
    assert "On hold: Dispute" in page


def test_visits_about_a_shared_debt_are_among_the_last_contacts(client: FlaskClient) -> None:
    page = client.get(f"/cases/{MARYAM}").text
    assert "At another case that shares a debt with this one." in page
    assert "Amina Osei" in page


def test_more_debts_than_are_sent_in_full_are_said(app, store: Store, now: datetime) -> None:  # type: ignore[no-untyped-def]
    many = case("Payer", place("1 A", "QZ1 1AA"), debts=[("business_rates", 100)] * 3)
    many[1]["debt_totals"][id_of("Payer")].update(debts=593, balance_pence=9_999_99)
    fill(store, [many], now)
    page = app.test_client().get(f"/cases/{id_of('Payer')}").text
    assert "the largest 3 of 593" in page
    assert "£9,999.99" in page


def test_a_closed_case_says_so(app, store: Store, now: datetime) -> None:  # type: ignore[no-untyped-def]
    fill(store, [case("Closed", place("1 A", "QZ1 1AA"), open=False)], now)
    page = app.test_client().get(f"/cases/{id_of('Closed')}").text
    assert "The office has closed this case" in page


def test_a_code_of_a_newer_office_is_no_fault(app, store: Store, now: datetime) -> None:  # type: ignore[no-untyped-def]
    newer = case(
        "New",
        place("1 A", "QZ1 1AA"),
        planned_on=now.date(),
        debts=(("sky_tax", 100),),
        hold={id_of("h"): hold("New", "solar_storm")},
    )
    fill(store, [newer], now)
    page = app.test_client().get(f"/cases/{id_of('New')}").text
    assert "has no word for" in page
    assert_page(page)


def test_a_name_with_a_percent_sign_is_only_a_name(app, store: Store, now: datetime) -> None:  # type: ignore[no-untyped-def]
    name = "100% Beef %(name)s <b>Ltd</b>"
    case_id = id_of(name)
    fill(store, [case(name, place("1 A", "QZ1 1AA"), planned_on=now.date())], now)
    client = app.test_client()
    for url in ("/today", f"/cases/{case_id}", f"/cases/{case_id}/visit", "/search?q=beef"):
        page = client.get(url).text
        assert "100% Beef" in page
        assert "<b>Ltd</b>" not in page


# Warnings


def test_a_warning_is_read_before_anything_else_is_shown(client: FlaskClient) -> None:
    address = f"/cases/{id_of('Wilfred Arkwright-Oyelaran')}"
    page = client.get(address).text
    assert "A large dog loose in the front garden" in page
    assert "What is owed" not in page
    for beyond in ("/visit", "/no-answer"):
        assert client.get(address + beyond).headers["Location"] == address
    assert client.post(address + "/read", data={"markers": id_of("dog")}).status_code == 303
    assert "What is owed" in client.get(address).text


def test_a_warning_that_came_meanwhile_is_shown_next(
    client: FlaskClient, full: Store, now: datetime
) -> None:
    address = f"/cases/{id_of('Wilfred Arkwright-Oyelaran')}"
    client.post(address + "/read", data={"markers": id_of("dog")})
    warned = case(
        "Wilfred Arkwright-Oyelaran",
        place("Flat 2, 14 Saltmarsh Terrace", "QZ4 9QX"),
        marker={id_of("dog"): marker(), id_of("knife"): marker("weapon", note="A knife.")},
    )
    fill(full, [warned], now)
    page = client.get(address).text
    assert "A knife." in page
    assert "large dog" not in page


def test_reading_somebody_else_s_warning_reads_none_here(client: FlaskClient, desk: Desk) -> None:
    client.post(f"/cases/{MARYAM}/read", data={"markers": id_of("dog")})
    page = client.get(f"/cases/{id_of('Wilfred Arkwright-Oyelaran')}").text
    assert "I have read this" in page


def test_a_warning_past_its_review_says_so(app, store: Store, now: datetime) -> None:  # type: ignore[no-untyped-def]
    old = marker(review_on="2026-01-05", address_id=None, person_id=id_of("person Old"))
    fill(store, [case("Old", place("1 A", "QZ1 1AA"), marker={id_of("old"): old})], now)
    page = app.test_client().get(f"/cases/{id_of('Old')}").text
    assert "should have been looked at again by 5 January 2026" in page
    assert "About Old, seen on" in page


def test_warnings_about_two_people_name_both_and_the_list_says_the_risk_once(
    app: Flask, store: Store, now: datetime
) -> None:
    case_id, bodies = case("Anne Rogers", place("16 Northgate", "QZ3 7BS"))
    bodies["person"][id_of("oliver")] = person("Oliver Law", principal=False)
    bodies["marker"] = {
        id_of(each): marker("threats", address_id=None, person_id=id_of(each))
        for each in ("person Anne Rogers", "oliver")
    }
    fill(store, [(case_id, bodies)], now)
    page = app.test_client().get(f"/cases/{case_id}").text
    assert "About Anne Rogers, seen on" in page
    assert "About Oliver Law, seen on" in page
    assert app.test_client().get("/search?q=Anne").text.count("Has made threats") == 1


# Settings


def test_the_look_for_bright_light_is_kept(client: FlaskClient, full: Store) -> None:
    assert "app-outdoors" not in client.get("/today").text
    client.post("/settings/outdoors")
    assert "app-outdoors" in client.get("/today").text
    client.post("/settings/outdoors")
    assert "app-outdoors" not in client.get("/today").text


def test_the_figures_to_read_out_name_nobody(client: FlaskClient, full: Store) -> None:
    save_visit(full, "Maryam Castellanos", number="07700900777")
    page = client.get("/settings/diagnostics").text
    for personal in ("Maryam", "Castellanos", "Sam Patel", "07700", "Quern", "QZ4", "Curtains"):
        assert personal not in page


def test_settings_say_how_things_stand(client: FlaskClient, desk: Desk) -> None:
    page = client.get("/settings").text
    assert "Sam Patel" in page
    assert "Blue tablet 4" in page
    assert "Working without the office" in page or "Working with the office" in page


def test_syncing_is_asked_for_and_the_answer_does_not_wait(
    client: FlaskClient, office: FarOffice
) -> None:
    answer = client.post("/sync")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sync")
    told = client.get("/sync/progress").get_json()
    assert set(told) == {"running", "received", "expected", "sent", "problem", "ended"}


# Words


def test_every_sentence_goes_through_the_catalogue(
    full: Store, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """In the language of brackets, nothing stands outside of brackets but what is data."""
    monkeypatch.setattr(pages, "LANGUAGE", PSEUDO)
    client: FlaskClient = request.getfixturevalue("client")
    visit_id = save_visit(full, "Tom O'Leary", number="07700900777", picture=jpeg())
    data = " ".join(str(json.loads(body)) for (body,) in full.rows("SELECT body FROM record"))
    known = set(words_of(f"{data} {IDENTITY} Curtains drawn {platform.system()} 07700900777"))
    for url in (*PAGES, f"/outbox/{visit_id}", f"/saved/{visit_id}"):
        tree = html5lib.HTMLParser(namespaceHTMLElements=False).parse(client.get(url).text)
        for text in visible_text(tree):
            if not {"⟦", "⟧"} & set(text):
                unsaid = {word for word in words_of(text) if word.isalpha()} - known
                assert not unsaid, f"{url}: {text}"
