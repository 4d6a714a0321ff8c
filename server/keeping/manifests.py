"""What a folder of backups holds: a manifest for each that was verified, and the files they name."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from server.keeping.refusals import DAMAGED, room_in
from server.keeping.sealing import Opener, Sealer, Tell, sign
from shared.errors import RuleBroken
from shared.schemas import canonical

FORMAT = 1
MANIFEST_BYTES_MAX = 64 * 1024 * 1024
READ_BYTES = 1024 * 1024

BASE = "base"
SECRETS = "secrets"


@dataclass(frozen=True, kw_only=True)
class KeptFile:
    """One sealed file: its place in the folder, and what anybody can check without the key."""

    name: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One verified backup: what it holds, up to when, and in which files."""

    backup_id: str
    chain_id: str
    """The base and the write-ahead log since; each backup of a chain adds to the log."""
    base_at: datetime
    taken_at: datetime
    verified_at: datetime
    commit_number: int
    epoch: str
    migration: str
    system: str
    """The id PostgreSQL gave this database when it was made."""
    timeline: int
    end: int
    """The position in the write-ahead log up to which it is held."""
    clear_bytes: int
    files: tuple[KeptFile, ...]
    key_id: str = ""
    mac: str = ""

    def content(self) -> bytes:
        """Write it in the one form that is authenticated."""
        plain = {**asdict(replace(self, mac="")), "format": FORMAT}
        return canonical(
            {name: v.isoformat() if isinstance(v, datetime) else v for name, v in plain.items()}
        )

    @property
    def size_bytes(self) -> int:
        """Add up what its files take."""
        return sum(file.size_bytes for file in self.files)

    @property
    def name(self) -> str:
        """Name the manifest so that names sort by time."""
        return f"{self.taken_at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}-{self.backup_id[:8]}.json"


class Store:
    """A folder of backups."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder = folder
        self._key = key

    def prepare(self) -> None:
        """Make the folder, closed to others."""
        with room_in(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            (self.folder / "manifests").mkdir(exist_ok=True, mode=0o700)
            (self.folder / "files").mkdir(exist_ok=True, mode=0o700)

    def manifests(self) -> list[Manifest]:
        """Read every manifest, oldest first; one that is not ours or not whole is refused."""
        return [
            self._read(path) for path in sorted((self.folder / "manifests").glob("[0-9]*.json"))
        ]

    def _read(self, path: Path) -> Manifest:
        name = f"manifests/{path.name}"
        try:
            if path.stat().st_size > MANIFEST_BYTES_MAX:
                raise RuleBroken(DAMAGED, file=name)
            manifest = _manifest(json.loads(path.read_bytes()))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise RuleBroken(DAMAGED, file=name) from error
        if manifest.key_id != key_id(self._key):
            raise RuleBroken("backup.wrong_key", folder=str(self.folder))
        if not hmac.compare_digest(manifest.mac, sign(self._key, manifest.content())):
            raise RuleBroken(DAMAGED, file=name)
        return manifest

    def claim(self, system: str) -> list[Manifest]:
        """Give what is held of this office; a folder that another office uses is refused."""
        manifests = self.manifests()
        if any(manifest.system != system for manifest in manifests):
            raise RuleBroken("backup.other_office", folder=str(self.folder))
        return manifests

    def _path(self, name: str) -> Path:
        path = self.folder / "files" / name
        if not path.resolve().is_relative_to((self.folder / "files").resolve()):
            raise RuleBroken(DAMAGED, file=name)
        return path

    def sealer(self, name: str, tell: Tell) -> Sealer:
        """Begin a new sealed file."""
        path = self._path(name)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        path.unlink(missing_ok=True)  # what a backup that was cut short left behind
        return Sealer(path, self._key, name, tell)

    def seal(self, name: str, pieces: Iterable[bytes], tell: Tell) -> KeptFile:
        """Seal a file from its pieces."""
        with room_in(self.folder), self.sealer(name, tell) as sealer:
            for piece in pieces:
                sealer.write(piece)
        return KeptFile(name=name, sha256=sealer.sha256, size_bytes=sealer.size_bytes)

    def verify(self, manifest: Manifest) -> None:
        """Compare every file of a backup with the digest it was written with, before any is used."""
        for file in manifest.files:
            found = hashlib.sha256()
            try:
                with self._path(file.name).open("rb") as opened:
                    for piece in pieces_of(opened):
                        found.update(piece)
            except OSError as error:
                raise RuleBroken(DAMAGED, file=file.name) from error
            if found.hexdigest() != file.sha256:
                raise RuleBroken(DAMAGED, file=file.name)

    def opener(self, file: KeptFile, tell: Tell) -> Opener:
        """Open a file of a manifest."""
        return Opener(self._path(file.name), self._key, file.name, tell)

    def publish(self, manifest: Manifest) -> None:
        """Write the manifest of a verified backup; until its last step there is none."""
        ours = replace(manifest, key_id=key_id(self._key))
        signed = replace(ours, mac=sign(self._key, ours.content()))
        whole = {**json.loads(signed.content()), "mac": signed.mac}
        path = self.folder / "manifests" / manifest.name
        made = path.with_name(f"making-{path.name}")
        with room_in(self.folder):
            with made.open("w") as file:
                json.dump(whole, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            made.rename(path)
            _sync(path.parent)

    def forget(self, kept: int) -> int:
        """Let go of all but the newest backups, and of files no backup names; says how many went."""
        manifests = self.manifests()
        dropped = manifests[:-kept]
        for manifest in dropped:
            (self.folder / "manifests" / manifest.name).unlink()
        self.sweep(manifests[-kept:])
        return len(dropped)

    def sweep(self, manifests: Iterable[Manifest]) -> None:
        """Remove files that no backup names: of dropped ones, or of one that was cut short."""
        named = {file.name for manifest in manifests for file in manifest.files}
        files = self.folder / "files"
        for path in [p for p in files.rglob("*") if p.is_file()]:
            if path.relative_to(files).as_posix() not in named:
                path.unlink()
        for path in (self.folder / "manifests").glob("making-*"):
            path.unlink()
        for path in [p for p in files.iterdir() if p.is_dir() and not any(p.iterdir())]:
            path.rmdir()


def key_id(key: bytes) -> str:
    """Name a key without telling anything of it, so that another key is told from a damaged file."""
    return sign(key, b"key id")[:16]


def pieces_of(file: Any) -> Iterator[bytes]:  # noqa: ANN401 - anything with read
    """Read to the end, a piece at a time."""
    while piece := file.read(READ_BYTES):
        yield piece


def _manifest(said: Mapping[str, Any]) -> Manifest:
    if said["format"] != FORMAT:
        raise ValueError(said["format"])
    values = {f.name: said[f.name] for f in fields(Manifest)}
    for name in ("base_at", "taken_at", "verified_at"):
        values[name] = datetime.fromisoformat(values[name])
    values["files"] = tuple(KeptFile(**file) for file in values["files"])
    return Manifest(**values)


def _sync(folder: Path) -> None:
    """Make a rename outlast a loss of power, where folders can be synced."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
