"""An officer's key is made inside their vault, once, and signs whatever is saved there where it stands."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from field_client.vault import opening
from field_client.vault.closed import ClosedVault
from field_client.vault.keys import is_signed_by
from field_client.vault.lease_told import LeaseTold
from field_client.vault.sealed_copies import SealedCopies
from field_client.vault.store import Store, open_store
from server.spine.office_box import OfficeBox
from sync.officer_keys import Holder, lane_statement
from sync.sealed import read_content, read_copy
from sync.wire import NotAMessage, read_envelope
from tests.field_client.vault import frozen
from tests.field_client.vault.conftest import IDENTITY
from tests.field_client.vault.sample import STORE
from tests.field_client.vault.saving import save_visit
from tests.field_client.vault.test_frozen import FROZEN
from tests.simulation.disk import Disk

BOX = OfficeBox(bytes(range(1, 33)))
HOLDER = Holder(office="", device_id=IDENTITY.device_id, officer_id=IDENTITY.officer_id)


@pytest.fixture
def signing(full: Store) -> Store:
    full.make_key(HOLDER)
    return full


def is_whole(store: Store) -> bool:
    """Tell whether everything of the vault's present name is signed where it stands, by its one key."""
    own = store.own_key()
    assert own is not None
    rows = store.rows(
        "SELECT lane, seq, hash, signature FROM outbox WHERE former_store IS NULL ORDER BY rowid"
    )
    return bool(rows) and all(
        signature is not None
        and is_signed_by(
            own.public_text,
            lane_statement(own.holder, store.store_id(), lane, seq, head),
            signature,
        )
        for lane, seq, head, signature in rows
    )


def test_what_is_saved_is_signed_in_the_same_transaction(signing: Store) -> None:
    save_visit(signing, "Tom O'Leary", "first", number="07700 900123")
    assert is_whole(signing)
    copy = signing.copy()
    assert len(copy.signatures) == len(copy.waiting) == len(set(copy.signatures)) == 2


def test_a_vault_has_one_key_for_ever_whoever_it_is_opened_for_later(signing: Store) -> None:
    first = signing.own_key()
    signing.make_key(replace(HOLDER, office="A" * 43))
    again = signing.own_key()
    assert first is not None
    assert again is not None
    assert (again.public_text, again.holder) == (first.public_text, HOLDER)


def test_without_a_key_nothing_is_signed_and_nothing_is_said_of_signatures(full: Store) -> None:
    save_visit(full, "Tom O'Leary", "first")
    assert full.own_key() is None
    assert full.copy().signatures == ()
    full.make_key(HOLDER)
    assert is_whole(full), "an older program saved it; now it is signed"


def test_what_is_numbered_anew_is_signed_anew(signing: Store) -> None:
    save_visit(signing, "Tom O'Leary", "first")
    (before,) = signing.copy().signatures
    signing.renumber("00000000-0000-4000-8000-0000000000aa")
    (after,) = signing.copy().signatures
    assert before != after
    assert is_whole(signing)


@pytest.mark.proves("T49")
@pytest.mark.parametrize("name", sorted(FROZEN))
def test_a_vault_of_any_earlier_program_is_given_a_key_and_its_queue_is_signed_as_it_is(
    tmp_path: Path, name: str
) -> None:
    shutil.copyfile(frozen.FOLDER / name, tmp_path / "vault.db")
    store = open_store(tmp_path / "vault.db", bytearray(frozen.KEY))
    queued = store.waiting(100)
    store.make_key(HOLDER)
    assert is_whole(store)
    copy = store.copy()
    assert list(copy.waiting) == queued
    assert len(copy.signatures) == len(queued) == 3
    store.close()


@pytest.mark.parametrize("signed", [True, False])
def test_a_sealed_copy_holds_the_signatures_of_its_commands(
    full: Store, tmp_path: Path, *, signed: bool
) -> None:
    copies = SealedCopies(full, tmp_path / "sealed", BOX.public_text)
    save_visit(full, "Tom O'Leary", "first", number="07700 900123")
    copies.keep_true()
    before = set((tmp_path / "sealed").iterdir())
    if signed:
        full.make_key(HOLDER)
        copies.keep_true()
        assert not before & set((tmp_path / "sealed").iterdir()), "what was unsigned is sealed anew"
    (path,) = (tmp_path / "sealed").iterdir()
    copy = read_copy(path.read_bytes())
    content = BOX.open(copy.sealed, copy.info)
    envelopes, signatures = read_content(content, len(copy.places))
    assert [read_envelope(each).seq for each in envelopes] == [1, 2]
    assert signatures == full.copy().signatures
    assert len(signatures) == (2 if signed else 0)
    for count in (1, 3):
        with pytest.raises(NotAMessage, match=r"message\.unreadable"):
            read_content(content, count)


class Keeper:
    """What an opening vault asks of its keeper."""

    def rests_on(self, epoch: int) -> None:
        assert epoch == 0


@pytest.fixture
def closed(tmp_path: Path) -> ClosedVault:
    (tmp_path / "vault").mkdir()
    return ClosedVault(
        folder=tmp_path / "vault",
        identity=replace(IDENTITY, receipt_key="B" * 43),
        device_secret=secrets.token_bytes(32),
        shares={},
        boot_seconds=10,
        sealed_folder=tmp_path / "sealed",
    )


def test_opening_a_vault_makes_its_officers_key_for_this_device_and_office(
    closed: ClosedVault,
) -> None:
    keys = []
    for _opening in range(2):
        opened = opening.keys_by_passphrase(closed, "four words of nobody")
        vault = opening.open_vault(closed, opened, Keeper(), LeaseTold())  # type: ignore[arg-type]
        own = vault.store.own_key()
        assert own is not None
        keys.append((own.public_text, own.holder))
        vault.store.close()
    first, again = keys
    assert first == again
    assert first[1] == replace(HOLDER, office="B" * 43)


def test_on_a_full_drive_a_vault_opens_without_a_key_and_is_given_it_another_time() -> None:
    disk = Disk(1)
    store = open_store(disk.folder / "vault.db", bytearray(32), drive=disk)
    store.put("store_id", STORE)
    disk.room = 0
    opening._make_key(store, IDENTITY)
    assert store.own_key() is None
    disk.heal()
    opening._make_key(store, IDENTITY)
    assert store.own_key() is not None
    store.close()
