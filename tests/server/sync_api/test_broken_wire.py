"""Whatever statement of a push the database fails at, it is done once or not at all, and then once."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import NullPool, create_engine, make_url, text
from werkzeug.test import TestResponse

from server.access.roles import ensure_roles
from server.app import create_app
from server.cases.commands import AssignCase, OpenCase
from server.config import Config
from server.people.commands import OpenPerson
from server.spine import clock
from server.spine.database import db
from server.spine.execute import TRIES_MAX
from shared.commands import Actor
from sync.protocol import GENESIS, SYNC_PATH, Request
from sync.wire import chain_hash, read_reply, write_envelope, write_request
from tests.server.access.conftest import ROOT_ID, Office
from tests.server.access.tablet import Tablet, enrolled
from tests.server.sync_api.broken_wire import BrokenWire

pytestmark = pytest.mark.proves("T38")

OK = 200
STATEMENTS_MAX = 300
TABLES = (
    "command", "change", "detail", "visit", "field_record", "case_total", "sync_head",
    "lane_position", "device_store",
)  # fmt: skip
"""Tables that a push of a first visit writes to."""


@dataclass
class Pushing:
    """A device that pushes visits, one after the other, to an office on a wire that breaks."""

    office: Office
    wire: BrokenWire
    client: FlaskClient
    tablet: Tablet
    case_id: str
    store_id: str
    seq: int = 0
    head: str = GENESIS

    def next(self) -> tuple[str, bytes]:
        """Write the next visit of the lane down as a request, with its command's id."""
        self.seq += 1
        command_id = clock.new_id()
        written = write_envelope(
            {
                "command_id": command_id,
                "store_id": self.store_id,
                "lane": "ordinary",
                "seq": self.seq,
                "prev": self.head,
                "name": "RecordVisit",
                "version": 1,
                "case_id": self.case_id,
                "seen_commit": 0,
                "group": None,
                "happened_at": "2026-03-01T08:00:00+00:00",
                "clock": {"wall": "2026-03-01T08:00:00+00:00", "monotonic": 1.0, "boot": "b"},
                "body": {
                    "visit_id": command_id,
                    "case_id": self.case_id,
                    "planned_visit_id": None,
                    "happened_at": "2026-03-01T08:00:00+00:00",
                    "outcome": "no_answer",
                    "met_person_ids": [],
                    "others_met": "",
                    "notes": f"Visit {self.seq}",
                },
            }
        )
        self.head = chain_hash(self.head, written)
        request = Request(store_id=self.store_id, epoch=None, cursor=0, envelopes=(written,))
        self._envelopes = request.envelopes
        return command_id, write_request(request)

    def push(self, body: bytes) -> TestResponse:
        """Send a request, signed anew as a device's next try is."""
        return self.tablet.post(self.client, SYNC_PATH, body)

    def ends_well(self, command_id: str, body: bytes) -> None:
        """See that the device's next try is answered and the visit stands exactly once."""
        answer = self.push(body)
        assert answer.status_code == OK, answer.text
        (receipt,) = read_reply(answer.data, self._envelopes).receipts
        assert receipt.command_id == command_id
        assert receipt.outcome in {"applied", "flagged"}
        assert self.stands(command_id) == (1, 1, 1, self.seq)

    def stands(self, command_id: str) -> tuple[int, int, int, int]:
        """Count the command, its visit and its change, and say how far the lane is."""
        with self.office.session() as session:
            return tuple(  # type: ignore[return-value]  # four counts
                session.scalar(text(query), {"id": command_id, "store": self.store_id}) or 0
                for query in (
                    "SELECT count(*) FROM command WHERE command_id = :id",
                    "SELECT count(*) FROM visit WHERE visit_id = :id",
                    "SELECT count(*) FROM change WHERE command_id = :id",
                    "SELECT max(seq) FROM lane_position WHERE store_id = :store",
                )
            )


@pytest.fixture
def pushing(database_url: str, tmp_path: Path) -> Iterator[Pushing]:
    """Give a device, and its office whose every connection to the database goes over the wire."""
    with tempfile.TemporaryDirectory(prefix="wire-") as folder:
        url = make_url(database_url)
        wire = BrokenWire(Path(folder), Path(str(url.query["host"])))
        over = url.update_query_dict({"host": folder}).render_as_string(hide_password=False)
        app = create_app(Config(home=tmp_path, database_url=over), over)
        root = Actor(
            user_id=ROOT_ID, permissions=frozenset(app.extensions["fieldfare"]["house"].permissions)
        )
        engine = create_engine(database_url, poolclass=NullPool)
        office = Office(app=app, root=root, engine=engine)
        with office.session() as session, session.begin():
            ensure_roles(session)
        officer_id = office.person("amina", "officer")
        tablet, _device_id = enrolled(office, officer_id)
        person_id, case_id = clock.new_id(), clock.new_id()
        for command in (
            OpenPerson(person_id=person_id, kind="individual", forenames="Jane", surname="Smith"),
            OpenCase(case_id=case_id, person_id=person_id, debt_ids=()),
            AssignCase(case_id=case_id, officer_id=officer_id),
        ):
            office.give(command).raise_if_refused()
        yield Pushing(office, wire, app.test_client(), tablet, case_id, clock.new_id())
        with app.app_context():
            db.engine.dispose()
        engine.dispose()
        wire.close()


def break_each(pushing: Pushing, every: int, *, after: bool) -> int:
    """Break one push after the other, each at a later statement; say how many statements there were."""
    for at in itertools.count(1, every):
        command_id, body = pushing.next()
        pushing.wire.breaks(at, after=after)
        answer = pushing.push(body)
        pushing.wire.holds()
        whole = pushing.stands(command_id)
        assert whole in {(1, 1, 1, pushing.seq), (0, 0, 0, pushing.seq - 1)}, f"statement {at}"
        if answer.status_code == OK:
            assert whole[0] == 1, f"statement {at}: it was answered and is not there"
        pushing.ends_well(command_id, body)
        if not pushing.wire.cuts:
            return at
        assert at < STATEMENTS_MAX
    raise AssertionError("a push has an end")


@pytest.mark.parametrize("after", [False, True], ids=["lost", "unanswered"])
def test_p14_a_push_whose_connection_breaks_is_done_once_or_not_at_all(
    pushing: Pushing, *, after: bool
) -> None:
    assert break_each(pushing, 7, after=after) > 20


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("after", [False, True], ids=["lost", "unanswered"])
def test_p14_a_push_whose_connection_breaks_at_any_statement_is_done_once_or_not_at_all(
    pushing: Pushing, *, after: bool
) -> None:
    assert break_each(pushing, 1, after=after) > 20


def plant(pushing: Pushing, table: str, sqlstate: str, times: int) -> None:
    """Have a table refuse the next writes to it, so many of them, as if two writers had met."""
    with pushing.office.session() as session, session.begin():
        session.execute(text("CREATE SEQUENCE IF NOT EXISTS planted"))
        session.execute(text("SELECT setval('planted', 1, false)"))
        session.execute(
            text(
                "CREATE OR REPLACE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF nextval('planted') <= {times} THEN "
                f"RAISE EXCEPTION 'two writers met' USING ERRCODE = '{sqlstate}'; END IF; "
                "RETURN NULL; END $$"
            )
        )
        session.execute(
            text(
                f"CREATE OR REPLACE TRIGGER planted AFTER INSERT OR UPDATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION planted()"
            )
        )


def pull_out(pushing: Pushing, table: str) -> None:
    """Have the table take everything again."""
    with pushing.office.session() as session, session.begin():
        session.execute(text(f"DROP TRIGGER planted ON {table}"))


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"], ids=["serialization", "deadlock"])
def test_p14_a_push_that_meets_another_writer_anywhere_is_done_once(
    pushing: Pushing, sqlstate: str
) -> None:
    for table in TABLES:
        for times in (1, TRIES_MAX - 1):
            command_id, body = pushing.next()
            plant(pushing, table, sqlstate, times)
            pushing.push(body)
            pull_out(pushing, table)
            pushing.ends_well(command_id, body)


def test_p14_a_push_that_meets_others_too_often_is_not_done_and_then_done_once(
    pushing: Pushing,
) -> None:
    _command_id, body = pushing.next()
    assert pushing.push(body).status_code == OK
    for table in TABLES[:-1]:
        command_id, body = pushing.next()
        plant(pushing, table, "40001", TRIES_MAX)
        answer = pushing.push(body)
        pull_out(pushing, table)
        assert answer.status_code != OK
        assert pushing.stands(command_id) == (0, 0, 0, pushing.seq - 1)
        pushing.ends_well(command_id, body)
