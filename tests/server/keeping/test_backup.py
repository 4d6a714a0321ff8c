"""A backup counts once it was restored: what it holds, what it promises, and what it never does."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from server.cli import main
from server.keeping import taking
from server.keeping.keys import make_key
from server.keeping.manifests import Store
from server.keeping.source import connected
from server.keeping.tables import BackupRow
from shared.errors import RuleBroken
from tests.server.keeping.conftest import Premises

ROOT = Path(__file__).parents[3]


def rows(premises: Premises) -> list[BackupRow]:
    with premises.sessions()() as session:
        found = list(session.scalars(select(BackupRow).order_by(BackupRow.began_at)))
        session.expunge_all()
        return found


def fieldfare(premises: Premises, *arguments: str) -> Result:
    """Give a command as somebody at the office's machine does."""
    environment: dict[str, str | None] = {**premises.environment, "DATABASE_URL": None}
    return CliRunner().invoke(main, arguments, env=environment)


def test_a_verified_backup_moves_the_watermark_to_the_commit_it_holds(premises: Premises) -> None:
    premises.case()
    assert premises.head().durable_commit_number == 0
    manifest = premises.backup()
    head = premises.head()
    assert head.commit_number > 0
    assert manifest.commit_number == head.commit_number == head.durable_commit_number
    assert head.durable_at is not None
    assert head.durable_at < manifest.taken_at - timedelta(minutes=9)
    (row,) = rows(premises)
    assert (row.state, row.kind, row.commit_number) == ("verified", "base", head.commit_number)
    assert row.size_bytes == manifest.size_bytes


def test_the_second_backup_adds_only_the_log_since_the_first(premises: Premises) -> None:
    first = premises.backup()
    premises.case()
    second = premises.backup()
    assert second.chain_id == first.chain_id
    new = {file.name for file in second.files} - {file.name for file in first.files}
    assert all("/" in name or name.startswith("secrets-") for name in new)
    assert f"{first.chain_id}/base" not in new
    assert second.commit_number == premises.head().durable_commit_number > first.commit_number
    assert [row.kind for row in rows(premises)] == ["base", "log"]


@pytest.mark.long
def test_a_lost_log_or_a_week_makes_the_next_backup_a_base(premises: Premises) -> None:
    first = premises.backup()
    premises.case()
    with connected(premises.url) as source:
        source.close_segment()
        source._connection.execute("CHECKPOINT")
        source.keep_from_now()
    second = premises.backup()
    assert second.chain_id != first.chain_id
    later = premises.backup(clock=lambda: second.taken_at + timedelta(days=8))
    assert later.chain_id not in {first.chain_id, second.chain_id}


@pytest.mark.long
def test_only_so_many_backups_are_kept_and_their_files_with_them(premises: Premises) -> None:
    bases = [premises.backup(fresh=True, kept=2) for _ in range(3)]
    held = premises.store.manifests()
    assert [m.backup_id for m in held] == [m.backup_id for m in bases[1:]]
    folders = {p.name for p in (premises.folder / "files").iterdir() if p.is_dir()}
    assert folders == {m.chain_id for m in bases[1:]}
    premises.store.verify(held[0])


def test_nothing_readable_is_left_in_the_folder_of_backups(premises: Premises) -> None:
    premises.case("Quarrington")
    (premises.home / "secrets").mkdir()
    (premises.home / "secrets" / "receipts").write_text("Quarrington")
    premises.backup()
    for path in premises.folder.rglob("*"):
        assert path.is_dir() or b"Quarrington" not in path.read_bytes()
        assert not path.stat().st_mode & 0o077 or path.parent.stat().st_mode & 0o077 == 0
    assert not list((premises.home / "keeping").glob("scratch*"))


@pytest.mark.long
def test_a_backup_killed_in_the_middle_leaves_the_watermark_and_the_next_one_is_whole(
    premises: Premises,
) -> None:
    premises.case()
    before = premises.backup().commit_number
    premises.case()
    for reached in ("base", "scratch"):
        process = subprocess.Popen(
            [sys.executable, "-m", "server", "backup", "--base"],
            cwd=ROOT,
            env=premises.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: is_reached(premises, reached))  # noqa: B023 - awaited at once
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert premises.head().durable_commit_number == before
        assert len(premises.store.manifests()) == 1
    manifest = premises.backup()
    assert premises.head().durable_commit_number == manifest.commit_number > before
    assert [row.code for row in rows(premises)] == [None, "backup.cut", "backup.cut", None]
    named = {m.chain_id for m in premises.store.manifests()}
    assert {p.name for p in (premises.folder / "files").iterdir() if p.is_dir()} == named


def is_reached(premises: Premises, what: str) -> bool:
    if what == "base":
        return len(list((premises.folder / "files").glob("*/base"))) == 2
    return any(premises.home.glob("keeping/scratch/*/postgres/data/PG_VERSION"))


def wait_until(holds: object, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    assert callable(holds)
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def small_disk(premises: Premises) -> Iterator[Path]:
    """Put the folder of backups on a disk of 3 MB."""
    premises.folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(premises.folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("only root can mount a small disk")
    yield premises.folder
    subprocess.run(["umount", str(premises.folder)], check=True)


@pytest.mark.usefixtures("small_disk")
def test_a_full_disk_is_said_and_publishes_nothing(premises: Premises) -> None:
    premises.case()
    done = fieldfare(premises, "backup", "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout) == {"verified": False, "refused": "backup.no_room"}
    assert "There is no room left in" in done.stderr
    assert "Traceback" not in done.stderr
    assert premises.head().durable_commit_number == 0
    assert premises.store.manifests() == []
    assert [row.code for row in rows(premises)] == ["backup.no_room"]


def test_no_room_to_unpack_is_said_before_anything_is_written(
    premises: Premises, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(premises.root)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=1000))
    with pytest.raises(RuleBroken, match=r"backup\.no_room"):
        premises.backup()
    assert premises.head().durable_commit_number == 0


def test_a_backup_that_does_not_come_back_whole_is_not_published(premises: Premises) -> None:
    premises.case()
    with premises.sessions()() as session, session.begin():
        session.connection().exec_driver_sql("UPDATE debt SET balance_pence = balance_pence + 1")
    with pytest.raises(RuleBroken, match=r"backup\.incomplete.*check ledger"):
        premises.backup()
    assert premises.head().durable_commit_number == 0
    assert premises.store.manifests() == []


@pytest.mark.proves("T46")
@pytest.mark.long
def test_twenty_places_damaged_on_the_disk_are_found_before_the_watermark_moves(
    premises: Premises,
) -> None:
    premises.case()
    chance = random.Random(46)
    for _ in range(20):
        harmed: list[Path] = []

        def harm(_done: int, _total: int, harmed: list[Path] = harmed) -> None:
            """Turn one bit of what is written already, once the log is being written."""
            written = sorted((premises.folder / "files").glob("*/*"))
            if harmed or len(written) < 3:
                return
            path = chance.choice(written[:-1])
            body = bytearray(path.read_bytes())
            body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
            path.write_bytes(body)
            harmed.append(path)

        with pytest.raises(RuleBroken, match=r"backup\.damaged"):
            premises.backup(fresh=True, tell=harm)
        assert harmed
        assert premises.head().durable_commit_number == 0
        assert premises.store.manifests() == []
    assert premises.backup().commit_number == premises.head().durable_commit_number > 0


def test_a_damaged_backup_is_found_by_the_next_one_which_then_takes_a_base(
    premises: Premises,
) -> None:
    first = premises.backup()
    base = premises.folder / "files" / first.files[0].name
    body = bytearray(base.read_bytes())
    body[len(body) // 2] ^= 1
    base.write_bytes(body)
    with pytest.raises(RuleBroken, match=r"backup\.damaged"):
        premises.backup()
    again = premises.backup()
    assert again.chain_id != first.chain_id
    premises.store.verify(again)


def test_two_backups_at_once_are_one(premises: Premises) -> None:
    with taking._alone(premises.home):
        refused = subprocess.run(
            [sys.executable, "-m", "server", "backup"],
            cwd=ROOT,
            env=premises.environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    assert (refused.returncode, refused.stderr) == (
        2,
        "Another backup is running: wait until it has ended\n",
    )


def test_the_folder_of_another_office_is_refused(premises: Premises) -> None:
    manifest = premises.backup()
    with pytest.raises(RuleBroken, match=r"backup\.other_office"):
        premises.store.claim("1" + manifest.system)


def test_another_key_opens_nothing(premises: Premises) -> None:
    premises.backup()
    premises.key.rename(premises.key.with_name("old"))
    make_key(premises.key)
    with pytest.raises(RuleBroken, match=r"backup\.wrong_key"):
        premises.backup()
    with pytest.raises(RuleBroken, match=r"backup\.wrong_key"):
        premises.restore()


def test_a_server_of_another_make_is_refused_in_one_sentence(premises: Premises) -> None:
    with premises.sessions()() as session, session.begin():
        session.connection().exec_driver_sql("CREATE ROLE county SUPERUSER LOGIN")
    foreign = premises.url.replace("//fieldfare@", "//county@")
    with pytest.raises(RuleBroken, match=r"backup\.not_ours"):
        taking.take(premises.wanted(), foreign)


def test_a_role_that_may_not_replicate_is_told_so_and_one_that_may_is_enough(
    premises: Premises,
) -> None:
    premises.case()

    def as_county(*statements: str) -> None:
        url = premises.url.replace("//fieldfare@", "//county@")
        with premises.sessions(url)() as session, session.begin():
            for statement in statements:
                session.connection().exec_driver_sql(statement)

    with premises.sessions()() as session, session.begin():
        session.connection().exec_driver_sql("CREATE ROLE county SUPERUSER LOGIN")
    as_county(
        "ALTER ROLE fieldfare RENAME TO landlord",
        "CREATE ROLE fieldfare LOGIN",
        "ALTER DATABASE fieldfare OWNER TO fieldfare",
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO fieldfare",
    )
    with pytest.raises(RuleBroken, match=r"backup\.no_access"):
        premises.backup()
    as_county("ALTER ROLE fieldfare REPLICATION")
    with pytest.raises(RuleBroken, match=r"backup\.no_access"):
        premises.backup()
    assert premises.head().durable_commit_number == 0
    as_county("GRANT EXECUTE ON FUNCTION pg_switch_wal() TO fieldfare")
    assert premises.backup().commit_number == premises.head().durable_commit_number > 0
    as_county("ALTER ROLE fieldfare RENAME TO tenant", "ALTER ROLE landlord RENAME TO fieldfare")


def test_a_server_named_by_its_url_is_backed_up_like_the_homes_own(premises: Premises) -> None:
    premises.case()
    environment = {
        **premises.environment,
        "DATABASE_URL": premises.url,
        "FIELDFARE_HOME": str(premises.root / "elsewhere"),
    }
    done = CliRunner().invoke(main, ["backup", "--json"], env=environment)
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["commit_number"] == premises.head().durable_commit_number
    refused = CliRunner().invoke(main, ["restore"], env=environment)
    assert (refused.exit_code, "DATABASE_URL" in refused.stderr) == (2, True)


def test_the_command_says_what_it_took_and_what_it_lacks(premises: Premises) -> None:
    premises.case()
    done = fieldfare(premises, "backup", "--json")
    assert done.exit_code == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["verified"] is True
    assert said["commit_number"] == premises.head().durable_commit_number
    assert Path(said["manifest"]).is_file()
    in_words = fieldfare(premises, "backup")
    assert "Verified: a restore of this backup stands at commit" in in_words.stdout
    premises.key.chmod(0o644)
    refused = fieldfare(premises, "backup")
    assert refused.exit_code == 2
    assert "chmod 600" in refused.stderr


def test_a_folder_whose_manifest_was_changed_is_refused(premises: Premises) -> None:
    manifest = premises.backup()
    path = premises.folder / "manifests" / manifest.name
    said = json.loads(path.read_text())
    for change in ({"commit_number": 99}, {"format": 2}, {"files": []}, {"mac": "0" * 64}):
        path.write_text(json.dumps(said | change))
        with pytest.raises(RuleBroken, match=r"backup\.damaged"):
            premises.store.manifests()
    path.write_text(json.dumps(said)[:-5])
    with pytest.raises(RuleBroken, match=r"backup\.damaged"):
        Store(premises.folder, premises.store._key).manifests()
