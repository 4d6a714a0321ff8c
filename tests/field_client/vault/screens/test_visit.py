"""Shows that a visit is saved once and whole, and that what was typed is never lost on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient

from field_client.vault import drafts, outbox, photographs
from field_client.vault.pending import case_view
from field_client.vault.store import Store
from shared.presentation import LONDON
from sync.wire import read_envelope
from tests.field_client.vault.pictures import jpeg, png_of
from tests.field_client.vault.sample import OFFICER, case, fill, id_of, place
from tests.pages import assert_page

MARYAM = id_of("Maryam Castellanos")
PERSON = id_of("person Maryam Castellanos")
PARTNER = id_of("partner")
PLAN = id_of("plan Maryam Castellanos")
ADDRESS = f"/cases/{MARYAM}/visit"
VISIT = id_of("this visit")


def typed(now: datetime | None = None, **more: Any) -> dict[str, Any]:
    """Fill the form as the page does; `more` is what the officer changed."""
    opened = now or datetime.now(UTC)
    local = opened.astimezone(LONDON)
    return {
        "draft_id": VISIT,
        "case_id": MARYAM,
        "kind": "visit",
        "planned_visit_id": PLAN,
        "opened_at": opened.isoformat(),
        "outcome": "spoke_to_person",
        "happened_time": local.strftime("%H:%M"),
        "happened_on-day": str(local.day),
        "happened_on-month": str(local.month),
        "happened_on-year": str(local.year),
        "met_person_ids": PERSON,
        "others_met": "",
        "notes": "Moved in during August.",
        "number": "",
        "purpose": "premises",
        **more,
    }


def with_photograph(raw: bytes, name: str = "photo.jpg") -> dict[str, Any]:
    return {"photograph": (BytesIO(raw), name)}


def saved_visit(store: Store) -> dict[str, Any]:
    item = outbox.find(store, VISIT, ())
    assert item is not None
    return dict(item.first.body)


def test_a_visit_is_saved_with_all_that_belongs_to_it(client: FlaskClient, full: Store) -> None:
    now = datetime.now(UTC)
    data = typed(now, number="07700 900 777", number_person_id=PARTNER) | with_photograph(jpeg())
    answer = client.post(ADDRESS, data=data)
    assert answer.headers["Location"] == f"/saved/{VISIT}"
    item = outbox.find(full, VISIT, ())
    assert item is not None
    assert [entry.name for entry in item.entries] == [
        "RecordVisit", "RecordPhotograph", "RecordPhoneNumber",
    ]  # fmt: skip
    groups = full.rows("SELECT DISTINCT group_id FROM outbox")
    assert groups == [(VISIT,)]
    together = [read_envelope(w).group for (w,) in full.rows("SELECT written FROM outbox")]
    assert sorted(together, key=str) == sorted([VISIT, VISIT, None], key=str)
    assert saved_visit(full) == {
        "visit_id": VISIT,
        "case_id": MARYAM,
        "planned_visit_id": PLAN,
        "happened_at": now.isoformat(),
        "outcome": "spoke_to_person",
        "met_person_ids": [PERSON],
        "others_met": "",
        "notes": "Moved in during August.",
    }
    assert item.entries[2].body["person_id"] == PARTNER
    assert item.photographs_waiting == 1
    page = client.get(f"/saved/{VISIT}").text
    assert "Saved on this device" in page
    assert_page(page)
    assert_page(client.get(f"/outbox/{VISIT}").text)


def test_a_second_press_is_one_visit(client: FlaskClient, full: Store) -> None:
    data = typed()
    for _press in range(3):
        assert client.post(ADDRESS, data=data).headers["Location"] == f"/saved/{VISIT}"
    assert outbox.count(full) == 1
    assert drafts.every(full) == []


def test_what_was_changed_after_saving_is_not_lost_and_not_mixed_in(
    client: FlaskClient, full: Store
) -> None:
    data = typed()
    client.post(ADDRESS, data=data)
    page = client.post(ADDRESS, data=data | {"notes": "Then she rang me."}).text
    assert "This visit has been saved already" in page
    assert "Then she rang me." in page
    assert_page(page)
    assert saved_visit(full)["notes"] == "Moved in during August."
    (kept,) = drafts.every(full)
    assert kept.draft_id != VISIT
    assert kept.typed["notes"] == ("Then she rang me.",)


def test_the_visit_answers_the_plan_and_takes_it_off_the_day(
    client: FlaskClient, full: Store
) -> None:
    client.post(ADDRESS, data=typed())
    view = case_view(full, OFFICER, MARYAM)
    assert view is not None
    assert PLAN not in view.of("planned_visit")
    page = client.get("/today").text
    assert "Not sent yet" in page
    assert "Visited today" in page


@pytest.mark.parametrize(
    ("changed", "sentence", "control"),
    [
        ({"outcome": ""}, "Select what happened", "outcome"),
        ({"outcome": "flew_away"}, "Select what happened|Choose one", "outcome"),
        ({"outcome": "no_answer"}, "choose another outcome", "outcome"),
        ({"met_person_ids": []}, "Select who you spoke to", "met_person_ids"),
        ({"met_person_ids": id_of("stranger")}, "Choose from the answers shown", "met_person_ids"),
        ({"happened_time": ""}, "Enter the time of the visit", "happened_time"),
        ({"happened_time": "25:10"}, "Enter the time of the visit", "happened_time"),
        ({"happened_time": "13pm"}, "Enter the time of the visit", "happened_time"),
        ({"happened_time": "7"}, "Enter the time of the visit", "happened_time"),
        ({"happened_time": "soon"}, "Enter the time of the visit", "happened_time"),
        ({"happened_on-year": "2040"}, "Enter a time that has been", "happened_time"),
        (
            {"happened_on-day": "31", "happened_on-month": "2"},
            "Enter a real date",
            "happened_on-day",
        ),
        ({"number": "not a number"}, "Enter a phone number, like", "number"),
        ({"number": "07700 900 777"}, "Select whose number this is", "number_person_id"),
        ({"notes": "x" * 4_001}, "4000 characters or fewer", "notes"),
        ({"others_met": "x" * 501}, "500 characters or fewer", "others_met"),
    ],
)
def test_a_refusal_stands_beside_its_field_and_nothing_typed_is_gone(
    client: FlaskClient, full: Store, changed: dict[str, Any], sentence: str, control: str
) -> None:
    answer = client.post(ADDRESS, data=typed(**changed))
    assert answer.status_code == 200
    assert any(each in answer.text for each in sentence.split("|"))
    assert f'href="#{control}"' in answer.text
    assert changed.get("notes", "Moved in during August.") in answer.text
    assert_page(answer.text)
    assert outbox.count(full) == 0
    assert len(drafts.every(full)) == 1


@pytest.mark.parametrize(
    ("said", "hour", "minute"),
    [("2:05pm", 14, 5), ("14:05", 14, 5), ("1405", 14, 5), ("2.05 PM", 14, 5), ("2pm", 14, 0),
     ("12am", 0, 0), ("12pm", 12, 0), ("midday", 12, 0), ("midnight", 0, 0), ("9am", 9, 0)],
)  # fmt: skip
def test_a_time_is_read_as_people_write_it(
    client: FlaskClient, full: Store, said: str, hour: int, minute: int
) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    client.post(ADDRESS, data=typed(yesterday, happened_time=said))
    happened = datetime.fromisoformat(saved_visit(full)["happened_at"]).astimezone(LONDON)
    assert (happened.hour, happened.minute) == (hour, minute)


def test_the_hour_is_london_s_in_summer_too(client: FlaskClient, full: Store) -> None:
    summer = datetime(2026, 7, 1, 13, 0, tzinfo=UTC)
    client.post(ADDRESS, data=typed(summer, happened_time="2:30pm"))
    happened = datetime.fromisoformat(saved_visit(full)["happened_at"])
    assert happened.astimezone(UTC) == datetime(2026, 7, 1, 13, 30, tzinfo=UTC)


def test_no_answer_needs_nothing_but_save(client: FlaskClient, full: Store) -> None:
    page = client.get(f"/cases/{MARYAM}/no-answer").text
    assert "Best to try next" in page
    client.post(ADDRESS, data=typed(outcome="no_answer", met_person_ids=[], notes=""))
    assert saved_visit(full)["outcome"] == "no_answer"


# Drafts


def test_what_is_typed_is_kept_and_offered_again(client: FlaskClient, full: Store) -> None:
    kept = typed(notes="Half a sent", page="a page", turn="1")
    assert client.post(f"/drafts/{VISIT}", data=kept).status_code == 204
    assert "Unfinished visit" in client.get("/today").text
    assert "Unfinished visit: go on" in client.get(f"/cases/{MARYAM}").text
    assert client.get(f"/drafts/{VISIT}").headers["Location"] == ADDRESS
    page = client.get(ADDRESS).text
    assert "Half a sent" in page
    assert f'value="{VISIT}"' in page
    assert f'value="{PLAN}"' in page
    assert_page(page)
    assert client.get(f"/cases/{MARYAM}/no-answer").headers["Location"] == ADDRESS


def test_the_draft_goes_as_the_visit_comes(client: FlaskClient, full: Store) -> None:
    client.post(f"/drafts/{VISIT}", data=typed(turn="1", page="p"))
    client.post(ADDRESS, data=typed())
    assert drafts.every(full) == []
    late = client.post(f"/drafts/{VISIT}", data=typed(turn="2", page="p"))
    assert late.status_code == 204
    assert drafts.every(full) == []


def test_keep_this_and_come_back_does_it_without_scripts(client: FlaskClient, full: Store) -> None:
    answer = client.post(ADDRESS, data=typed(outcome="", notes="Later.", do="keep"))
    assert answer.headers["Location"] == f"/cases/{MARYAM}"
    assert drafts.every(full)[0].typed["notes"] == ("Later.",)
    stay = client.post(ADDRESS, data=typed(notes="Enter was pressed.", do="stay"))
    assert stay.headers["Location"] == ADDRESS
    assert outbox.count(full) == 0


def test_a_draft_is_thrown_away_only_when_asked_twice(client: FlaskClient, full: Store) -> None:
    client.post(f"/drafts/{VISIT}", data=typed())
    page = client.get(f"/drafts/{VISIT}/discard").text
    assert "Throw away what you wrote?" in page
    assert_page(page)
    assert len(drafts.every(full)) == 1
    assert client.post(f"/drafts/{VISIT}/discard").headers["Location"] == "/today"
    assert drafts.every(full) == []
    assert client.post(f"/drafts/{VISIT}/discard").status_code == 303


@pytest.mark.parametrize(
    "changed", [{"kind": "letter"}, {"case_id": "x"}, {"case_id": ""}, {"kind": ""}]
)
def test_a_draft_of_nothing_we_know_is_refused(
    client: FlaskClient, changed: dict[str, str]
) -> None:
    assert client.post(f"/drafts/{VISIT}", data=typed(**changed)).status_code == 400


def test_a_form_without_its_id_is_refused(client: FlaskClient) -> None:
    assert client.post(ADDRESS, data=typed(draft_id="")).status_code == 400


def test_a_form_too_long_to_keep_is_shown_as_typed(client: FlaskClient, full: Store) -> None:
    page = client.post(ADDRESS, data=typed(notes="y" * 1_000_001)).text
    assert "it is too long to keep" in page
    assert "y" * 1_000_001 in page
    assert drafts.every(full) == []


def test_what_was_typed_about_a_case_that_left_can_still_be_read(
    client: FlaskClient, full: Store
) -> None:
    gone = id_of("a case that left")
    client.post(f"/drafts/{VISIT}", data=typed(case_id=gone, notes="She was not well."))
    assert "A case that is no longer on this device" in client.get("/today").text
    page = client.get(f"/drafts/{VISIT}").text
    assert "She was not well." in page
    assert_page(page)
    assert_page(client.get(f"/drafts/{VISIT}/discard").text)
    refused = client.post(f"/cases/{gone}/visit", data=typed(case_id=gone))
    assert refused.status_code == 409
    assert len(drafts.every(full)) == 1


def test_a_moment_nobody_wrote_is_replaced_by_now(client: FlaskClient, full: Store) -> None:
    for opened in ("yesterday", "2026-11-21T10:00:00"):
        client.post(f"/drafts/{VISIT}", data=typed(opened_at=opened))
        assert client.get(ADDRESS).status_code == 200


# Photographs


def test_a_photograph_is_kept_before_its_visit_is_saved(client: FlaskClient, full: Store) -> None:
    answer = client.post(
        ADDRESS, data=typed(do="photograph", purpose="calling_card") | with_photograph(jpeg())
    )
    assert answer.headers["Location"] == f"{ADDRESS}#photographs"
    (kept,) = photographs.of_visit(full, VISIT)
    assert (kept.purpose, kept.recorded) == ("calling_card", False)
    page = client.get(ADDRESS).text
    assert kept.photograph_id in page
    assert "Moved in during August." in page
    shown = client.get(f"/photographs/{kept.photograph_id}")
    assert shown.headers["Content-Type"] == "image/jpeg"
    assert shown.headers["Cache-Control"] == "no-store"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.data.startswith(b"\xff\xd8\xff")


def test_a_photograph_can_be_taken_off_again(client: FlaskClient, full: Store) -> None:
    client.post(ADDRESS, data=typed(do="photograph") | with_photograph(jpeg()))
    (kept,) = photographs.of_visit(full, VISIT)
    client.post(ADDRESS, data=typed(do=f"remove:{kept.photograph_id}"))
    assert photographs.of_visit(full, VISIT) == []


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "Take or choose a photograph first"),
        (b"GIF89a", "This file is none of these"),
        (png_of(12_000, 12_000), "this one is too large"),
        (jpeg()[:-900], "this file is damaged"),
    ],
)
def test_a_refused_photograph_is_a_sentence_beside_it(
    client: FlaskClient, full: Store, raw: bytes, sentence: str
) -> None:
    page = client.post(ADDRESS, data=typed(do="photograph") | with_photograph(raw)).text
    assert sentence in page
    assert "Moved in during August." in page
    assert_page(page)
    assert photographs.of_visit(full, VISIT) == []


def test_a_bad_photograph_does_not_let_its_visit_be_saved_without_it(
    client: FlaskClient, full: Store
) -> None:
    page = client.post(ADDRESS, data=typed() | with_photograph(b"not a picture")).text
    assert "This file is none of these" in page
    assert outbox.count(full) == 0


def test_an_empty_file_field_is_no_photograph(client: FlaskClient, full: Store) -> None:
    client.post(ADDRESS, data=typed() | with_photograph(b"", ""))
    assert outbox.count(full) == 1


def test_the_page_s_own_camera_keeps_form_and_photograph_at_once(
    client: FlaskClient, full: Store
) -> None:
    address = f"/drafts/{VISIT}/photographs"
    data = typed(notes="Not saved yet.") | with_photograph(jpeg())
    assert client.post(address, data=data).status_code == 204
    assert drafts.every(full)[0].typed["notes"] == ("Not saved yet.",)
    assert len(photographs.of_visit(full, VISIT)) == 1
    refused = client.post(address, data=typed() | with_photograph(b"x"))
    assert refused.status_code == 422
    assert refused.get_json()["sentence"].startswith("Choose a photograph")
    client.post(ADDRESS, data=typed())
    assert client.post(address, data=typed() | with_photograph(jpeg())).status_code == 409


def test_an_address_to_trace_has_nobody_to_choose(app, store: Store, now: datetime) -> None:  # type: ignore[no-untyped-def]
    case_id, bodies = case("Nobody", place("7 Quarry Bank", "QZ5 5AA"), debts=())
    bodies["case"][case_id].update(person_id=None, address_id=id_of("door"))
    bodies["place"] = {id_of("door"): place("7 Quarry Bank", "QZ5 5AA")}
    bodies["person"] = {}
    fill(store, [(case_id, bodies)], now)
    client = app.test_client()
    for url in ("/today", f"/cases/{case_id}", f"/cases/{case_id}/visit"):
        page = client.get(url).text
        assert "Find who lives at 7 Quarry Bank" in page
        assert_page(page, url)
    data = typed(case_id=case_id, planned_visit_id="", met_person_ids=[], outcome="premises_empty")
    assert client.post(f"/cases/{case_id}/visit", data=data).status_code == 303
