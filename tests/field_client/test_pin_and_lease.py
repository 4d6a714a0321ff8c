"""A PIN opens nothing that the passphrase would not: what ends the lease has the keeper forget it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import keyring.backends.fail
import pytest

from field_client import clock
from field_client.device import Device, Stage
from field_client.errands import Errands
from field_client.home import Home
from field_client.pipe import Message
from field_client.tablet import Tablet
from field_client.vault_process import VaultHandler
from shared.errors import RuleBroken
from tests.field_client.office import CODE, SmallOffice

pytestmark = [pytest.mark.enable_socket, pytest.mark.proves("T37")]

WRAPPED = b"the vault's key, as a PIN wraps it"


@pytest.fixture
def device(office: SmallOffice, tmp_path: Path) -> Device:
    """Give a device that may open its vault, whose officer has just chosen a PIN."""
    made = Device(Home(tmp_path), keyring.backends.fail.Keyring())
    made.enrol(address=office.address, code=CODE, device_name="Blue tablet 4")
    office.state = "active"
    made.ask_state()
    made.ask_lease()
    assert made.stage is Stage.PASSPHRASE
    made.pin.keep(WRAPPED, clock.elapsed_seconds())
    made.look()
    assert made.pin.is_kept, "the lease holds"
    return made


@pytest.fixture
def asked(device: Device) -> Callable[..., Message]:
    """Ask the keeper what the process of this device's vault may ask."""
    errands = Errands(device, lease_over=lambda _vault: None, not_allowed=lambda: None)

    def ask(name: str, body: bytes = b"") -> Message:
        handler: VaultHandler = errands.handlers()[name]
        return handler(None, Message(body=body)) or Message()  # type: ignore[arg-type]

    return ask


@pytest.mark.parametrize("days", [30, -30], ids=["ended", "clock set back"])
def test_a_lease_that_does_not_count_any_more_takes_the_pin_with_it(
    device: Device, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(days=days))
    device.look()
    assert not device.may_open
    assert not device.pin.is_kept


@pytest.mark.parametrize("revoked", [True, False])
def test_a_share_that_was_taken_back_takes_the_pin_with_it_at_once(
    device: Device, *, revoked: bool
) -> None:
    device.take_back(revoked=revoked)
    assert not device.pin.is_kept


@pytest.mark.parametrize("state", ["revoked", "suspended"])
def test_an_office_that_no_longer_wants_the_device_takes_the_pin_with_it(
    device: Device, office: SmallOffice, state: str
) -> None:
    device.check_in()
    assert device.pin.is_kept, "it is wanted"
    office.state = state
    device.check_in()
    assert not device.pin.is_kept


def test_a_try_is_refused_in_the_moment_in_which_the_passphrase_would_be(
    device: Device, asked: Callable[..., Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked("try_pin").body == WRAPPED
    asked("pin_right")
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(days=30))
    with pytest.raises(RuleBroken, match=r"pin\.over"):
        asked("try_pin")
    assert not device.pin.is_kept


def test_a_passphrase_that_chose_a_pin_makes_the_wrong_ones_forgotten(
    device: Device, asked: Callable[..., Message]
) -> None:
    asked("wrong")
    with pytest.raises(RuleBroken, match=r"passphrase\.too_soon"):
        asked("try")
    asked("keep_pin", b"another")
    asked("try")
    assert device.pin.take(clock.elapsed_seconds()) == b"another"


def test_wrong_pins_say_how_many_tries_are_left_and_cost_the_passphrase_no_wait(
    asked: Callable[..., Message],
) -> None:
    left = []
    for _ in range(5):
        asked("try_pin")
        left.append(asked("pin_wrong").values["left"])
    assert left == [4, 3, 2, 1, 0]
    asked("try")
    assert asked("pin").values["seconds"] is None


def test_a_keeper_that_ends_overwrites_every_officer_s_pin(tmp_path: Path) -> None:
    tablet = Tablet(tmp_path, keyring.backends.fail.Keyring())
    with tablet.held():
        first = tablet.chosen
        assert first is not None
        first.pin.keep(WRAPPED, clock.elapsed_seconds())
        held = first.pin._wrapped
        tablet.forget_pins()
    assert held == bytes(len(WRAPPED))
