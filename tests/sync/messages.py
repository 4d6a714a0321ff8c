"""Messages for tests of the wire: one of each kind, and as many others as may ever be written."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from shared.commands import Lane, Outcome
from sync.protocol import (
    GENESIS,
    RECORDS_ASKED_MAX,
    CaseTotal,
    Page,
    Position,
    Purge,
    Receipt,
    Record,
    Reply,
    Request,
    Total,
    Whole,
)
from sync.scope import HASHES

often = settings(max_examples=200, deadline=None, derandomize=True)

ids = st.uuids(version=4).map(str)
numbers = st.integers(0, 2**63 - 1)
texts = st.text(st.characters(codec="utf-8"), max_size=30)
moments = st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat())
hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)
lanes = st.sampled_from(Lane)
sums = st.integers(0, HASHES - 1)

ENVELOPE: dict[str, Any] = {
    "command_id": "11111111-1111-4111-8111-111111111111",
    "store_id": "22222222-2222-4222-8222-222222222222",
    "lane": "ordinary",
    "seq": 1,
    "prev": GENESIS,
    "name": "RecordVisit",
    "version": 1,
    "case_id": "33333333-3333-4333-8333-333333333333",
    "seen_commit": 0,
    "group": None,
    "happened_at": "2027-03-01T08:00:00+00:00",
    "clock": {"wall": "2027-03-01T08:00:00+00:00", "monotonic": 1.5, "boot": "b", "offset": None},
    "body": {"notes": "Nobody in"},
}

REQUEST: dict[str, Any] = {
    "protocol": 1,
    "store_id": "22222222-2222-4222-8222-222222222222",
    "epoch": None,
    "cursor": 0,
}

LINE: dict[str, Any] = {
    "case_id": "33333333-3333-4333-8333-333333333333",
    "view": "home_visit",
    "records": 1,
    "hash": 1,
}

REPLY: dict[str, Any] = {
    "protocol": 1,
    "epoch": "22222222-2222-4222-8222-222222222222",
    "server_time": "2027-03-01T08:00:00+00:00",
    "receipts": [],
    "positions": {},
    "page": {"records": [], "purges": [], "start": 0, "end": 0, "head": 0, "remaining": 0},
}

requests = st.builds(
    Request,
    store_id=ids,
    epoch=st.none() | ids,
    cursor=numbers,
    envelopes=st.lists(texts.filter(lambda text: len(text) > 1).map(str.encode), max_size=4).map(
        tuple
    ),
    purged=st.lists(ids, max_size=4).map(tuple),
    records_max=st.integers(1, RECORDS_ASKED_MAX),
    manifest=st.none()
    | st.lists(
        st.builds(CaseTotal, case_id=ids, view=texts, records=numbers, hash=sums), max_size=3
    ).map(tuple),
    confirm=st.none() | hashes,
    protocol=st.integers(1, 1000),
    oldest=st.integers(1, 1000),
)

pages = st.builds(
    Page,
    records=st.lists(
        st.builds(
            Record,
            case_id=ids,
            view=texts,
            kind=texts,
            record_id=texts,
            commit=numbers,
            body=st.none() | texts,
        ),
        max_size=4,
    ).map(tuple),
    purges=st.lists(
        st.builds(Purge, case_id=ids, view=texts, commit=numbers, reason=texts), max_size=3
    ).map(tuple),
    repaired=st.lists(st.builds(Whole, case_id=ids, view=texts), max_size=3).map(tuple),
    start=numbers,
    end=numbers,
    head=numbers,
    remaining=numbers,
)

replies = st.builds(
    Reply,
    epoch=ids,
    server_time=st.just("2027-03-01T08:00:00+00:00"),
    receipts=st.lists(
        st.builds(
            Receipt,
            command_id=ids,
            outcome=st.sampled_from(Outcome),
            code=st.none() | texts,
            flags=st.lists(texts, max_size=3).map(tuple),
            commit=st.none() | numbers,
            received_at=texts,
            values=st.dictionaries(texts, texts | numbers | st.none(), max_size=3),
            more=st.dictionaries(texts.map("new_{}".format), texts | numbers, max_size=2),
        ),
        max_size=4,
    ).map(tuple),
    positions=st.dictionaries(lanes, st.builds(Position, seq=numbers, head=hashes)),
    noted=st.lists(ids, max_size=4).map(tuple),
    page=pages,
    scope=st.none() | st.builds(Total, records=numbers, hash=sums),
    durable=numbers,
    replaces=st.none() | ids,
    confirmed=st.none() | hashes,
    seal=texts,
    protocol=st.integers(1, 1000),
)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(texts, inside, max_size=4),
    max_leaves=12,
)
