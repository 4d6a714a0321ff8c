"""A council to measure in: its rows written set-wise, its field records by the real projections."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from server.access.tables import DeviceRow, UserRoleRow, UserRow
from server.cases.tables import CaseRow
from server.spine import projections
from server.spine.areas import House
from server.spine.execute import CHUNK_MAX
from server.spine.tables import CaseAccessRow

OFFICERS_MIN = 50
"""Officers there are at least, so that fifty devices can sync at once."""

Sessions = Callable[[], Session]
Tell = Callable[[int], None]

_WORDS = (
    "ask card door gate light upstairs neighbour evening weekday school morning letter payment "
    "instalment council account balance charge partner children moved forwarding address number "
    "telephone email landlord tenant keys garden dog window blind curtain answer nobody spoke "
    "polite upset tired working shifts hospital appointment carer mother brother sister agreed "
    "promised twenty pounds fortnight month benefit claim decision appeal waiting form online "
    "help advice debt charity leaflet number called back later quiet street corner flat stairs "
    "broken bell knocked twice parcel name surname spelling birthday language interpreter"
)

_SAID = f"""CREATE FUNCTION pg_temp.said(seed text, words int) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(known.list[1 + mod(abs(hashtext(seed || '.' || n)), {_WORDS.count(" ") + 1})],
                      ' ')
    FROM generate_series(1, words) AS n, (SELECT string_to_array('{_WORDS}', ' ') AS list) AS known
$$"""  # noqa: S608 - our own words
"""Text as people write it: nobody's, and as hard to compress as anybody's."""

_ROWS = (
    """INSERT INTO address (address_id, lines, postcode, latitude, longitude)
       SELECT md5('address' || n)::uuid, n || ' Fieldfare Lane' || E'\\n' || 'Harrowmere',
              'QZ' || n % 9 + 1 || ' 2AB', 53.28 + (n % 997) / 9970.0, -0.91 + (n % 991) / 9910.0
       FROM generate_series(1, :cases) AS n""",
    """INSERT INTO person (person_id, kind, name, forenames, surname, household, recorded_at)
       SELECT md5('person' || n)::uuid, 'individual', 'Person Number ' || n, 'Person',
              'Number ' || n, pg_temp.said('household' || n, 36), :now
       FROM generate_series(1, :cases) AS n""",
    """INSERT INTO residence (residence_id, person_id, address_id, from_on)
       SELECT md5('residence' || n)::uuid, md5('person' || n)::uuid, md5('address' || n)::uuid,
              DATE '2021-05-01'
       FROM generate_series(1, :cases) AS n""",
    """INSERT INTO contact (contact_id, person_id, kind, value, source, recorded_at)
       SELECT md5('contact' || n)::uuid, md5('person' || n)::uuid, 'phone',
              '07700' || lpad((900000 + n % 1000)::text, 6, '0'), 'office', :now
       FROM generate_series(1, :cases) AS n""",
    """INSERT INTO account (account_id, reference, debt_type, address_id, opened_at)
       SELECT md5('account' || n)::uuid, '8' || lpad(n::text, 9, '0'), 'council_tax',
              md5('address' || n)::uuid, :now
       FROM generate_series(1, :cases) AS n""",
    """INSERT INTO debt (debt_id, account_id, reference, from_on, until, stage, balance_pence,
                         opened_at)
       SELECT md5('debt' || n)::uuid, md5('account' || n)::uuid, '2026', DATE '2026-04-01',
              DATE '2027-04-01', 'liability_order', 120000 + n, :now
       FROM generate_series(1, :cases) AS n""",
    """INSERT INTO "transaction" (transaction_id, debt_id, kind, amount_pence, effective_on,
                                  recorded_at, command_id)
       SELECT md5('charge' || n)::uuid, md5('debt' || n)::uuid, 'charge', 120000 + n,
              DATE '2026-04-01', :now, md5('command' || n)::uuid
       FROM generate_series(1, :cases) AS n""",
    """INSERT INTO liable_party (debt_id, person_id)
       SELECT md5('debt' || n)::uuid, md5('person' || n)::uuid
       FROM generate_series(1, :cases) AS n""",
    """INSERT INTO "case" (case_id, reference, person_id, opened_at)
       SELECT md5('case' || n)::uuid, 'B-' || n, md5('person' || n)::uuid, :now
       FROM generate_series(1, :cases) AS n""",
    """INSERT INTO case_debt (case_id, debt_id, added_at)
       SELECT md5('case' || n)::uuid, md5('debt' || n)::uuid, :now
       FROM generate_series(1, :cases) AS n""",
    """INSERT INTO planned_visit (planned_visit_id, case_id, officer_id, purpose, planned_on,
                                  instructions)
       SELECT md5('plan' || n)::uuid, md5('case' || n)::uuid, md5('officer')::uuid, 'arrears',
              DATE '2027-01-04', pg_temp.said('plan' || n, 130)
       FROM generate_series(1, :cases) AS n""",
    """INSERT INTO visit (visit_id, case_id, officer_id, happened_at, received_at, outcome, notes,
                          review)
       SELECT md5('visit' || n)::uuid, md5('case' || n)::uuid, md5('officer')::uuid,
              :now, :now, 'no_answer', pg_temp.said('visit' || n, 175), 'approved'
       FROM generate_series(1, :cases) AS n""",
)
"""One person, place, account, debt, case, plan and visit for each number: seven records a case."""


@dataclass(frozen=True, kw_only=True)
class Council:
    """What was made: the officers in order, and the cases of each; the first has the scope."""

    officers: tuple[str, ...]
    cases: Mapping[str, tuple[str, ...]]

    @property
    def scope(self) -> tuple[str, ...]:
        """Name the cases of the first officer."""
        return self.cases[self.officers[0]]

    @property
    def others(self) -> tuple[str, ...]:
        """Name every other case."""
        return tuple(case for officer in self.officers[1:] for case in self.cases[officer])


def make_council(
    sessions: Sessions, house: House, *, cases: int, scope: int, now: datetime, tell: Tell
) -> Council:
    """Write a council of so many cases; a hundred are assigned a commit, as in real life."""
    with sessions() as session, session.begin():
        session.execute(text(_SAID))
        for statement in _ROWS:
            session.execute(text(statement), {"cases": cases, "now": now})
        ids = list(session.scalars(select(CaseRow.case_id).order_by(CaseRow.case_id)))
        council = _share_out(session, ids, scope)
        _open_users(session, council, now)
    done = 0
    for officer_id, chunk in _chunks(council):
        with sessions() as session, session.begin():
            _assign(session, house, officer_id, chunk, now)
        done += len(chunk)
        tell(done)
    with sessions() as session, session.begin():
        session.execute(text("ANALYZE"))  # as autovacuum does soon after such a load
    return council


def _share_out(session: Session, ids: Sequence[str], scope: int) -> Council:
    """Give the first officer the scope, and the others the rest in even parts, none more."""
    rest = ids[scope:]
    others = max(OFFICERS_MIN - 1, ceil(len(rest) / scope))
    officers = tuple(
        session.scalars(
            text("SELECT md5('officer' || n)::uuid::text FROM generate_series(0, :n) AS n"),
            {"n": others},
        )
    )
    shares = {officers[0]: tuple(ids[:scope])}
    for number, officer in enumerate(officers[1:]):
        shares[officer] = tuple(rest[number::others])
    return Council(officers=officers, cases=shares)


def _open_users(session: Session, council: Council, now: datetime) -> None:
    session.execute(
        insert(UserRow),
        [
            {"user_id": id_, "sign_in": f"bench-{n}", "name": f"Officer {n}", "created_at": now}
            for n, id_ in enumerate(council.officers)
        ],
    )
    session.execute(
        insert(UserRoleRow), [{"user_id": id_, "role": "officer"} for id_ in council.officers]
    )


def _chunks(council: Council) -> Iterator[tuple[str, Sequence[str]]]:
    for officer_id in council.officers:
        cases = council.cases[officer_id]
        for start in range(0, len(cases), CHUNK_MAX):
            yield officer_id, cases[start : start + CHUNK_MAX]


def _assign(
    session: Session, house: House, officer_id: str, case_ids: Sequence[str], now: datetime
) -> None:
    session.execute(
        insert(CaseAccessRow),
        [
            {
                "case_id": case_id,
                "officer_id": officer_id,
                "view": "home_visit",
                "granted_at": now,
                "granted": True,
                "reason": "",
            }
            for case_id in case_ids
        ],
    )
    projections.refresh(session, house, case_ids)
    projections.take_commit_number(session)


def approve_devices(
    sessions: Sessions, council: Council, public_keys: Sequence[str], now: datetime
) -> None:
    """Let a device for each of the first officers speak, as two people would have."""
    with sessions() as session, session.begin():
        session.execute(
            insert(DeviceRow),
            [
                {
                    "device_id": text_id,
                    "officer_id": officer_id,
                    "public_key": bytes.fromhex(key),
                    "name": f"Bench {number}",
                    "words": "",
                    "state": "active",
                    "enrolled_at": now,
                }
                for number, (officer_id, text_id, key) in enumerate(
                    zip(council.officers, _device_ids(session, len(public_keys)), public_keys,
                        strict=False)
                )
            ],
        )  # fmt: skip


def _device_ids(session: Session, count: int) -> Sequence[str]:
    return session.scalars(
        text("SELECT md5('device' || n)::uuid::text FROM generate_series(1, :n) AS n"),
        {"n": count},
    ).all()
