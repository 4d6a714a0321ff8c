"""The device's secret and its signing key: where they are kept, and what happens when they are not."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeystore
from keyring.errors import KeyringError, PasswordSetError

from field_client import device_secret
from field_client.device_key import DeviceKey
from field_client.device_secret import Keeping
from shared.errors import RuleBroken

SECRET = bytes(range(32))


class Keystore(KeyringBackend):
    """A keystore in memory, as good as a real one until it is told to fail."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringError("locked")
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.locked:
            raise PasswordSetError("locked")
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


class Forgetful(Keystore):
    """A keystore that says yes and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep nothing."""


def test_a_real_keystore_keeps_the_secret_and_the_disk_does_not(tmp_path: Path) -> None:
    keystore = Keystore()
    made = device_secret.make(tmp_path / "secret", keystore)
    assert made.kept_in is Keeping.KEYSTORE
    assert made.secret.hex() not in (tmp_path / "secret").read_text()
    assert device_secret.load(tmp_path / "secret", keystore) == made
    assert made.secret.hex() not in repr(made)


@pytest.mark.parametrize("keystore", [NoKeystore(), Forgetful()])
def test_without_a_keystore_the_secret_is_a_file_for_this_user_only(
    tmp_path: Path, keystore: KeyringBackend
) -> None:
    made = device_secret.make(tmp_path / "secret", keystore)
    assert made.kept_in is Keeping.FILE
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert device_secret.load(tmp_path / "secret", NoKeystore()) == made


def test_a_keystore_that_is_locked_falls_back_to_a_file_when_the_secret_is_made(
    tmp_path: Path,
) -> None:
    keystore = Keystore()
    keystore.locked = True
    assert device_secret.make(tmp_path / "secret", keystore).kept_in is Keeping.FILE


def test_a_keystore_that_lost_the_secret_never_gets_a_new_one_in_its_place(tmp_path: Path) -> None:
    keystore = Keystore()
    device_secret.make(tmp_path / "secret", keystore)
    before = (tmp_path / "secret").read_bytes()
    for keystore.locked in (True, False):
        keystore.entries.clear()
        with pytest.raises(RuleBroken, match=r"device\.secret_missing"):
            device_secret.load(tmp_path / "secret", keystore)
    assert (tmp_path / "secret").read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"\xff", b'{"kept_in":"file","kept":"00"}', b"[" * 60_000]
)
def test_a_secret_file_that_makes_no_sense_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret").write_bytes(content)
    with pytest.raises(RuleBroken, match=r"device\.damaged"):
        device_secret.load(tmp_path / "secret", NoKeystore())


def test_a_device_key_signs_the_same_after_a_restart(tmp_path: Path) -> None:
    made = DeviceKey.make(tmp_path / "key", SECRET)
    again = DeviceKey.load(tmp_path / "key", SECRET)
    assert again.public_bytes() == made.public_bytes()
    public_key = Ed25519PublicKey.from_public_bytes(made.public_bytes())
    public_key.verify(again.sign(b"a request"), b"a request")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_a_device_key_opens_only_with_the_secret_of_this_device(tmp_path: Path) -> None:
    DeviceKey.make(tmp_path / "key", SECRET)
    with pytest.raises(RuleBroken, match=r"device\.damaged"):
        DeviceKey.load(tmp_path / "key", bytes(32))
    with pytest.raises(RuleBroken, match=r"device\.damaged"):
        DeviceKey.load(tmp_path / "nothing", SECRET)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(where=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
def test_a_device_key_file_with_one_bit_flipped_gives_the_same_key_or_none(
    tmp_path: Path, where: int, bit: int
) -> None:
    made = DeviceKey.make(tmp_path / "key", SECRET)
    content = bytearray((tmp_path / "key").read_bytes())
    content[where % len(content)] ^= 1 << bit
    (tmp_path / "key").write_bytes(content)
    with contextlib.suppress(RuleBroken):
        again = DeviceKey.load(tmp_path / "key", SECRET)
        assert again.public_bytes() == made.public_bytes()


def test_a_secret_that_is_forgotten_is_gone_from_wherever_it_was_kept(tmp_path: Path) -> None:
    keystore, path = Keystore(), tmp_path / "secret"
    device_secret.make(path, keystore)
    assert device_secret.forget(path, keystore)
    assert (path.exists(), keystore.entries) == (False, {})
    assert device_secret.forget(path, keystore), "what is gone is gone"
    device_secret.make(path, NoKeystore())
    assert device_secret.forget(path, NoKeystore())
    assert not path.exists()


def test_a_keystore_that_will_not_say_is_not_believed_to_have_forgotten(tmp_path: Path) -> None:
    keystore, path = Keystore(), tmp_path / "secret"
    device_secret.make(path, keystore)
    keystore.locked = True
    assert not device_secret.forget(path, keystore)
    assert not path.exists()


def test_a_key_can_be_kept_under_another_secret_and_signs_the_same(tmp_path: Path) -> None:
    made = DeviceKey.make(tmp_path / "key", SECRET)
    made.keep(tmp_path / "other", bytes(32))
    again = DeviceKey.load(tmp_path / "other", bytes(32))
    assert again.sign_text(b"receipt") == made.sign_text(b"receipt")
