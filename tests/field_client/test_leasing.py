"""A device asks for its share, keeps it for as long as it is lent, and erases it wherever that ends."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from field_client import clock, leasing
from field_client.device_key import DeviceKey
from field_client.home import Home
from field_client.lease import Standing
from field_client.leasing import Borrower, Leasing, TakenBack
from field_client.office_link import OfficeAddress, OfficeLink
from shared.errors import RuleBroken
from shared.lease_modes import Mode, end_of
from sync import signatures
from sync.leases import LeaseReply
from tests.field_client.office import SmallOffice, share_of

SECRET = bytes(range(32))


def given(
    mode: Mode = Mode.LEASED, days: int = 0, shares: tuple[int, ...] = (1,), hours_ago: int = 0
) -> LeaseReply:
    """What an office lends, now or some hours ago."""
    now = clock.now() - timedelta(hours=hours_ago)
    return LeaseReply(
        mode=mode,
        days=days,
        granted_at=now,
        ends_at=end_of(mode, days, now),
        shares={each: share_of(each) for each in shares},
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return Home(tmp_path).lease


@pytest.fixture
def link(office: SmallOffice, tmp_path: Path) -> OfficeLink:
    key = DeviceKey.make(tmp_path / "key", SECRET)
    office.device_keys = {signatures.key_id(key.public_bytes()): key.public_bytes()}
    return OfficeLink(OfficeAddress.read(office.address), key)


def everything_in(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in folder.rglob("*") if each.is_file())


def holds_share(folder: Path, epoch: int) -> bool:
    """Look for a share among all bytes of a folder, as it is and as text."""
    found = everything_in(folder)
    return share_of(epoch) in found or share_of(epoch).hex().encode() in found


def test_what_was_lent_is_there_after_a_restart_and_nowhere_in_the_clear(
    path: Path, tmp_path: Path
) -> None:
    lent = Leasing(path, SECRET)
    assert (lent.look(), lent.shares) == (Standing.NEVER, {})
    lent.begin(given(), lent.life)
    again = Leasing(path, SECRET)
    assert (again.look(), again.shares) == (Standing.HOLDS, {1: share_of(1)})
    assert path.stat().st_mode & 0o777 == 0o600
    assert not holds_share(tmp_path, 1)
    assert Leasing(path, bytes(32)).look() is Standing.NEVER, "another device reads nothing of it"


def test_in_online_start_the_share_is_in_memory_alone(path: Path) -> None:
    lent = Leasing(path, SECRET)
    lent.begin(given(), lent.life)
    lent.begin(given(Mode.ONLINE_START), lent.life)
    assert lent.shares == {1: share_of(1)}
    again = Leasing(path, SECRET)
    assert (again.look(), again.shares) == (Standing.SWITCHED_OFF, {})
    assert again.lease is not None, "the page can say which mode it is"


def test_a_lease_that_has_ended_leaves_no_share_anywhere(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lent = Leasing(path, SECRET)
    lent.begin(given(), lent.life)
    later = clock.now() + timedelta(days=30)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert (lent.look(), lent.shares) == (Standing.ENDED, {})
    monkeypatch.undo()
    assert Leasing(path, SECRET).shares == {}, "putting the clock right brings nothing back"


def test_a_clock_set_back_erases_the_share_until_the_office_has_been_asked(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lent = Leasing(path, SECRET)
    lent.begin(given(), lent.life)
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() - timedelta(minutes=6))
    assert (lent.look(), lent.shares) == (Standing.SET_BACK, {})
    assert Leasing(path, SECRET).look() is Standing.SET_BACK
    lent.begin(given(), lent.life)
    assert lent.look() is Standing.HOLDS


def test_the_latest_time_known_is_on_disk_before_the_clock_could_be_set_back_to_hide_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lent = Leasing(path, SECRET)
    lent.begin(given(), lent.life)
    written, real = path.read_bytes(), clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(seconds=60))
    lent.look()
    assert path.read_bytes() == written, "a minute is not worth writing"
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(seconds=leasing.NOTED_SECONDS + 1))
    lent.look()
    assert path.read_bytes() != written


def test_a_share_that_was_taken_back_does_not_come_back_with_a_late_answer(path: Path) -> None:
    lent = Leasing(path, SECRET)
    lent.begin(given(), lent.life)
    asked_in = lent.life
    lent.take_back()
    lent.begin(given(), asked_in)
    assert (lent.look(), lent.shares) == (Standing.TAKEN_BACK, {})
    assert Leasing(path, SECRET).shares == {}


def test_both_shares_are_kept_until_the_vault_rests_on_the_new_one(path: Path) -> None:
    lent = Leasing(path, SECRET)
    lent.begin(given(), lent.life)
    lent.begin(given(shares=(1, 2)), lent.life)
    assert set(Leasing(path, SECRET).shares) == {1, 2}
    lent.begin(given(shares=(2,)), lent.life)
    assert set(lent.shares) == {1, 2}, "a vault may be opening with the first at this moment"
    lent.rest_on(2)
    assert set(Leasing(path, SECRET).shares) == {2}
    lent.forget()
    assert not path.exists()


def test_an_office_that_was_put_back_and_draws_other_shares_changes_none_that_is_here(
    path: Path,
) -> None:
    lent = Leasing(path, SECRET)
    lent.begin(given(), lent.life)
    other = replace(given(), shares={1: b"x" * 32, 2: b"y" * 32})
    lent.begin(other, lent.life)
    assert lent.shares == {1: share_of(1), 2: b"y" * 32}


def test_a_drive_without_room_keeps_what_was_lent_and_still_erases_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lent = Leasing(path, SECRET)
    lent.begin(given(), lent.life)
    written = path.read_bytes()

    def full(*_place: object, **_how: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "mkstemp", full)
    lent.begin(given(shares=(1, 2)), lent.life)
    assert set(lent.shares) == {1, 2}
    assert path.read_bytes() == written
    lent.take_back()
    assert not path.exists()
    assert dict(lent.shares) == {}


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b"[" * 60_000])
def test_a_file_that_makes_no_sense_is_no_lease(path: Path, content: bytes) -> None:
    Leasing(path, SECRET).take_back()
    path.write_bytes(content)
    assert Leasing(path, SECRET).look() is Standing.NEVER


def test_nobody_moves_the_end_of_a_lease_in_its_file(path: Path) -> None:
    lent = Leasing(path, SECRET)
    lent.begin(given(), lent.life)
    content = json.loads(path.read_bytes())
    content["said"]["lease"]["ends"] += 1
    path.write_text(json.dumps(content))
    assert Leasing(path, SECRET).shares == {}


@pytest.mark.enable_socket
def test_a_lease_is_asked_for_and_only_believed_when_the_pinned_key_signed_it(
    office: SmallOffice, link: OfficeLink
) -> None:
    plain = Borrower(device_id="device-1", receipt_key="")
    assert leasing.ask(link, plain, 0).shares == {1: share_of(1)}
    key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    pinned = Borrower(device_id="device-1", receipt_key=signatures.key_id(key))
    with pytest.raises(RuleBroken, match=r"office\.not_the_office"):
        leasing.ask(link, pinned, 0)
    (_path, said), *_more = office.asked
    assert set(said) == {"wrapped", "nonce"}


@pytest.mark.enable_socket
def test_each_no_of_the_office_is_said_in_our_words(office: SmallOffice, link: OfficeLink) -> None:
    borrower = Borrower(device_id="device-1", receipt_key="")
    office.lends = False
    with pytest.raises(RuleBroken, match=r"office\.unreachable"):
        leasing.ask(link, borrower, 0)
    for said, revoked in (
        ("device.revoked", True),
        ("device.suspended", False),
        ("lease.taken_back", False),
    ):
        office.says = said
        with pytest.raises(TakenBack) as over:
            leasing.ask(link, borrower, 0)
        assert (over.value.code, over.value.revoked) == ("lease.taken_back", revoked)
    office.says = "device.pending"
    with pytest.raises(RuleBroken, match=r"office\.refused"):
        leasing.ask(link, borrower, 0)


@pytest.mark.enable_socket
@pytest.mark.parametrize("odd", ["[]", "{}", '{"mode":"leased"}', '{"shares":[]}'])
def test_an_answer_that_is_no_lease_comes_from_somebody_else(
    office: SmallOffice, link: OfficeLink, odd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = (200, "application/json", odd.encode())
    monkeypatch.setattr(office, "answer", lambda *_asked: answer)
    with pytest.raises(RuleBroken, match=r"office\.not_the_office"):
        leasing.ask(link, Borrower(device_id="device-1", receipt_key=""), 0)
