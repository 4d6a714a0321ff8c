"""Looking at pages changes nothing: no row of the office but those that say who looked and when."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, deque
from collections.abc import Callable
from contextlib import ExitStack
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from server.worktray.trays import TRAYS
from tests.e2e.council import RunningCouncil, running_council
from tests.e2e.stock import Stock
from tests.e2e.stocked import Stocked, add_every_kind, office_beside
from tests.e2e.walks import routes_of

WRITTEN_BY_A_LOOK = {
    "read": "who looked at whose data, and when",
    "session": "when somebody was last here",
}
"""Tables that a look may change, each with what it writes there."""

NOT_COME_TO = {
    "/assets/<path:filename>": "the shared look, which no link leads to",
    "/imports/uploads/<uuid:upload_id>": "a file that is being taken in: the crawl takes one in",
    "/imports/uploads/<uuid:upload_id>/check": "as above",
    "/imports/<uuid:import_id>": "as above",
    "/imports/<uuid:import_id>/rejects.csv": "as above",
    "/jobs/<uuid:job_id>": "a job somebody has started: the crawl starts some",
    "/jobs/<uuid:job_id>/progress": "as above",
}
"""Pages no link leads to before somebody has done something, by the rule of their address."""

_LINK = re.compile(r'<a\b[^>]*\bhref="([^"#]+)')
_VARYING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}|[0-9]+")
ALIKE_MAX = 3


def rows_of(council: RunningCouncil) -> dict[str, str]:
    """Give a digest of each table's rows."""
    tables = council.ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    digests = {}
    for (table,) in tables:
        rows = council.ask(f'SELECT t::text FROM "{table}" t ORDER BY 1')  # noqa: S608 - its own tables
        digests[str(table)] = hashlib.sha256(repr(rows).encode()).hexdigest()
    return digests


def walk(client: FlaskClient, starts: list[str], may: Callable[[str], bool]) -> set[str]:
    """Look at the starts and at whatever links lead to, by GET and by HEAD; give what answered."""
    waiting, seen, alike = deque(starts), set(starts), Counter[str]()
    opened = set()
    while waiting:
        address = waiting.popleft()
        kind = _VARYING.sub("*", address)
        alike[kind] += 1
        if alike[kind] > ALIKE_MAX and address not in starts:
            continue
        for method in ("HEAD", "GET"):
            answer = client.open(address, method=method)
            assert answer.status_code < 400, f"{method} {address}: {answer.status}"
        opened.add(urlsplit(address).path)
        if answer.mimetype != "text/html":
            continue
        for found in map(unescape, _LINK.findall(answer.get_data(as_text=True))):
            link = found if found.startswith("/") else address.partition("?")[0] + found
            if found[:1] in "/?" and link not in seen and may(link):
                seen.add(link)
                waiting.append(link)
    return opened


def looked_at(stocked: Stocked, stock: Stock, role: str) -> tuple[set[str], list[str]]:
    """Look at all that a role may see; give what was opened, and the rules nobody came to."""
    client = stock.office.client_of(stock.users[role])
    permissions = stocked.permissions[role]
    routes = routes_of(stocked.app, permissions, role)
    starts = ["/", "/first-page", "/you", "/jobs", "/backups", "/history-seal", "/search?q=Adams"]
    starts += ["/prove?next=/", "/signed-out", "/device/v1/openapi.json"]
    starts += [f"/?tray={tray.key}" for tray in TRAYS if tray.needs in permissions]
    starts += stocked.starts
    opened = walk(client, [start for start in starts if routes.has(start)], routes.has)
    routes.note(opened)
    return opened, routes.missing()


@pytest.mark.long
@pytest.mark.enable_socket
@pytest.mark.proves("T27")
@pytest.mark.timeout(600)
def test_looking_at_every_page_changes_nothing(
    home: Path, record_property: Callable[[str, object], None]
) -> None:
    with ExitStack() as stack:
        council = stack.enter_context(running_council(home))
        office = stack.enter_context(office_beside(council))
        stock = Stock(council, office)
        stocked = add_every_kind(stock)
        looks, written, missed = 0, set[str](), set[str]()
        for role in ("officer", "caseworker", "supervisor", "administrator"):
            before = rows_of(council)
            opened, missing = looked_at(stocked, stock, role)
            after = rows_of(council)
            written |= {table for table in after if after[table] != before[table]}
            looks, missed = looks + len(opened), missed | set(missing)
    assert written <= set(WRITTEN_BY_A_LOOK)
    assert missed <= set(NOT_COME_TO)
    assert "read" in written, "what people looked at is on record"
    record_property("figure", f"{looks} pages looked at, {len(after)} tables compared")
