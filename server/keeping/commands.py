"""`fieldfare backup` and `fieldfare restore`: taken and proved, restored and said where it stands."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

import click

from server.app import house
from server.config import Config
from server.keeping.jobs import store_of
from server.keeping.keys import make_key
from server.keeping.manifests import Manifest, Store
from server.keeping.restoring import Asked, restore
from server.keeping.taking import Wanted, take
from server.serving import owned_database
from server.spine import clock
from shared.errors import RuleBroken

REFUSED = 2
"""How the commands end when what was asked cannot be done."""

SILENT_SECONDS = 2.0
"""How long something may take before it is worth a progress bar."""

BAR_CHARACTERS = 30

_folder = click.Path(file_okay=False, path_type=Path)
_file = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--to", type=_folder, help="The folder it goes to, else FIELDFARE_BACKUP_TO.")
@click.option("--key", type=_file, help="The file with its key, else FIELDFARE_BACKUP_KEY.")
@click.option("--base", is_flag=True, help="Copy everything anew, although the log would do.")
@click.option("--new-key", type=_file, help="Only make a key, in this file.")
@click.option("--json", "as_json", is_flag=True, help="End with one line of JSON.")
@click.pass_obj
def backup(config: Config, /, **asked: object) -> None:
    """Take a backup, restore it to scratch, check it, and only then say that it counts."""
    with _refusing(as_json=bool(asked["as_json"])):
        if isinstance(asked["new_key"], Path):
            make_key(asked["new_key"])
            click.echo(
                f"A new backup key is in {asked['new_key']}. Copy it to two safe places: "
                "without it no backup can be opened, by anybody."
            )
            return
        store = opened(config, _path(asked["to"]), _path(asked["key"]))
        with owned_database(config) as url, Bar("Backing up") as bar:
            wanted = Wanted(
                home=config.home,
                store=store,
                kept=config.backups_kept,
                house=house(),
                clock=clock.now,
                new_id=clock.new_id,
                fresh=bool(asked["base"]),
                tell=bar.tell,
            )
            manifest = take(wanted, url)
        _say_taken(manifest, store.folder, as_json=bool(asked["as_json"]))


def opened(config: Config, folder: Path | None, key: Path | None) -> Store:
    """Open the folder of backups with its key; what is not said is read from the settings."""
    return store_of(
        replace(
            config,
            backup_to=folder.absolute() if folder else config.backup_to,
            backup_key=key.absolute() if key else config.backup_key,
        )
    )


def _say_taken(manifest: Manifest, folder: Path, *, as_json: bool) -> None:
    if as_json:
        figures = {
            "backup_id": manifest.backup_id,
            "verified": True,
            "commit_number": manifest.commit_number,
            "epoch": manifest.epoch,
            "taken_at": manifest.taken_at.isoformat(),
            "verified_at": manifest.verified_at.isoformat(),
            "base": manifest.chain_id == manifest.backup_id,
            "size_bytes": manifest.size_bytes,
            "manifest": str(folder / "manifests" / manifest.name),
        }
        click.echo(json.dumps(figures))
        return
    click.echo(
        f"Verified: a restore of this backup stands at commit {manifest.commit_number}, as of "
        f"{manifest.taken_at:%d %B %Y %H:%M:%S} UTC. It is in {folder}."
    )


@click.command("restore")
@click.option("--from", "source", type=_folder, help="The folder of backups.")
@click.option("--key", type=_file, help="The file with their key.")
@click.option("--at", default="LATEST", show_default=True, help="LATEST, or a time with its zone.")
@click.option("--into", type=_folder, help="The new home, else FIELDFARE_HOME.")
@click.pass_obj
def restore_command(
    config: Config, /, source: Path | None, key: Path | None, at: str, into: Path | None
) -> None:
    """Restore a backup into an empty home; devices notice, and offer what it does not hold."""
    with _refusing(as_json=True), Bar("Restoring") as bar:
        if config.database_url and into is None:
            raise RuleBroken("restore.elsewhere")
        store = opened(config, source, key)
        asked = Asked(
            home=(into or config.home).absolute(),
            house=house(),
            clock=clock.now,
            new_id=clock.new_id,
            at=read_moment(at),
            tell=bar.tell,
        )
        restored = restore(store, asked)
    click.echo(json.dumps(asdict(restored)))
    if restored.promised > restored.commit_number:
        click.echo(
            f"Devices may have let go of what commits {restored.commit_number + 1} to "
            f"{restored.promised} held: they were told that a backup holds them. Restore LATEST "
            "unless you know why not.",
            err=True,
        )


def read_moment(written: str) -> datetime | None:
    """Read a moment, which needs its zone because an hour matters here; LATEST is none."""
    if written.upper() == "LATEST":
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as error:
        raise RuleBroken("restore.no_time") from error
    if moment.tzinfo is None:
        raise RuleBroken("restore.no_time")
    return moment


def _path(value: object) -> Path | None:
    return value if isinstance(value, Path) else None


@contextmanager
def _refusing(*, as_json: bool) -> Iterator[None]:
    """End with one sentence, and for programs its code."""
    try:
        yield
    except RuleBroken as refusal:
        if as_json:
            click.echo(json.dumps({"verified": False, "refused": refusal.code}))
        click.echo(refusal.sentence(), err=True)
        sys.exit(REFUSED)


@dataclass
class Bar:
    """A progress bar that appears once something has taken longer than a moment."""

    label: str
    wait: Callable[[], float] = time.monotonic
    _began: float = field(default=0.0, init=False)
    _shown: int = field(default=-1, init=False)

    def __enter__(self) -> Bar:
        self._began = self.wait()
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown >= 0:
            click.echo("", err=True)

    def tell(self, done: int, total: int) -> None:
        """Show how far it is, on the one line it has."""
        percent = 100 * done // max(total, 1)
        if percent == self._shown or self.wait() - self._began < SILENT_SECONDS:
            return
        self._shown = percent
        filled = "#" * (BAR_CHARACTERS * percent // 100)
        click.echo(
            f"\r{self.label}  [{filled:<{BAR_CHARACTERS}}] {percent:3d}%", err=True, nl=False
        )
