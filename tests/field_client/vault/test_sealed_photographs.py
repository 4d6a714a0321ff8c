"""Each photograph the office has not got lies sealed beside the vault, and goes when the office has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from field_client.sealed_files import ANYWAY, BROUGHT, SEALED_PHOTOGRAPH
from field_client.vault import photographs, sealed_photographs, uploads
from field_client.vault.drive import Folder
from field_client.vault.sealed_photographs import SealedPhotographs
from field_client.vault.store import Store
from server.sealed_work.photographs import unseal
from server.spine.office_box import OfficeBox
from sync.attachments import read_photograph
from tests.field_client.vault.pictures import jpeg
from tests.field_client.vault.saving import save_visit

BOX = OfficeBox(bytes(range(1, 33)))


@pytest.fixture
def pictures(full: Store, tmp_path: Path) -> SealedPhotographs:
    return SealedPhotographs(full, tmp_path / "sealed", BOX.public_text)


def files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "sealed").glob(f"*{SEALED_PHOTOGRAPH}"))


def visit_with_a_picture(store: Store, name: str, colour: int = 1) -> str:
    """Save a visit with a photograph, and give what that is named by."""
    visit_id = save_visit(store, "Tom O'Leary", name, picture=jpeg(colour=(colour, 40, 20)))
    (kept,) = photographs.of_visit(store, visit_id)
    return kept.photograph_id


def test_each_photograph_of_a_saved_visit_is_sealed_once_and_the_vault_keeps_its_own(
    full: Store, pictures: SealedPhotographs, tmp_path: Path
) -> None:
    first, second = (visit_with_a_picture(full, f"visit {n}", n) for n in (1, 200))
    pictures.keep_true()
    before = {path: path.read_bytes() for path in files(tmp_path)}
    assert [path.stem.split("-")[1] for path in before] == [first, second]
    for path, name in zip(before, (first, second), strict=True):
        body = photographs.body(full, name)
        assert unseal(BOX, read_photograph(before[path])) == body
        assert b"JFIF" not in before[path]
        assert path.stat().st_mode & 0o077 == 0
    pictures.keep_true()
    assert {path: path.read_bytes() for path in files(tmp_path)} == before
    assert pictures.unsealed == 0


def test_what_is_not_saved_yet_is_not_sealed_here(
    full: Store, pictures: SealedPhotographs, tmp_path: Path
) -> None:
    visit_id = save_visit(full, "Tom O'Leary", "first", picture=jpeg())
    with full.transaction() as connection:
        connection.execute("UPDATE photograph SET recorded = 0")
    pictures.keep_true()
    assert files(tmp_path) == []
    photographs.note_recorded(full, visit_id)
    pictures.keep_true()
    assert len(files(tmp_path)) == 1


def test_what_the_keeper_has_brought_is_not_sealed_again_and_goes_with_the_vaults_own_word(
    full: Store, pictures: SealedPhotographs, tmp_path: Path
) -> None:
    name = visit_with_a_picture(full, "first")
    pictures.keep_true()
    (path,) = files(tmp_path)
    path.rename(path.with_suffix(BROUGHT))
    pictures.keep_true()
    assert files(tmp_path) == []
    photographs.note_arrived(full, name)
    pictures.keep_true()
    assert list((tmp_path / "sealed").glob(f"*{BROUGHT}")) == []


def test_what_was_cut_off_while_it_was_written_takes_no_room_for_ever(
    full: Store, pictures: SealedPhotographs, tmp_path: Path
) -> None:
    visit_with_a_picture(full, "first")
    pictures.keep_true()
    (path,) = files(tmp_path)
    path.rename(path.with_name(f".{path.name}.x7f3"))
    pictures.keep_true()
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_without_a_key_of_the_office_nothing_is_sealed(full: Store, tmp_path: Path) -> None:
    visit_with_a_picture(full, "first")
    SealedPhotographs(full, tmp_path / "sealed", "").keep_true()
    assert not (tmp_path / "sealed").exists()


def test_the_keeper_is_told_whether_photographs_wait_for_wi_fi(
    full: Store, pictures: SealedPhotographs, tmp_path: Path
) -> None:
    visit_with_a_picture(full, "first")
    for rule, told in (("no", True), ("no", True), ("yes", False)):
        full.put(uploads.WIFI_ONLY, rule)
        pictures.keep_true()
        assert (tmp_path / "sealed" / ANYWAY).exists() is told


def test_a_drive_without_room_seals_no_more_keeps_what_is_there_and_says_how_many(
    full: Store, pictures: SealedPhotographs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = visit_with_a_picture(full, "first")
    pictures.keep_true()
    second = visit_with_a_picture(full, "second", 200)
    monkeypatch.setattr(Folder, "free_bytes", lambda _self: 1_000_000)
    pictures.keep_true()
    assert (len(files(tmp_path)), pictures.unsealed) == (1, 1)
    assert photographs.body(full, first)
    assert photographs.body(full, second)
    monkeypatch.undo()
    monkeypatch.setattr(sealed_photographs, "SEALED_BYTES_MAX", 1_000)
    pictures.keep_true()
    assert pictures.unsealed == 1
    monkeypatch.undo()

    def full_drive(*_told: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sealed_photographs, "write_private", full_drive)
    pictures.keep_true()
    assert pictures.unsealed == 1, "a drive that fills meanwhile fails no press"
    monkeypatch.setattr(sealed_photographs, "make_private_folder", full_drive)
    pictures.keep_true()
    assert pictures.unsealed == 1
    monkeypatch.undo()
    pictures.keep_true()
    assert (len(files(tmp_path)), pictures.unsealed) == (2, 0)
