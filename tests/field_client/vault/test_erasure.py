"""What is erased is gone from the drive as well: from every page of the vault and of its log, decrypted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from field_client.vault.search import Search
from field_client.vault.store import Store, open_store
from field_client.vault.syncing import Syncing
from tests.field_client.vault.pictures import jpeg
from tests.field_client.vault.sample import OFFICER, case, id_of, place
from tests.field_client.vault.saving import save_visit
from tests.simulation.disk import Disk
from tests.simulation.scripted import SEAL, Commit, Scripted

KEY = bytes(range(32))
PAGE, RESERVED, IV = 4096, 80, 16
LOG_HEAD, FRAME_HEAD = 32, 24
NAME, STREET = b"Zenobia Quillfeather", b"77 Canary Lane"


@pytest.fixture
def disk() -> Disk:
    return Disk(1)


@pytest.fixture
def store(disk: Disk) -> Iterator[Store]:
    opened = open_store(disk.folder / "vault.db", bytearray(KEY), drive=disk)
    opened.put("store_id", id_of("store"))
    yield opened
    opened.close()


def opened_page(page: bytes, *, first: bool) -> bytes:
    """Decrypt one page as SQLCipher wrote it."""
    start = 16 if first else 0  # the salt stands where a plain file says what it is
    iv = page[PAGE - RESERVED : PAGE - RESERVED + IV]
    decryptor = Cipher(algorithms.AES(KEY), modes.CBC(iv)).decryptor()
    return decryptor.update(page[start : PAGE - RESERVED]) + decryptor.finalize()


def everything_on(disk: Disk) -> bytes:
    """Decrypt every page of the database and of its log, those that nothing points to included."""
    image = disk.image()
    database, log = image["/vault.db"], image.get("/vault.db-wal", b"")
    pages = [
        opened_page(database[at : at + PAGE], first=at == 0) for at in range(0, len(database), PAGE)
    ]
    for at in range(LOG_HEAD, len(log) - FRAME_HEAD - PAGE + 1, FRAME_HEAD + PAGE):
        number = int.from_bytes(log[at : at + 4])
        frame = log[at + FRAME_HEAD : at + FRAME_HEAD + PAGE]
        pages.append(opened_page(frame, first=number == 1))
    return b"".join(pages)


def sync(store: Store, office: Scripted) -> None:
    syncing = Syncing(store, office, lambda least, _most: least, office_key=SEAL.public_text)
    assert syncing.sync_once().problem is None


def given() -> Scripted:
    home = place(STREET.decode(), "QZ1 1AA")
    return Scripted(commits=[Commit(cases=(case(NAME.decode(), home), case("Other", home)))])


@pytest.mark.proves("T01")
def test_a_case_taken_away_leaves_nothing_of_it_on_the_drive(store: Store, disk: Disk) -> None:
    office = given()
    sync(store, office)
    save_visit(store, NAME.decode(), picture=jpeg())
    picture = bytes(store.rows("SELECT body FROM photograph")[0][0])
    strip = picture[len(picture) // 2 :][:64]
    sync(store, office)
    search = Search(store, OFFICER)
    assert search.find("Zenobia")
    assert all(found in everything_on(disk) for found in (NAME, STREET, strip)), "it is seen"

    office.commits.append(Commit(leave=(id_of(NAME.decode()),)))
    sync(store, office)

    left = everything_on(disk)
    assert NAME not in left
    assert strip not in left
    assert STREET in left, "the other case is still there"
    search.current()
    assert not search.find("Zenobia")


@pytest.mark.proves("T01")
def test_nothing_on_the_drive_can_be_read_without_the_key(store: Store, disk: Disk) -> None:
    sync(store, given())
    save_visit(store, "Other", number="07700900123")
    for content in disk.image().values():
        assert not any(
            plain in content for plain in (NAME, STREET, b"07700900123", b"CREATE TABLE")
        )
