"""The office's box opens what was sealed to it, whole and under its label, and nothing else."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from server.spine import clock, office_box
from server.spine.office_box import SUITE, NotOurs, OfficeBox
from sync.protocol import GENESIS
from sync.wire import write_envelope

STORE_ID = "00000000-0000-4000-8000-0000000000b0"
NOWHERE = "00000000-0000-4000-8000-00000000000a"


def envelope(**members: Any) -> bytes:
    """Write a command about a case that nobody has."""
    moment = "2027-03-01T08:00:00+00:00"
    return write_envelope(
        {
            "command_id": clock.new_id(),
            "store_id": STORE_ID,
            "lane": "ordinary",
            "seq": 1,
            "prev": GENESIS,
            "name": "RecordVisit",
            "version": 1,
            "case_id": NOWHERE,
            "seen_commit": 0,
            "group": None,
            "happened_at": moment,
            "clock": {"wall": moment, "monotonic": 1.0, "boot": "b"},
            "body": {"visit_id": clock.new_id()},
            **members,
        }
    )


def test_the_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    first = office_box.load(tmp_path / "secrets")
    assert office_box.load(tmp_path / "secrets").public == first.public
    (kept,) = (tmp_path / "secrets").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_every_flipped_byte_and_every_other_label_and_key_is_refused() -> None:
    box, other = OfficeBox(bytes(range(1, 33))), OfficeBox(bytes(range(2, 34)))
    sealed = SUITE.encrypt(b"a visit", X25519PublicKey.from_public_bytes(box.public), b"label")
    assert box.open(sealed, b"label") == b"a visit"
    with pytest.raises(NotOurs):
        box.open(sealed, b"another label")
    with pytest.raises(NotOurs):
        other.open(sealed, b"label")
    for at in range(len(sealed)):
        with pytest.raises(NotOurs):
            box.open(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], b"label")
    for length in (0, 10, len(sealed) - 1):
        with pytest.raises(NotOurs):
            box.open(sealed[:length], b"label")
