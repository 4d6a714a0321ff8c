"""Shows what an officer is told of photographs on their way: how many, why they wait, what was refused."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask.testing import FlaskClient

from field_client import clock
from field_client.vault import outbox, photographs, uploads
from field_client.vault.desk import Desk
from field_client.vault.store import Store
from field_client.vault.syncing import Progress
from sync.blobs import NOT_A_PICTURE
from tests.field_client.running import until
from tests.field_client.vault.conftest import FarOffice
from tests.field_client.vault.pictures import jpeg
from tests.field_client.vault.saving import save_visit
from tests.field_client.vault.small_blobs import SmallBlobs
from tests.field_client.vault.small_office import SmallOffice
from tests.pages import assert_page

NAME = "Maryam Castellanos"


@pytest.fixture
def blobs(office: FarOffice) -> SmallBlobs:
    """Give an office that answers, and takes photographs in."""
    small = SmallOffice()
    small.commits = [[]]  # the day is on the device already
    office.answers = small
    office.blobs = made = SmallBlobs()
    return made


def page(client: FlaskClient, url: str) -> str:
    text = client.get(url).text
    assert_page(text, url)
    return text


def synced(desk: Desk) -> None:
    """Sync, and wait until one that was begun after it was asked for has come to its end."""
    asked_at = clock.now()
    desk.syncing.ask()
    assert until(lambda: has_ended(desk.syncing.progress, asked_at)), "it never ended"


def has_ended(now: Progress, asked_at: datetime) -> bool:
    """Tell whether a sync begun at a time or later has ended: one under way then is not that."""
    begun = now.began_at is not None and now.began_at >= asked_at
    return begun and not now.running and now.ended_at is not None


@pytest.mark.usefixtures("blobs")
@pytest.mark.parametrize(
    ("costs", "why"),
    [
        (True, "this connection may cost money"),
        (None, "this device cannot tell what its connection is"),
    ],
)
def test_the_outbox_says_how_many_are_still_to_come_and_why_they_wait(
    client: FlaskClient,
    full: Store,
    desk: Desk,
    office: FarOffice,
    costs: bool | None,  # noqa: FBT001 - one of a table
    why: str,
) -> None:
    office.costs = costs
    for width in (40, 50, 60):
        save_visit(full, NAME, f"visit {width}", picture=jpeg(width=width))
    synced(desk)
    assert outbox.counts(full).photographs == 3
    for url in ("/outbox", "/sync"):
        text = page(client, url)
        assert "3 photographs still to come" in text
        assert why in text
        assert "Send photographs now" in text
    assert client.post("/outbox/photographs").headers["Location"] == "/sync"
    synced(desk)
    assert outbox.counts(full).photographs == 0
    assert "still to come" not in page(client, "/outbox")


def test_the_rule_holds_until_the_officer_changes_it(
    client: FlaskClient, full: Store, desk: Desk, office: FarOffice, blobs: SmallBlobs
) -> None:
    office.costs = True
    save_visit(full, NAME, picture=jpeg())
    assert "Sent only on Wi-Fi" in page(client, "/settings")
    client.post("/settings/wifi")
    assert "Sent on any connection" in page(client, "/settings")
    synced(desk)
    assert len(blobs.kept) == 1
    client.post("/settings/wifi")
    assert uploads.is_wifi_only(full)


def test_a_photograph_the_office_cannot_keep_is_said_with_what_to_do(
    client: FlaskClient, full: Store, desk: Desk, blobs: SmallBlobs
) -> None:
    visit_id = save_visit(full, NAME, picture=jpeg())
    (kept,) = photographs.of_visit(full, visit_id)
    blobs.refuses[kept.photograph_id] = NOT_A_PICTURE
    synced(desk)
    assert "Needs you" in page(client, "/outbox")
    text = page(client, f"/outbox/{visit_id}")
    assert "The office cannot keep a photograph" in text
    assert "It is not a plain photograph, and the office keeps nothing else." in text
    assert "Tell your supervisor what the photograph shows" in text
    assert "not kept by the office" in text
    assert client.post(f"/outbox/{visit_id}/settle").status_code == 303
    assert "The office cannot keep" not in page(client, f"/outbox/{visit_id}")
    assert outbox.counts(full).needs_you == 0
    assert photographs.body(full, kept.photograph_id) is not None


def test_every_reason_for_a_refusal_is_a_sentence() -> None:
    assert all(said.startswith("It ") for said in uploads.REFUSED.values())
