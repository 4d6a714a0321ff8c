"""Shows that a case the office takes back says so, and that only what is begun may be finished."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from field_client.vault import drafts
from field_client.vault.drafts import Draft
from field_client.vault.store import Store
from tests.field_client.vault.sample import id_of
from tests.field_client.vault.saving import save_visit
from tests.field_client.vault.screens.test_sent import page
from tests.server.reading import words_of

NAME = "Wilfred Arkwright-Oyelaran"
CASE = f"/cases/{id_of(NAME)}"


@pytest.fixture
def leaving(full: Store) -> Store:
    """Have the office take a case back, which something still keeps here."""
    with full.transaction() as connection:
        connection.execute(
            "INSERT INTO purge VALUES (?, 'home_visit', 99, 'unassigned', 0)", (id_of(NAME),)
        )
    return full


def shown(client: FlaskClient, store: Store) -> str:
    warned = [id_ for (id_,) in store.rows("SELECT record_id FROM record WHERE kind = 'marker'")]
    client.post(f"{CASE}/read", data={"markers": " ".join(warned)})
    return page(client, CASE)


def test_a_case_that_stays_says_nothing_of_it(client: FlaskClient, full: Store) -> None:
    assert "taking this case back" not in shown(client, full)
    assert "Being taken back" not in page(client, "/today")


def test_a_case_taken_back_offers_nothing_new(client: FlaskClient, leaving: Store) -> None:
    text = shown(client, leaving)
    assert "The office is taking this case back" in text
    assert "It leaves this device with the next sync" in text
    for way in ("/visit", "/no-answer", "/warning", "/details"):
        assert f'href="{CASE}{way}"' not in text
        answered = client.get(f"{CASE}{way}")
        assert answered.status_code != 200
        assert "The office is taking this case back" in words_of(answered.text)


def test_unsent_work_goes_first(client: FlaskClient, leaving: Store) -> None:
    save_visit(leaving, NAME)
    assert "Your unsent work goes first" in shown(client, leaving)


def test_what_is_begun_may_be_finished_as_late_work(client: FlaskClient, leaving: Store) -> None:
    draft = Draft(
        draft_id=id_of("begun"), case_id=id_of(NAME), kind="visit", saved_at=datetime.now(UTC)
    )
    drafts.keep(leaving, draft)
    text = shown(client, leaving)
    assert "Finish what you have begun, or throw it away" in text
    assert "Unfinished visit: go on" in text
    assert client.get(f"{CASE}/visit").status_code == 200


def test_it_is_no_stop_of_the_day_any_more(client: FlaskClient, leaving: Store) -> None:
    text = page(client, "/today")
    assert "Being taken back" in text
    assert text.index("Being taken back") < text.index("Arkwright-Oyelaran")
