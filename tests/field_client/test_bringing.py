"""The keeper brings sealed photographs, believes only the office's own hand, and deletes nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from field_client import bringing, deliveries
from field_client.bringing import bring_photographs
from field_client.deliveries import Office
from field_client.device_key import DeviceKey
from field_client.office_link import OfficeAddress, OfficeLink
from field_client.sealed_files import ANYWAY, BROUGHT, SEALED_PHOTOGRAPH
from field_client.vault.box import seal_photograph
from server.spine.office_box import OfficeBox
from server.spine.office_seal import OfficeSeal
from shared.errors import RuleBroken
from shared.schemas import digest
from sync.attachments import (
    COMING,
    SEALED_PART_BYTES,
    SEALED_PHOTOGRAPH_PATH,
    TAKEN,
    attachment_statement,
    read_bringing,
)
from sync.signatures import key_id
from tests.field_client.office import SmallOffice

pytestmark = pytest.mark.enable_socket

SEAL = OfficeSeal(bytes(range(32)))
BOX = OfficeBox(bytes(range(32)))


class TakingOffice(SmallOffice):
    """An office that takes sealed photographs, as far as it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, bytes] = {}
        self.status = 200
        self.garbled = self.unsigned = self.deaf = False
        self.starts: list[int] = []

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
        if path != SEALED_PHOTOGRAPH_PATH:
            return super().answer(path, headers, body)
        asked = read_bringing(body)
        here = self.held.get(asked.digest, b"")
        self.starts.append(asked.start)
        if asked.start == len(here) and not self.deaf:
            here = self.held[asked.digest] = here + asked.part
        state = TAKEN if len(here) == asked.size_bytes else COMING
        told = attachment_statement("device-1", asked.digest, state, len(here))
        seal = "" if self.unsigned else SEAL.sign(told)
        said = {"state": state, "held": len(here), "seal": seal}
        answer = b"[]" if self.garbled else json.dumps(said).encode()
        return self.status, "application/json", answer


@pytest.fixture
def taking() -> Iterator[TakingOffice]:
    made = TakingOffice()
    yield made
    made.stop()


@pytest.fixture
def bound(taking: TakingOffice, tmp_path: Path) -> Office:
    key = DeviceKey.make(tmp_path / "key", bytes(32))
    link = OfficeLink(OfficeAddress.read(taking.address), key)
    taking.device_keys = {key_id(key.public_bytes()): key.public_bytes()}
    return Office(link=link, device_id="device-1", receipt_key=SEAL.public_text)


def put(folder: Path, turn: int, size: int) -> Path:
    body = bytes([turn]) * size
    path = folder / "officer" / f"{turn:012d}-{digest(body)}{SEALED_PHOTOGRAPH}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(seal_photograph(BOX.public_text, digest(body), body))
    return path


def test_a_photograph_is_brought_in_parts_in_its_turn_and_leaves_its_name(
    taking: TakingOffice, bound: Office, tmp_path: Path
) -> None:
    folder = tmp_path / "sealed"
    second, first = put(folder, 2, 100), put(folder, 1, 2 * SEALED_PART_BYTES)
    written = [path.read_bytes() for path in (first, second)]
    assert bring_photographs(folder, bound, whatever_it_costs=True) == 2
    assert list(taking.held.values()) == written
    assert taking.starts[:4] == [0, 0, SEALED_PART_BYTES, 2 * SEALED_PART_BYTES]
    assert [path.exists() for path in (first, second)] == [False, False]
    assert first.with_suffix(BROUGHT).read_bytes() == b""
    assert bring_photographs(folder, bound, whatever_it_costs=True) == 0


def test_what_was_cut_goes_on_where_the_office_stands(
    taking: TakingOffice, bound: Office, tmp_path: Path
) -> None:
    path = put(tmp_path / "sealed", 1, 3 * SEALED_PART_BYTES)
    written = path.read_bytes()
    taking.held[digest(written)] = written[:300_000]
    assert bring_photographs(tmp_path / "sealed", bound, whatever_it_costs=True) == 1
    assert taking.starts[:2] == [0, 300_000]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"status": 429}, "office.refused"),
        ({"garbled": True}, "office.not_the_office"),
        ({"unsigned": True}, "office.not_the_office"),
    ],
)
def test_nothing_is_deleted_without_the_offices_own_word(
    taking: TakingOffice, bound: Office, tmp_path: Path, wrong: dict[str, object], code: str
) -> None:
    path = put(tmp_path / "sealed", 1, 100)
    vars(taking).update(wrong)
    with pytest.raises(RuleBroken) as refused:
        bring_photographs(tmp_path / "sealed", bound, whatever_it_costs=True)
    assert refused.value.code == code
    assert path.exists()
    vars(taking).update(status=200, garbled=False, unsigned=False)
    elsewhere = replace(bound, receipt_key=OfficeSeal(bytes(32)).public_text)
    with pytest.raises(RuleBroken):
        bring_photographs(tmp_path / "sealed", elsewhere, whatever_it_costs=True)
    assert path.exists()


def test_an_office_that_never_gets_further_is_left_for_another_time(
    taking: TakingOffice, bound: Office, tmp_path: Path
) -> None:
    path, taking.deaf = put(tmp_path / "sealed", 1, 100), True
    assert bring_photographs(tmp_path / "sealed", bound, whatever_it_costs=True) == 0
    assert len(taking.starts) == bringing.ASKINGS_MAX
    assert path.exists()


def test_where_it_may_cost_money_photographs_wait_unless_their_officer_said_otherwise(
    bound: Office, tmp_path: Path
) -> None:
    path = put(tmp_path / "sealed", 1, 100)
    assert bring_photographs(tmp_path / "sealed", bound, whatever_it_costs=False) == 0
    (path.parent / ANYWAY).touch()
    assert bring_photographs(tmp_path / "sealed", bound, whatever_it_costs=False) == 1


def test_what_is_no_sealed_photograph_any_more_is_left_and_counted(
    bound: Office, tmp_path: Path
) -> None:
    broken, whole = put(tmp_path / "sealed", 1, 100), put(tmp_path / "sealed", 2, 100)
    broken.write_bytes(broken.read_bytes()[:40])
    assert bring_photographs(tmp_path / "sealed", bound, whatever_it_costs=True) == 1
    assert deliveries.unreadable(tmp_path / "sealed") == [broken]
    assert not whole.exists()
    assert deliveries.read_sealed(whole) is None
