"""A sealed copy of all unsent work lies beside the vault, holds its very bytes, and goes when it may."""

from __future__ import annotations

from pathlib import Path

import pytest

from field_client.vault import sealed_copies
from field_client.vault.sealed_copies import SealedCopies
from field_client.vault.store import Store
from server.spine.office_box import OfficeBox
from sync.sealed import read_copy, unframed
from tests.field_client.vault.saving import save_visit

BOX = OfficeBox(bytes(range(1, 33)))


@pytest.fixture
def copies(full: Store, tmp_path: Path) -> SealedCopies:
    return SealedCopies(full, tmp_path / "sealed", BOX.public_text)


def files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "sealed").glob("*.sealed"))


def opened(path: Path) -> list[bytes]:
    copy = read_copy(path.read_bytes())
    return unframed(BOX.open(copy.sealed, copy.info), parts_max=100)


def waiting(store: Store) -> list[bytes]:
    return [
        bytes(written)
        for (written,) in store.rows(
            "SELECT written FROM outbox WHERE outcome IS NULL ORDER BY rowid"
        )
    ]


def test_each_unsent_group_has_one_copy_of_its_very_bytes(
    full: Store, copies: SealedCopies, tmp_path: Path
) -> None:
    save_visit(full, "Tom O'Leary", "first", number="07700 900123")
    save_visit(full, "Tom O'Leary", "second")
    copies.keep_true()
    together = [envelope for path in files(tmp_path) for envelope in opened(path)]
    assert together == waiting(full)
    assert any(len(opened(path)) > 1 for path in files(tmp_path)), "a group is one copy"
    for path in files(tmp_path):
        assert b"Curtains" not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0


def test_copies_follow_the_outbox_and_are_written_once(
    full: Store, copies: SealedCopies, tmp_path: Path
) -> None:
    save_visit(full, "Tom O'Leary", "first")
    copies.keep_true()
    before = {path: path.read_bytes() for path in files(tmp_path)}
    copies.keep_true()
    assert {path: path.read_bytes() for path in files(tmp_path)} == before
    with full.transaction() as connection:
        connection.execute("UPDATE outbox SET outcome = 'applied'")
    copies.keep_true()
    assert files(tmp_path) == []


def test_what_is_numbered_anew_or_of_another_life_is_sealed_anew(
    full: Store, copies: SealedCopies, tmp_path: Path
) -> None:
    save_visit(full, "Tom O'Leary", "first")
    copies.keep_true()
    first = files(tmp_path)
    full.renumber("00000000-0000-4000-8000-0000000000aa")
    copies.keep_true()
    second = files(tmp_path)
    assert not set(first) & set(second)
    assert [e for path in second for e in opened(path)] == waiting(full)
    full.put("epoch", "00000000-0000-4000-8000-0000000000bb")
    copies.keep_true()
    third = files(tmp_path)
    assert not set(second) & set(third)
    assert read_copy(third[0].read_bytes()).epoch == full.epoch()


def test_without_a_key_of_the_office_nothing_is_sealed(full: Store, tmp_path: Path) -> None:
    save_visit(full, "Tom O'Leary", "first")
    SealedCopies(full, tmp_path / "sealed", "").keep_true()
    assert not (tmp_path / "sealed").exists()


def test_a_folder_that_cannot_be_written_fails_no_press_and_is_tried_again(
    full: Store, copies: SealedCopies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_visit(full, "Tom O'Leary", "first")

    def full_drive(*_told: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(sealed_copies, "write_private", full_drive)
        copies.keep_true()
    assert files(tmp_path) == []
    copies.keep_true()
    assert [e for path in files(tmp_path) for e in opened(path)] == waiting(full)
