"""While a vault is shown its lease is renewed by each sync, and the vault goes when the lease does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import keyring.backends.fail
import pytest

from field_client import clock
from field_client.answers import Answer
from field_client.device import Device, Stage
from field_client.home import Home
from field_client.lease import Standing
from field_client.lease_watch import FINISH_IDLE_SECONDS, FINISH_SECONDS_MAX, LeaseWatch
from field_client.vault_process import VaultProcess
from sync.leases import LEASE_PATH
from tests.field_client.office import CODE, SmallOffice
from tests.field_client.running import until

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(400)]

DONE = Answer(status=200, body=b"")


@pytest.fixture
def device(office: SmallOffice, tmp_path: Path) -> Device:
    made = Device(Home(tmp_path), keyring.backends.fail.Keyring())
    made.enrol(address=office.address, code=CODE, device_name="Blue tablet 4")
    office.state = "active"
    made.ask_state()
    assert made.stage is Stage.LEASE
    made.ask_lease()
    assert made.stage is Stage.PASSPHRASE
    return made


@pytest.fixture
def vault() -> Iterator[VaultProcess]:
    """Start the process of a vault, which is told of the lease."""
    started = VaultProcess({}, lambda _vault: None)
    yield started
    started.end()


@pytest.fixture
def over() -> list[VaultProcess]:
    """Name the vaults that had to go at once."""
    return []


@pytest.fixture
def watch(device: Device, over: list[VaultProcess]) -> LeaseWatch:
    return LeaseWatch(device, over.append)


def times_asked(office: SmallOffice) -> int:
    return sum(path == LEASE_PATH for path, _said in office.asked)


def refusing(code: str, status: int = 401) -> Answer:
    return Answer(status=status, body=json.dumps({"code": code}).encode())


def test_a_sync_that_was_answered_renews_the_lease_and_the_next_ones_do_not(
    office: SmallOffice, watch: LeaseWatch, vault: VaultProcess, over: list[VaultProcess]
) -> None:
    watch.hear(vault, refusing("office.closed", 503))
    watch.hear(vault, refusing("blob.gone", 410))
    assert times_asked(office) == 1
    watch.hear(vault, DONE)
    assert until(lambda: watch._renewed_at > 0)
    watch.hear(vault, DONE)
    assert times_asked(office) == 2
    assert over == []


def test_a_renewal_that_fails_leaves_the_lease_as_it_was_and_is_tried_at_the_next_sync(
    office: SmallOffice, watch: LeaseWatch, vault: VaultProcess, device: Device
) -> None:
    before, office.lends = device.lent.lease, False
    for times in (2, 3):
        assert until(lambda: not watch._renewing.locked())
        watch.hear(vault, DONE)
        assert until(lambda times=times: times_asked(office) == times)  # type: ignore[misc]
    assert device.may_open
    assert before is not None
    assert device.lent.lease is not None
    assert device.lent.lease.ends == before.ends


@pytest.mark.parametrize(
    "heard",
    [
        (how, code)
        for how in ("by its lease", "by its sync")
        for code in ("device.suspended", "device.revoked", "lease.taken_back")
    ],
)
def test_a_share_that_was_taken_back_ends_the_vault_however_that_is_heard(
    office: SmallOffice,
    watch: LeaseWatch,
    vault: VaultProcess,
    device: Device,
    over: list[VaultProcess],
    heard: tuple[str, str],
) -> None:
    how, code = heard
    office.says = code
    watch.hear(vault, DONE if how == "by its lease" else refusing(code))
    assert until(lambda: over == [vault])
    assert not device.may_open
    assert dict(device.lent.shares) == {}
    assert device.stage is (Stage.REVOKED if code == "device.revoked" else Stage.LEASE)
    now = clock.elapsed_seconds()
    assert watch.is_over(now, now), "no visit in hand holds this up"


def test_a_lease_that_ended_waits_for_the_visit_in_hand_and_not_for_ever(
    watch: LeaseWatch, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not watch.is_over(1_000, 900)
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(days=30))
    assert not watch.is_over(1_000, 100), "a minute is left from its end on"
    assert device.standing is Standing.ENDED
    assert not watch.is_over(1_000 + FINISH_IDLE_SECONDS - 1, 100)
    assert watch.is_over(1_000 + FINISH_IDLE_SECONDS, 100)
    busy = 1_000 + FINISH_SECONDS_MAX
    assert not watch.is_over(busy - 1, busy - 2)
    assert watch.is_over(busy, busy - 1)
    assert watch.is_over(1_001, None), "a locked vault has nothing in hand"


def test_a_lease_that_is_lent_again_meanwhile_goes_on(
    watch: LeaseWatch, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(days=30))
    assert not watch.is_over(1_000, 1_000)
    device.ask_lease()
    assert device.may_open
    assert not watch.is_over(9_000, 1_000)
