"""A record that an older office wrote lacks what a newer one holds, and no page fails for that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from field_client.vault.bodies import LACKING, NEEDED, read_body
from field_client.vault.store import Store
from tests.field_client.vault.sample import a_day, fill
from tests.pages import assert_page

NOW = datetime.now(UTC)


def members() -> Iterator[tuple[str, str]]:
    """Name every member of every kind of record in a day's cases."""
    found = {
        (kind, name)
        for _case_id, bodies in a_day(NOW)
        for kind, records in bodies.items()
        for body in records.values()
        for name in body
    }
    yield from sorted(found)


def without(kind: str, name: str) -> list[tuple[str, dict[str, Any]]]:
    """Write the day as an office did that did not know this member."""
    return [
        (
            case_id,
            {
                of: {
                    id_: {n: v for n, v in body.items() if (of, n) != (kind, name)}
                    for id_, body in records.items()
                }
                for of, records in bodies.items()
            },
        )
        for case_id, bodies in a_day(NOW)
    ]


def test_every_member_is_either_made_up_for_or_needed() -> None:
    for kind, name in members():
        assert (name in LACKING.get(kind, {})) != (name in NEEDED.get(kind, set())), (kind, name)


@pytest.mark.parametrize(("kind", "name"), list(members()))
def test_a_page_does_without_any_one_member(
    client: FlaskClient, full: Store, kind: str, name: str
) -> None:
    day = without(kind, name)
    fill(full, day, NOW)
    for url in ("/today", f"/cases/{day[0][0]}", f"/cases/{day[1][0]}", f"/cases/{day[6][0]}"):
        answer = client.get(url)
        assert answer.status_code == 200, (url, answer.text)
        assert_page(answer.text, url)


def test_what_is_made_up_for_in_one_record_is_not_shared_with_another() -> None:
    one, other = read_body("person", "{}"), read_body("person", "{}")
    assert one is not None
    assert other is not None
    one["phone_numbers"].append("07700900123")
    assert other["phone_numbers"] == []
    assert LACKING["person"]["phone_numbers"] == []


def test_a_record_that_says_nothing_is_left_out_and_one_of_an_unknown_kind_is_kept() -> None:
    assert read_body("visit", json.dumps({"notes": "x"})) is None
    assert read_body("invented", '{"a":1}') == {"a": 1}
