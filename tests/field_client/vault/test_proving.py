"""Shows that a receipt proves what it says only under the office's key and for the bytes kept here."""

from __future__ import annotations

from pathlib import Path

import pytest

from field_client.vault.proving import is_proven
from field_client.vault.store import Store
from field_client.vault.syncing import Syncing
from server.spine.office_seal import OfficeSeal, load
from tests.field_client.vault.conftest import FarOffice
from tests.field_client.vault.sample import id_of
from tests.field_client.vault.saving import save_visit
from tests.field_client.vault.small_office import SmallOffice

COMMAND = id_of("a visit command")


@pytest.fixture
def seal(tmp_path: Path) -> OfficeSeal:
    return load(tmp_path / "secrets")


@pytest.fixture
def answered(full: Store, office: FarOffice, seal: OfficeSeal) -> Store:
    """Have a visit answered under the office's seal."""
    save_visit(full, "Maryam Castellanos")
    small = SmallOffice()
    small.seal = seal
    office.answers = small
    done = Syncing(full, office, lambda least, most: (least + most) / 2, office_key=key(seal))
    assert done.sync_once().problem is None
    return full


def key(seal: OfficeSeal) -> str:
    return seal.public_text


def test_a_sealed_receipt_is_proven_by_the_pinned_key(answered: Store, seal: OfficeSeal) -> None:
    assert is_proven(answered, key(seal), COMMAND)


def test_another_key_proves_nothing(answered: Store, tmp_path: Path) -> None:
    assert not is_proven(answered, key(load(tmp_path / "other")), COMMAND)
    assert not is_proven(answered, "", COMMAND)


@pytest.mark.parametrize(
    "altered",
    ["outcome = 'flagged'", "code = 'x'", "received_at = '2020-01-01'", "written = x'7b7d'"],
)
def test_a_receipt_altered_here_is_not_what_was_signed(
    answered: Store, seal: OfficeSeal, altered: str
) -> None:
    with answered.transaction() as connection:
        connection.execute(f"UPDATE outbox SET {altered} WHERE command_id = ?", (COMMAND,))  # noqa: S608 - our own words
    assert not is_proven(answered, key(seal), COMMAND)


def test_what_was_never_answered_is_not_proven(full: Store, seal: OfficeSeal) -> None:
    save_visit(full, "Maryam Castellanos")
    assert not is_proven(full, key(seal), COMMAND)
