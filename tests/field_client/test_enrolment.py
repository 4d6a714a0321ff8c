"""Enrolment: what a device asks, what it believes of the answers, and what it keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from field_client import enrolment
from field_client.device_key import DeviceKey
from field_client.enrolment import Asking, Enrolment, State
from field_client.office_link import OfficeAddress, OfficeLink
from server.spine.office_box import OfficeBox
from server.spine.office_seal import OfficeSeal
from shared.errors import RuleBroken
from sync.sealed import key_statement
from sync.wipes import WipeOrder
from tests.field_client.office import CODE, SmallOffice

pytestmark = pytest.mark.enable_socket

PENDING = Enrolment(
    office_address="http://127.0.0.1:5000",
    device_id="device-1",
    device_name="Blue tablet 4",
    words=("acorn", "badge", "cabin", "daisy", "eagle", "fable"),
    state=State.PENDING,
)


class TellingOffice(SmallOffice):
    """An office that answers whatever it is told to, when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.telling: tuple[int, Any] | None = None

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
        if self.telling is None:
            return super().answer(path, headers, body)
        status, said = self.telling
        return status, "application/json", json.dumps(said).encode()


@pytest.fixture
def office() -> Iterator[TellingOffice]:
    made = TellingOffice()
    yield made
    made.stop()


@pytest.fixture
def key(tmp_path: Path) -> DeviceKey:
    return DeviceKey.make(tmp_path / "key", bytes(32))


@pytest.fixture
def link(office: TellingOffice, key: DeviceKey) -> OfficeLink:
    return OfficeLink(OfficeAddress.read(office.address), key)


def asking(office: TellingOffice, key: DeviceKey, code: str = CODE) -> Asking:
    return Asking(
        office_address=office.address,
        code=code,
        device_name="Blue tablet 4",
        platform="Linux " + "6" * 200,
        public_key=key.public_bytes(),
    )


def test_a_device_works_out_the_words_itself(
    office: TellingOffice, link: OfficeLink, key: DeviceKey
) -> None:
    enrolled = enrolment.ask(link, asking(office, key))
    assert " ".join(enrolled.words) == office.words()
    assert enrolled.state is State.PENDING
    assert (enrolled.office_name, enrolled.fictional) == ("Ambleford Council", True)
    ((path, said),) = office.asked
    assert path == "/device/v1/enrol"
    assert set(said) == {"code", "public_key", "device_name", "platform"}, (
        "no tablet, no word of it"
    )
    assert len(said["platform"]) == enrolment.PLATFORM_MAX


def test_asking_how_things_stand_brings_the_officer_and_the_office(
    office: TellingOffice, link: OfficeLink, key: DeviceKey
) -> None:
    enrolled = enrolment.ask(link, asking(office, key))
    office.state = "active"
    active = enrolment.ask_state(link, enrolled)
    assert active.state is State.ACTIVE
    assert (active.officer_name, active.office_name) == ("Sam Patel", "Ambleford Council")
    assert active.fictional
    assert active.words == enrolled.words


@pytest.mark.parametrize(
    ("status", "said", "code"),
    [
        (403, {"code": "enrolment.refused"}, "code.refused"),
        (429, {"code": "enrolment.too_many"}, "code.too_many_tries"),
        (429, {}, "code.too_many_tries"),
        (401, {"code": "device.unknown"}, "office.refused"),
        (500, {}, "office.unreachable"),
        (200, {}, "office.not_the_office"),
        (200, [], "office.not_the_office"),
        (200, {"device_id": "d", "ticket_id": "t", "state": "pending"}, "office.not_the_office"),
        (
            200,
            {"device_id": "d", "ticket_id": "t", "state": "pending", "office_key": "!" * 43},
            "office.not_the_office",
        ),
        (
            200,
            {"device_id": "d", "ticket_id": "é", "state": "pending", "office_key": "A" * 43},
            "office.not_the_office",
        ),
        (
            200,
            {"device_id": "d", "ticket_id": "t", "state": "friendly", "office_key": "A" * 43},
            "office.not_the_office",
        ),
    ],
)
def test_an_answer_that_is_not_a_yes_is_a_refusal_in_our_words(
    office: TellingOffice, link: OfficeLink, key: DeviceKey, status: int, said: Any, code: str
) -> None:
    office.telling = (status, said)
    with pytest.raises(RuleBroken) as refused:
        enrolment.ask(link, asking(office, key))
    assert refused.value.code == code
    assert refused.value.sentence()


@pytest.mark.parametrize(
    "said",
    [
        {"state": "active"},
        {"state": "active", "officer": None, "office": None},
        {"state": "active", "officer": {"id": "../../x", "name": "Sam"}, "office": {}},
        {"state": "active", "officer": {"id": "o", "name": "Sam"}, "office": {"name": "A"}},
        {"officer": {"id": "o", "name": "Sam"}},
        "active",
    ],
)
def test_a_device_is_not_active_before_it_knows_whose_it_is(
    office: TellingOffice, link: OfficeLink, said: Any
) -> None:
    office.telling = (200, said)
    with pytest.raises(RuleBroken, match=r"office\.not_the_office"):
        enrolment.ask_state(link, PENDING)


def test_a_revoked_device_hears_so_whichever_way_it_is_said(
    office: TellingOffice, link: OfficeLink
) -> None:
    office.telling = (200, {"state": "revoked"})
    assert enrolment.ask_state(link, PENDING).state is State.REVOKED
    office.telling = (401, {"code": "device.revoked"})
    assert enrolment.ask_state(link, PENDING).state is State.REVOKED
    office.telling = (401, {"code": "device.unknown"})
    with pytest.raises(RuleBroken, match=r"office\.refused"):
        enrolment.ask_state(link, PENDING)


def test_what_was_settled_is_read_back_at_the_next_start(tmp_path: Path) -> None:
    assert enrolment.load(tmp_path / "enrolment.json") is None
    active = replace(
        PENDING, state=State.ACTIVE, officer_id="officer-1", officer_name="Siân Ó Briain"
    )
    for settled in (PENDING, active):
        enrolment.save(tmp_path / "enrolment.json", settled)
        assert enrolment.load(tmp_path / "enrolment.json") == settled


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b"[" * 60_000, b'{"state":"x"}'])
def test_a_file_that_makes_no_sense_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "enrolment.json").write_bytes(content)
    with pytest.raises(RuleBroken, match=r"device\.damaged"):
        enrolment.load(tmp_path / "enrolment.json")


@pytest.mark.parametrize("typed", ["7K3M9QXV", "7k3m 9qxv", " 7K3M-9QXV "])
def test_a_code_is_read_however_it_is_typed(typed: str) -> None:
    assert enrolment.read_code(typed) == "7K3M9QXV"


def test_letters_that_look_like_numbers_are_those_numbers() -> None:
    assert enrolment.read_code("oil0oil1") == "01100111"


@pytest.mark.parametrize(
    "typed", ["", " - ", "7K3M9QX", "7K3M9QXVX", "7K3M9QXU", "7K3M9QX!", "é" * 8]
)
def test_any_other_code_is_refused_before_the_office_is_asked(typed: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        enrolment.read_code(typed)
    assert refused.value.field == "code"


def test_the_words_cover_the_key_that_receipts_are_signed_with(
    office: TellingOffice, link: OfficeLink, key: DeviceKey, tmp_path: Path
) -> None:
    """Whoever stands in between cannot put in a key of their own without two people noticing."""
    before = enrolment.ask(link, asking(office, key))
    office.receipt_key = "r" * 43
    enrolled = enrolment.ask(link, asking(office, key))
    assert " ".join(enrolled.words) == office.words()
    assert enrolled.words != before.words
    assert enrolled.receipt_key == "r" * 43
    enrolment.save(tmp_path / "enrolment.json", enrolled)
    assert enrolment.load(tmp_path / "enrolment.json") == enrolled


def test_a_key_that_is_pinned_is_never_replaced(
    office: TellingOffice, link: OfficeLink, key: DeviceKey
) -> None:
    enrolled = enrolment.ask(link, asking(office, key))
    assert enrolled.receipt_key == ""
    office.receipt_key = "r" * 43
    told = enrolment.ask_state(link, enrolled)
    assert told.receipt_key == "r" * 43, "one enrolled before the office had a key is given it once"
    office.receipt_key = "s" * 43
    assert enrolment.ask_state(link, told).receipt_key == "r" * 43
    office.receipt_key = "short"
    with pytest.raises(RuleBroken, match=r"office\.not_the_office"):
        enrolment.ask_state(link, told)


def test_what_an_older_program_kept_of_an_enrolment_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / "enrolment.json"
    enrolment.save(path, PENDING)
    kept = json.loads(path.read_bytes())
    del kept["receipt_key"]
    path.write_text(json.dumps(kept))
    assert enrolment.load(path) == PENDING


SEAL = OfficeSeal(bytes(range(32)))
OTHERS = OfficeSeal(bytes(range(1, 33)))
KEY = OfficeBox(bytes(range(1, 33))).public_text
KNOWN = replace(PENDING, state=State.ACTIVE, officer_id="amina", receipt_key=SEAL.public_text)


def standing(**said: Any) -> tuple[int, Any]:
    office = {"name": "Ambleford Council", "fictional": True}
    told = {"state": "active", "officer": {"id": "amina", "name": "Amina"}, "office": office}
    return 200, {**told, **said}


def test_the_key_for_sealed_work_is_taken_only_from_the_office_that_is_known(
    office: TellingOffice, link: OfficeLink
) -> None:
    told = {"key": KEY, "signature": SEAL.sign(key_statement(KEY))}
    office.telling = standing(sealing_key=told)
    assert enrolment.ask_state(link, KNOWN).sealing_key == KEY
    stranger = replace(KNOWN, receipt_key="", sealing_key="")
    assert enrolment.ask_state(link, stranger).sealing_key == ""
    office.telling = standing(
        sealing_key={"key": KEY, "signature": OTHERS.sign(key_statement(KEY))}
    )
    assert enrolment.ask_state(link, KNOWN).sealing_key == ""
    kept = replace(KNOWN, sealing_key="the one before")
    assert enrolment.ask_state(link, kept).sealing_key == "the one before"


def test_an_order_to_erase_counts_only_in_the_offices_hand_and_for_this_device(
    office: TellingOffice, link: OfficeLink
) -> None:
    device_id = "0b0e3c52-3c77-4bd0-8e5b-6b8a4c1d2e3f"
    known = replace(KNOWN, device_id=device_id)
    at = "2027-03-01T08:00:00+00:00"
    wipe_id = "00000000-0000-4000-8000-0000000000aa"
    order = WipeOrder(wipe_id=wipe_id, device_id=device_id, ordered_at=at)

    def told(order: WipeOrder, seal: OfficeSeal, known: Enrolment = known) -> WipeOrder | None:
        signed = {**asdict(order), "signature": seal.sign(order.statement)}
        office.telling = standing(state="revoked", wipe=signed)
        return enrolment.check_in(link, known)[1]

    assert told(order, SEAL) is not None
    assert told(order, OTHERS) is None
    assert told(replace(order, device_id=wipe_id), SEAL) is None
    assert told(order, SEAL, replace(known, receipt_key="")) is None
    office.telling = standing(state="revoked", wipe=None)
    assert enrolment.check_in(link, known)[1] is None
