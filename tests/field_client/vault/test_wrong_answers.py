"""Whatever answers in the office's place, nothing on the device is deleted and nothing is called sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from field_client.answers import Answer
from field_client.vault import drafts
from field_client.vault.drafts import Draft
from field_client.vault.store import Store
from field_client.vault.syncing import Syncing
from server.spine.office_seal import OfficeSeal
from shared.commands import Lane, Outcome
from sync.protocol import CONTENT_TYPE, Page, Position, Purge, Receipt, Record, Reply, Total
from sync.wire import pack, read_envelope, read_request, write_reply
from tests.field_client.vault.conftest import FarOffice
from tests.field_client.vault.pictures import jpeg
from tests.field_client.vault.sample import EPOCH, a_day, case, fill, id_of, open_vault, place
from tests.field_client.vault.saving import save_visit
from tests.sync.messages import replies

OFFICE, STRANGER = OfficeSeal(b"o" * 32), OfficeSeal(b"s" * 32)
NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
OTHER_EPOCH = "99999999-9999-4999-8999-999999999999"
EVERYTHING = {
    "record": "case_id, view, kind, record_id, body",
    "outbox": "command_id, seq, lane, written, outcome, settled_at",
    "draft": "draft_id, case_id, kind, body",
    "photograph": "photograph_id, visit_id, case_id, body, recorded, arrived",
    "purge": "case_id, view, commit_number, erased",
}
"""What must be found as it was, by table."""

HTML = b"<!doctype html><title>Welcome</title><p>Sign in to use the free Wi-Fi.</p>"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Give a vault with cases, unsent work, a draft and a photograph."""
    folder: Path = tmp_path_factory.mktemp("kept")
    store = open_vault(folder)
    many = [case(f"Case {n}", place("1 Market Place", "QZ1 1AA")) for n in range(40)]
    fill(store, [*a_day(NOW), *many], NOW)
    save_visit(store, "Case 1", picture=jpeg())
    typed = Draft(draft_id=id_of("draft"), case_id=id_of("Case 2"), kind="visit", saved_at=NOW)
    drafts.keep(store, typed)
    yield store
    store.close()


def everything(store: Store) -> dict[str, Any]:
    found: dict[str, Any] = {
        table: sorted(store.rows(f"SELECT {columns} FROM {table}"), key=repr)  # noqa: S608 - our own words
        for table, columns in EVERYTHING.items()
    }
    return {**found, "epoch": store.epoch(), "cursor": store.cursor()}


def sync(store: Store, answer: Any) -> str | None:
    """Sync against whatever answers; give the code of what was said about it."""
    office = FarOffice()
    office.answers = answer if callable(answer) else lambda _path, _body: answer
    syncing = Syncing(store, office, lambda least, _most: least, office_key=OFFICE.public_text)
    problem = syncing.sync_once().problem
    return problem.code if problem else None


def taken(body: bytes, status: int = 200) -> Answer:
    return Answer(status=status, body=body, headers={"Content-Type": CONTENT_TYPE})


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(taken(b""), id="nothing at all"),
        pytest.param(taken(HTML), id="a captive portal"),
        pytest.param(taken(pack({})), id="an empty object"),
        pytest.param(taken(pack([])), id="a list"),
        pytest.param(taken(pack({"records": [], "page": {}})), id="something like a reply"),
        pytest.param(taken(HTML, 500), id="an error page"),
        pytest.param(taken(HTML, 302), id="a redirect"),
        pytest.param(taken(HTML, 404), id="a page that is not there"),
        pytest.param(taken(HTML, 511), id="a network that wants a password"),
        pytest.param(taken(b'{"code":"device.revoked"}', 401), id="a word that it is revoked"),
        pytest.param(taken(b'{"code":"nobody.knows"}', 418), id="a word nobody knows"),
    ],
)
def test_what_is_no_reply_changes_nothing(kept: Store, answer: Answer) -> None:
    before = everything(kept)
    assert sync(kept, answer) is not None
    assert everything(kept) == before


def receipts_for(body: bytes) -> tuple[Receipt, ...]:
    return tuple(
        Receipt(
            command_id=read_envelope(written).command_id,
            outcome=Outcome.APPLIED,
            received_at=NOW.isoformat(),
        )
        for written in read_request(body).envelopes
    )


def lies(epoch: str, store: Store, body: bytes, **more: Any) -> Reply:
    """Write a reply that takes everything away and calls everything sent."""
    start = store.cursor()
    held = [row[0] for row in store.rows("SELECT DISTINCT case_id FROM record ORDER BY case_id")]
    purges = tuple(
        Purge(case_id=case_id, view="home_visit", commit=start + 1, reason="reassigned")
        for case_id in held
    )
    page = Page(purges=purges, start=start, end=start + 1, head=start + 1)
    return Reply(
        epoch=epoch,
        server_time=NOW.isoformat(),
        receipts=receipts_for(body),
        page=page,
        scope=Total(),
        durable=start + 1,
        **more,
    )


@pytest.mark.parametrize("seal", [None, STRANGER])
@pytest.mark.parametrize("epoch", [EPOCH, OTHER_EPOCH])
def test_another_office_takes_nothing_away(
    kept: Store, epoch: str, seal: OfficeSeal | None
) -> None:
    before = everything(kept)

    def answer(_path: str, body: bytes) -> Answer:
        reply = lies(epoch, kept, body, seal=seal.sign(b"anything") if seal else "")
        return taken(write_reply(reply))

    sync(kept, answer)
    assert everything(kept) == before


def test_an_office_that_has_nothing_takes_nothing_away(kept: Store) -> None:
    before = everything(kept)

    def answer(_path: str, _body: bytes) -> Answer:
        here = kept.cursor()
        empty = Page(start=here, end=here, head=here)
        reply = Reply(
            epoch=EPOCH, server_time=NOW.isoformat(), page=empty, scope=Total(),
            positions={Lane.ORDINARY: Position(seq=0, head="0" * 64)},
        )  # fmt: skip
        return taken(write_reply(reply))

    assert sync(kept, answer) == "sync.differs"
    assert everything(kept) == before
    kept.put("differs", "yes")


def test_records_of_another_page_are_not_laid_over_these(kept: Store) -> None:
    before = everything(kept)
    record = Record(
        case_id=id_of("Case 1"), view="home_visit", kind="case", record_id=id_of("Case 1"),
        commit=99, body="{}",
    )  # fmt: skip

    def answer(_path: str, _body: bytes) -> Answer:
        page = Page(records=(record,), start=kept.cursor() + 7, end=99, head=99)
        return taken(write_reply(Reply(epoch=EPOCH, server_time=NOW.isoformat(), page=page)))

    sync(kept, answer)
    assert everything(kept) == before


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.one_of(st.binary(max_size=300), replies.map(write_reply)),
    st.sampled_from([200, 204, 301, 400, 503]),
)
def test_no_bytes_at_all_delete_anything(kept: Store, body: bytes, status: int) -> None:
    before = everything(kept)
    sync(kept, taken(body, status))
    assert everything(kept) == before
