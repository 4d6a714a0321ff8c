"""A device is lent its share for as long as its team's mode says, and never once it was taken back."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from field_client.vault.keys import is_signed_by
from server.access.device_commands import RevokeDevice
from server.access.tables import DeviceRow, LeaseRow, SessionRow
from server.access.user_commands import ReinstateUser, SuspendUser
from server.leasing.commands import AnswerOfflineDays, AskForOfflineDays, SetTeamMode
from server.leasing.lending import lend
from server.leasing.shares import RootUnreadable, ShareKeeper
from server.spine import clock
from server.spine.tables import ChangeRow, DetailRow
from shared.lease_modes import Mode, end_of
from sync.leases import EPOCH_MAX, LEASE_PATH, read_reply, statement
from sync.protocol import SYNC_PATH
from tests.server.access.conftest import Office
from tests.server.access.tablet import STATE, enrolled
from tests.server.leasing.lending import NONCE, asking, lent, team_of


def row_of(office: Office, device_id: str) -> LeaseRow:
    with office.session() as session:
        return session.get_one(LeaseRow, device_id)


def test_a_device_is_lent_a_share_of_its_own_signed_for_it_and_for_this_request(
    office: Office,
) -> None:
    amina = office.person("amina", "officer")
    tablet, device_id = enrolled(office, amina)
    other, _other_id = enrolled(office, amina)
    answer = asking(office, tablet)
    given, seal = read_reply(answer.data)
    assert (given.mode, given.days, set(given.shares)) == (Mode.LEASED, 0, {1})
    assert given.ends_at == end_of(Mode.LEASED, 0, given.granted_at)
    assert abs(given.granted_at - datetime.now(UTC)) < timedelta(minutes=1)
    key = office.app.extensions["fieldfare"]["seal"].public_text
    assert is_signed_by(key, statement(device_id, NONCE, given), seal)
    assert not is_signed_by(key, statement(device_id, "0" * 32, given), seal)
    assert lent(office, tablet).shares == given.shares, "asking again lends the same"
    assert lent(office, other).shares != given.shares


def test_the_share_stands_nowhere_in_the_database(office: Office, tmp_path: Path) -> None:
    tablet, device_id = enrolled(office, office.person("amina", "officer"))
    share = lent(office, tablet).shares[1]
    row = row_of(office, device_id)
    assert row.sealed_root is not None
    assert share not in row.sealed_root
    with office.session() as session:
        logged = [str(each.line) for each in session.scalars(select(ChangeRow))]
        logged += [str(each.body) for each in session.scalars(select(DetailRow))]
    assert share.hex() not in " ".join(logged)
    with pytest.raises(RootUnreadable):
        ShareKeeper(bytes(32)).share(row.sealed_root, device_id, 1)
    assert (tmp_path / "secrets" / "shares").stat().st_mode & 0o777 == 0o600


def test_a_vault_that_is_wrapped_is_lent_the_next_share_twice_a_day_and_keeps_its_own(
    office: Office,
) -> None:
    tablet, _device_id = enrolled(office, office.person("amina", "officer"))
    first = lent(office, tablet).shares[1]
    assert set(lent(office, tablet, 1).shares) == {1}
    with office.session() as session, session.begin():
        session.execute(update(LeaseRow).values(epoch_at=clock.now() - timedelta(hours=13)))
    assert set(lent(office, tablet, 0).shares) == {1}, "nothing new before it rests on the first"
    renewed = lent(office, tablet, 1).shares
    assert set(renewed) == {1, 2}
    assert renewed[1] == first != renewed[2]
    assert lent(office, tablet, 1).shares == renewed, "until it is wrapped both are lent"
    assert lent(office, tablet, 2).shares == {2: renewed[2]}


def test_an_office_put_back_from_a_backup_still_has_the_share_of_a_vault_ahead_of_it(
    office: Office,
) -> None:
    tablet, device_id = enrolled(office, office.person("amina", "officer"))
    lent(office, tablet)
    ahead = lent(office, tablet, 5).shares
    assert set(ahead) == {5}
    assert row_of(office, device_id).epoch == 5
    assert set(lent(office, tablet, 5).shares) == {5}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"wrapped":-1,"nonce":"' + b"0" * 32 + b'"}',
        b'{"wrapped":true,"nonce":"' + b"0" * 32 + b'"}',
        b'{"wrapped":%d,"nonce":"' % (EPOCH_MAX + 1) + b"0" * 32 + b'"}',
        b'{"wrapped":0,"nonce":"short"}',
        b'{"wrapped":0}',
        b"[" * 1_000,
    ],
)
def test_a_request_that_is_none_is_refused_in_one_sentence(office: Office, body: bytes) -> None:
    tablet, _device_id = enrolled(office, office.person("amina", "officer"))
    answer = tablet.post(office.app.test_client(), LEASE_PATH, body)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "message.unreadable")
    assert answer.get_json()["sentence"]


def test_a_request_that_is_too_large_is_not_read(office: Office) -> None:
    tablet, _device_id = enrolled(office, office.person("amina", "officer"))
    answer = tablet.post(office.app.test_client(), LEASE_PATH, b" " * 2_000)
    assert answer.status_code == 413


def test_only_a_device_in_use_is_lent_anything(office: Office) -> None:
    amina = office.person("amina", "officer")
    pending, _device_id = enrolled(office, amina, approved=False)
    answer = asking(office, pending)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "device.pending")
    unsigned = office.app.test_client().post(LEASE_PATH, json={"wrapped": 0, "nonce": NONCE})
    assert unsigned.status_code == 401
    with office.session() as session:
        assert session.scalars(select(LeaseRow)).all() == []


@pytest.mark.proves("T16")
def test_revoking_destroys_the_share_ends_the_sessions_and_answers_401_from_then_on(
    office: Office,
) -> None:
    """T16, the office's side: web sessions, and every data call of the device."""
    amina = office.person("amina", "officer")
    ben = office.person("ben", "officer")
    tablet, device_id = enrolled(office, amina)
    lent(office, tablet)
    browser, other = office.client_of(amina), office.client_of(ben)
    assert browser.get("/you").status_code == 200
    office.give(RevokeDevice(device_id=device_id, reason="lost")).raise_if_refused()
    assert browser.get("/you").status_code == 302
    assert other.get("/you").status_code == 200, "nobody else is signed out"
    row = row_of(office, device_id)
    assert row.sealed_root is None
    assert row.taken_back_at is not None
    assert row.ends_at > row.granted_at, "what was lent can still be told"
    for path in (LEASE_PATH, SYNC_PATH, "/sync/v1/blobs"):
        answer = tablet.post(office.app.test_client(), path, b"{}")
        assert answer.status_code in {400, 401}, path
    assert asking(office, tablet).get_json()["code"] == "device.revoked"


def test_a_device_turned_away_before_it_was_let_in_leaves_its_officer_signed_in(
    office: Office,
) -> None:
    amina = office.person("amina", "officer")
    _tablet, device_id = enrolled(office, amina, approved=False)
    browser = office.client_of(amina)
    office.give(RevokeDevice(device_id=device_id, reason="words_differ")).raise_if_refused()
    assert browser.get("/you").status_code == 200
    with office.session() as session:
        assert session.scalars(select(SessionRow.ended_at)).all() == [None]


@pytest.mark.proves("T16")
def test_suspending_takes_back_what_was_lent_for_good_and_letting_in_again_lends_nothing(
    office: Office,
) -> None:
    amina = office.person("amina", "officer")
    tablet, device_id = enrolled(office, amina)
    never_asked, _device_id = enrolled(office, amina)
    lent(office, tablet)
    office.give(SuspendUser(user_id=amina)).raise_if_refused()
    assert row_of(office, device_id).sealed_root is None
    assert asking(office, tablet).get_json()["code"] == "device.suspended"
    office.give(ReinstateUser(user_id=amina)).raise_if_refused()
    answer = asking(office, tablet)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "lease.taken_back")
    assert "Ring your office" in answer.get_json()["sentence"]
    assert tablet.post(office.app.test_client(), STATE, b"{}").status_code == 200
    assert set(lent(office, never_asked).shares) == {1}, "a device with nothing to lose goes on"


def test_a_lease_asked_for_while_the_device_is_revoked_is_not_lent_afterwards(
    office: Office,
) -> None:
    """Whichever comes first holds the other up: no root is drawn behind a revocation's back."""
    _tablet, device_id = enrolled(office, office.person("amina", "officer"))
    keeper = office.app.extensions["fieldfare"]["shares"]
    with office.session() as lending, lending.begin():
        lend(lending, keeper, device_id, 0, clock.now())
        command = RevokeDevice(device_id=device_id, reason="stolen")
        revoking = threading.Thread(target=office.give, args=(command,))
        revoking.start()
        revoking.join(0.3)
        assert revoking.is_alive(), "it waits for the lease to be written, to destroy it"
    revoking.join(30)
    assert row_of(office, device_id).sealed_root is None
    with office.session() as session:
        assert session.get_one(DeviceRow, device_id).state == "revoked"


def test_a_teams_mode_is_lent_from_the_next_contact_on(office: Office) -> None:
    amina = office.person("amina", "officer")
    tablet, _device_id = enrolled(office, amina)
    team_id = team_of(office, amina)
    assert lent(office, tablet).mode is Mode.LEASED
    office.give(SetTeamMode(team_id=team_id, mode="online-start")).raise_if_refused()
    strict = lent(office, tablet, 1)
    assert (strict.mode, set(strict.shares)) == (Mode.ONLINE_START, {1, 2})
    assert strict.ends_at - strict.granted_at == timedelta(hours=24)
    asked = AskForOfflineDays(
        request_id=clock.new_id(), team_id=team_id, days=10, reason="No signal in the dales"
    )
    office.give(asked).raise_if_refused()
    assert lent(office, tablet, 2).mode is Mode.ONLINE_START, "nobody has agreed yet"
    second = office.actor(office.person("sal", "supervisor"))
    answer = AnswerOfflineDays(request_id=asked.request_id, agreed=True)
    office.give(answer, second).raise_if_refused()
    longer = lent(office, tablet, 2)
    assert (longer.mode, longer.days) == (Mode.OFFLINE_DAYS, 10)
    assert longer.ends_at - longer.granted_at == timedelta(days=10)
