"""A revoked device is told to erase itself in the office's own hand, and its receipt is kept once."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from field_client.vault.keys import is_signed_by
from server.access.device_commands import RevokeDevice
from server.spine import clock
from server.spine.tables import ChangeRow
from server.wiping.commands import OrderWipe
from server.wiping.tables import WipeRow
from sync.wipes import (
    WIPE_BYTES_MAX,
    WIPE_PATH,
    WipeReceipt,
    answer_statement,
    read_order,
    write_receipt,
)
from tests.server.access.conftest import Office, make_app, office
from tests.server.access.tablet import STATE, Tablet, enrolled

__all__ = ["make_app", "office"]


class Lost:
    """A device that was revoked and told to erase itself."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.client: FlaskClient = office.app.test_client()
        self.tablet, self.device_id = enrolled(office, office.person("amina", "officer"))
        self.wipe_id = clock.new_id()

    def revoke(self) -> None:
        revoked = RevokeDevice(device_id=self.device_id, reason="lost")
        self.office.give(revoked).raise_if_refused()

    def order(self) -> str | None:
        command = OrderWipe(wipe_id=self.wipe_id, device_id=self.device_id)
        return self.office.give(command).code

    def told(self) -> dict[str, Any] | None:
        said = self.tablet.post(self.client, STATE, b"{}").get_json()["wipe"]
        return None if said is None else dict(said)

    def receipt(self, **members: Any) -> WipeReceipt:
        said = WipeReceipt(
            wipe_id=self.wipe_id,
            device_id=self.device_id,
            files=7,
            size_bytes=1_000_000,
            delivered=2,
            damaged=0,
            secret_gone=True,
            erased_at=clock.now().isoformat(),
            app="0.1.0",
        )
        return replace(said, **members)

    def send(self, receipt: WipeReceipt, signed_by: Tablet | None = None) -> tuple[int, Any]:
        key = (signed_by or self.tablet).key
        signature = base64.b64encode(key.sign(receipt.statement)).decode()
        answer = self.tablet.post(self.client, WIPE_PATH, write_receipt(receipt, signature))
        return answer.status_code, answer.get_json()

    def row(self) -> WipeRow:
        with self.office.session() as session:
            return session.scalars(select(WipeRow)).one()


@pytest.fixture
def lost(office: Office) -> Lost:
    return Lost(office)


def test_a_device_in_use_is_never_told_to_erase_itself(lost: Lost) -> None:
    assert lost.order() == "wipe.device_in_use"
    assert lost.told() is None
    lost.revoke()
    assert lost.told() is None, "revoking alone says nothing of that"


def test_a_device_that_was_never_approved_has_nothing_to_erase(office: Office) -> None:
    _tablet, device_id = enrolled(office, office.person("amina", "officer"), approved=False)
    office.give(RevokeDevice(device_id=device_id, reason="words_differ")).raise_if_refused()
    order = OrderWipe(wipe_id=clock.new_id(), device_id=device_id)
    assert office.give(order).code == "wipe.never_approved"
    unknown = OrderWipe(wipe_id=clock.new_id(), device_id=clock.new_id())
    assert office.give(unknown).code == "device.not_known"


def test_the_order_is_signed_for_this_device_and_when_it_was_told_is_kept(lost: Lost) -> None:
    lost.revoke()
    assert lost.order() is None
    assert lost.order() == "wipe.ordered_already"
    assert lost.row().delivered_at is None
    told = lost.told()
    assert told is not None
    order = read_order(told)
    assert (order.wipe_id, order.device_id) == (lost.wipe_id, lost.device_id)
    key = lost.office.app.extensions["fieldfare"]["seal"].public_text
    assert is_signed_by(key, order.statement, order.signature)
    elsewhere = replace(order, device_id=clock.new_id())
    assert not is_signed_by(key, elsewhere.statement, order.signature)
    first = lost.row().delivered_at
    assert first is not None
    lost.told()
    assert lost.row().delivered_at == first


@pytest.mark.proves("T17")
def test_a_receipt_is_kept_once_and_acknowledged_in_the_offices_hand(lost: Lost) -> None:
    lost.revoke()
    lost.order()
    key = lost.office.app.extensions["fieldfare"]["seal"].public_text
    status, said = lost.send(lost.receipt())
    assert status == 200, said
    told = answer_statement(lost.wipe_id, said["acknowledged_at"])
    assert is_signed_by(key, told, said["signature"])
    again = lost.send(lost.receipt(files=9))
    assert again == (200, said), "the first receipt stands"
    row = lost.row()
    assert row.receipt is not None
    assert row.receipt["files"] == 7
    assert row.acknowledged_at is not None
    with lost.office.session() as session:
        names = session.scalars(select(ChangeRow.name).where(ChangeRow.name == "DeviceWiped"))
        assert len(names.all()) == 1


def test_nobody_else_can_say_that_a_device_was_erased(lost: Lost) -> None:
    lost.revoke()
    assert lost.send(lost.receipt())[0] == 409, "nobody ordered it"
    lost.order()
    assert lost.send(lost.receipt(), signed_by=Tablet())[1]["code"] == "signature.wrong"
    other = lost.receipt(device_id=clock.new_id())
    assert lost.send(other)[1]["code"] == "signature.wrong"
    assert lost.send(lost.receipt(wipe_id=clock.new_id()))[1]["code"] == "wipe.not_ordered"
    assert lost.row().acknowledged_at is None


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"receipt":{},"signature":"x"}', b'{"receipt":[],"signature":"x"}',
     b'{"receipt":{"files":-1},"signature":5}', bytes(WIPE_BYTES_MAX + 1)],
)  # fmt: skip
def test_what_is_no_receipt_is_refused_with_a_code(lost: Lost, body: bytes) -> None:
    answer = lost.tablet.post(lost.client, WIPE_PATH, body)
    large = len(body) > WIPE_BYTES_MAX
    assert answer.status_code == (413 if large else 400)
    assert answer.get_json()["code"] == ("message.too_large" if large else "message.unreadable")


def test_whether_the_secret_is_gone_is_said_by_true_or_false_alone(lost: Lost) -> None:
    lost.revoke()
    lost.order()
    for said in (b"1", b'"true"', b"null"):
        body = write_receipt(lost.receipt(), "c2lnbmVk").replace(b"true", said)
        answer = lost.tablet.post(lost.client, WIPE_PATH, body)
        assert (answer.status_code, answer.get_json()["code"]) == (400, "message.unreadable")
