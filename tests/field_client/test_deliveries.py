"""The keeper brings what is sealed, deletes only what the office says it took, and only in its hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from field_client import deliveries
from field_client.deliveries import Delivered, Office
from field_client.device_key import DeviceKey
from field_client.office_link import OfficeAddress, OfficeLink
from server.spine.office_seal import OfficeSeal
from shared.errors import RuleBroken
from shared.schemas import digest
from sync.protocol import Place
from sync.sealed import COPIES_MAX, HELD, SEALED_PATH, TAKEN, SealedCopy, answer_statement, unframed
from sync.signatures import key_id
from tests.field_client.office import SmallOffice

pytestmark = pytest.mark.enable_socket

SEAL = OfficeSeal(bytes(range(32)))
STORE_ID = "00000000-0000-4000-8000-0000000000b0"


class TakingOffice(SmallOffice):
    """An office that takes sealed copies, as far as it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.says: dict[str, str] = {}
        self.status = 200
        self.garbled = self.unsigned = False
        self.requests: list[list[bytes]] = []

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
        if path != SEALED_PATH:
            return super().answer(path, headers, body)
        copies = unframed(body, parts_max=COPIES_MAX)
        self.requests.append(copies)
        answers = {digest(each): self.says.get(digest(each), TAKEN) for each in copies}
        said = {
            "answers": [{"digest": d, "state": s} for d, s in answers.items()],
            "seal": "" if self.unsigned else SEAL.sign(answer_statement("device-1", answers)),
        }
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
    taking.device_keys = {key_id(key.public_bytes()): key.public_bytes()}
    link = OfficeLink(OfficeAddress.read(taking.address), key)
    return Office(link=link, device_id="device-1", receipt_key=SEAL.public_text)


def put(folder: Path, number: int, sealed: bytes = b"sealed") -> Path:
    place = Place(command_id=f"00000000-0000-4000-8000-{number:012d}", lane="ordinary", seq=number)
    copy = SealedCopy(store_id=STORE_ID, epoch=None, places=(place,), sealed=sealed)
    path = folder / "officer" / f"{number:012d}-x.sealed"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(copy.written())
    return path


def test_copies_go_in_their_order_and_are_deleted_once_they_were_taken(
    taking: TakingOffice, bound: Office, tmp_path: Path
) -> None:
    paths = [put(tmp_path / "sealed", number) for number in range(1, COPIES_MAX + 3)]
    written = [path.read_bytes() for path in paths]
    taking.says = {digest(written[1]): HELD}
    done = deliveries.deliver(tmp_path / "sealed", bound)
    assert done == Delivered(taken=COPIES_MAX + 1, held=1)
    assert [len(each) for each in taking.requests] == [COPIES_MAX, 2]
    assert [copy for each in taking.requests for copy in each] == written
    assert deliveries.copies_in(tmp_path / "sealed") == [paths[1]], "what is held stays here too"


def test_large_copies_are_put_into_requests_of_their_own(
    taking: TakingOffice, bound: Office, tmp_path: Path
) -> None:
    for number in range(1, 4):
        put(tmp_path / "sealed", number, bytes(1_050_000))
    deliveries.deliver(tmp_path / "sealed", bound)
    assert [len(each) for each in taking.requests] == [2, 1]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 500}, "office.refused"),
        ({"garbled": True}, "office.not_the_office"),
        ({"unsigned": True}, "office.not_the_office"),
    ],
)
def test_an_answer_that_is_not_the_offices_own_deletes_nothing(
    taking: TakingOffice, bound: Office, tmp_path: Path, fault: dict[str, object], code: str
) -> None:
    path = put(tmp_path / "sealed", 1)
    for name, value in fault.items():
        setattr(taking, name, value)
    with pytest.raises(RuleBroken) as refused:
        deliveries.deliver(tmp_path / "sealed", bound)
    assert refused.value.code == code
    assert path.exists()


def test_what_is_no_copy_any_more_keeps_no_other_back(
    taking: TakingOffice, bound: Office, tmp_path: Path
) -> None:
    broken, whole = put(tmp_path / "sealed", 1), put(tmp_path / "sealed", 2)
    broken.write_bytes(b"\0" * 40)
    assert deliveries.deliver(tmp_path / "sealed", bound) == Delivered(taken=1)
    assert deliveries.unreadable(tmp_path / "sealed") == [broken]
    assert not whole.exists()


def test_nothing_to_bring_asks_nobody(taking: TakingOffice, bound: Office, tmp_path: Path) -> None:
    assert deliveries.deliver(tmp_path / "sealed", bound) == Delivered()
    assert taking.requests == []
