"""A sealed file opens as it was written, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from server.keeping.keys import HEADING as KEY_HEADING
from server.keeping.keys import make_key, read_key
from server.keeping.sealing import HEADING, SEGMENT_BYTES, Opener, Sealer
from shared.errors import RuleBroken

KEY = bytes(range(32))
SIZES = [0, 1, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 2 * SEGMENT_BYTES, 2_500_000]
SEALED_SEGMENT = SEGMENT_BYTES + 16


def silent(_size: int) -> None:
    return None


def sealed(folder: Path, clear: bytes, name: str = "log/1", key: bytes = KEY) -> Path:
    path = folder / "sealed"
    path.unlink(missing_ok=True)
    with Sealer(path, key, name, silent) as sealer:
        for start in range(0, len(clear), 700_000):
            sealer.write(clear[start : start + 700_000])
    assert sealer.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert sealer.size_bytes == path.stat().st_size
    return path


def opened(path: Path, name: str = "log/1", key: bytes = KEY) -> bytes:
    with Opener(path, key, name, silent) as opener:
        return opener.readall()


def pattern(size: int) -> bytes:
    return (b"Fieldfare " * (size // 10 + 1))[:size]


@pytest.mark.parametrize("size", SIZES)
def test_what_was_sealed_is_what_is_opened(tmp_path: Path, size: int) -> None:
    assert opened(sealed(tmp_path, pattern(size))) == pattern(size)


def test_a_few_lines_of_anybodys_can_open_a_file_with_its_key(tmp_path: Path) -> None:
    clear = pattern(2_500_000)
    body = sealed(tmp_path, clear).read_bytes()
    salt, body = body[len(HEADING) : len(HEADING) + 16], body[len(HEADING) + 16 :]
    own = HKDF(SHA256(), 32, salt, b"fieldfare backup file 1\nlog/1").derive(KEY)
    segments = [body[at : at + SEALED_SEGMENT] for at in range(0, len(body), SEALED_SEGMENT)]
    read = b""
    for number, segment in enumerate(segments):
        nonce = number.to_bytes(11, "big") + bytes([number == len(segments) - 1])
        read += AESGCM(own).decrypt(nonce, segment, None)
    assert read == clear


MENDINGS: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda body: body[:0],
    "another heading": lambda body: b"x" + body[1:],
    "another salt": lambda body: body[: len(HEADING)] + b"x" * 16 + body[len(HEADING) + 16 :],
    "its first segment cut off": lambda body: body[:40] + body[40 + SEALED_SEGMENT :],
    "its last segment cut off": lambda body: body[: 40 + 2 * SEALED_SEGMENT],
    "two segments changed about": lambda body: (
        body[:40]
        + body[40 + SEALED_SEGMENT : 40 + 2 * SEALED_SEGMENT]
        + body[40 : 40 + SEALED_SEGMENT]
        + body[40 + 2 * SEALED_SEGMENT :]
    ),
    "more after its end": lambda body: body + b"x",
    "a tag alone": lambda body: body[:50],
}


@pytest.mark.parametrize("how", MENDINGS)
def test_a_file_that_is_not_as_it_was_written_does_not_open(tmp_path: Path, how: str) -> None:
    path = sealed(tmp_path, pattern(2_500_000))
    path.write_bytes(MENDINGS[how](path.read_bytes()))
    with pytest.raises(RuleBroken, match=r"backup\.damaged"):
        opened(path)


@given(place=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
def test_no_bit_can_be_turned(
    tmp_path_factory: pytest.TempPathFactory, place: int, bit: int
) -> None:
    path = sealed(tmp_path_factory.mktemp("bits"), pattern(500))
    body = bytearray(path.read_bytes())
    body[place % len(body)] ^= 1 << bit
    path.write_bytes(body)
    with pytest.raises(RuleBroken, match=r"backup\.damaged"):
        opened(path)


def test_a_file_opens_under_no_other_name_and_no_other_key(tmp_path: Path) -> None:
    path = sealed(tmp_path, b"a")
    for name, key in (("log/2", KEY), ("log/1", bytes(32))):
        with pytest.raises(RuleBroken, match=r"backup\.damaged"):
            opened(path, name, key)
    path.unlink()
    with pytest.raises(RuleBroken, match=r"backup\.damaged"):
        opened(path)


def test_a_key_is_made_once_and_read_only_by_its_owner(tmp_path: Path) -> None:
    path, store = tmp_path / "key", tmp_path / "backups"
    make_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(read_key(path, store)) == 32
    refused(path, store, "backup.key_open", lambda: path.chmod(0o640))
    with pytest.raises(RuleBroken, match=r"backup\.key_there"):
        make_key(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"key", f"{KEY_HEADING}\n".encode(), f"{KEY_HEADING}\nAAAA\n".encode(), b"\xff\xfe\n",
     f"{KEY_HEADING}\n***\n".encode()],
)  # fmt: skip
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    refused(path, tmp_path / "backups", "backup.key_unreadable")


def test_a_key_that_lies_with_its_backups_or_nowhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    make_key(tmp_path / "backups" / "key")
    refused(tmp_path / "backups" / "key", tmp_path / "backups", "backup.key_beside")
    refused(tmp_path / "none", tmp_path / "backups", "backup.no_key")
    refused(tmp_path / "backups", tmp_path / "elsewhere", "backup.key_unreadable")


def refused(path: Path, store: Path, code: str, before: Callable[[], None] = lambda: None) -> None:
    before()
    with pytest.raises(RuleBroken) as refusal:
        read_key(path, store)
    assert refusal.value.code == code
    assert refusal.value.sentence()
