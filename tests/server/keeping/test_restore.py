"""A restore stands exactly where its backup stood, says so, and lets devices notice."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from server.accounts.ledger import check_ledger
from server.app import house
from server.audit.verifying import verify
from server.keeping.manifests import Manifest
from server.keeping.records import RESTORED, told
from server.keeping.restoring import choose
from server.spine import clock
from server.spine.postgres import EmbeddedPostgres
from server.spine.projections import check_all
from server.spine.settings import setting
from shared.errors import RuleBroken
from tests.server.audit.conftest import Ledger
from tests.server.keeping.conftest import Premises
from tests.server.keeping.test_backup import ROOT, fieldfare, wait_until
from tests.server.scenes import open_person


@pytest.mark.proves("T44")
def test_a_restore_stands_at_the_backups_commit_under_a_new_epoch(premises: Premises) -> None:
    (premises.home / "secrets").mkdir(mode=0o700)
    (premises.home / "secrets" / "receipts").write_bytes(b"the office's own")
    (premises.home / "secrets" / "cookies").write_bytes(b"made anew")
    premises.case("Osgood")
    manifest = premises.backup()
    premises.case("Later")
    old_epoch = premises.head().epoch
    restored = premises.restore()
    assert restored.commit_number == manifest.commit_number < premises.head().commit_number
    assert restored.epoch != restored.epoch_before == old_epoch
    with EmbeddedPostgres(premises.root / "restored") as server:
        url = server.url("fieldfare")
        head = premises.head(url)
        assert (head.commit_number, head.epoch) == (manifest.commit_number, restored.epoch)
        assert head.durable_commit_number <= head.commit_number
        with premises.sessions(url)() as session:
            assert check_ledger(session).clean
            assert check_all(session, house()) == (1, 0)
            why = told(str(setting(session, RESTORED)))
            assert (why.backup_id, why.before) == (manifest.backup_id, old_epoch)
            assert why.stands_at == manifest.taken_at < why.at
        open_person(premises.office(url), "Grace", "Goes-On")
    assert (premises.root / "restored/secrets/receipts").read_bytes() == b"the office's own"
    assert not (premises.root / "restored/secrets/cookies").exists()
    assert (premises.root / "restored/secrets").stat().st_mode & 0o066 == 0


def test_the_sealed_history_goes_on_in_a_restored_office_and_says_so(premises: Premises) -> None:
    premises.case("Osgood")
    history = Ledger(premises.office(), premises.home, clock.now())
    history.sealed()
    manifest = premises.backup()
    premises.case("Lost")
    lost = history.sealed()
    restored = premises.restore()
    home = premises.root / "restored"
    with EmbeddedPostgres(home) as server:
        again = Ledger(premises.office(server.url("fieldfare")), home, clock.now())
        assert again.key.public == history.key.public
        for path in history.folder.iterdir():
            (again.folder / path.name).write_bytes(path.read_bytes())
        again.work("Goes-On")
        signed = again.sealed()
        said = next(header for header in again.headers() if header["what"] == "restored")
        assert (said["epoch_before"], said["epoch"]) == (restored.epoch_before, restored.epoch)
        assert said["backup_id"] == manifest.backup_id
        found = again.check()
        assert (found.held, found.superseded) == (signed.entries, 1)
        with pytest.raises(RuleBroken, match=r"audit\.restored_since"):
            verify(again.exported(), [lost])
        assert verify(again.exported(), [signed]).held == signed.entries


def test_a_restore_to_a_moment_holds_what_was_done_before_it_and_nothing_after(
    premises: Premises,
) -> None:
    premises.backup()
    premises.case("Before")
    before = premises.head().commit_number
    time.sleep(0.05)
    at = clock.now()
    time.sleep(0.05)
    premises.case("After")
    premises.backup()
    restored = premises.restore(at=at)
    assert restored.commit_number == before < premises.head().commit_number
    assert restored.promised == premises.head().durable_commit_number > before


def test_the_restored_office_is_backed_up_again_from_a_new_base(premises: Premises) -> None:
    premises.case()
    first = premises.backup()
    premises.restore()
    with EmbeddedPostgres(premises.root / "restored") as server:
        moved = Premises(premises.root, server.url("fieldfare"))
        again = moved.backup(home=premises.root / "restored")
        assert again.timeline > first.timeline
        assert again.chain_id != first.chain_id
        assert again.commit_number == moved.head().durable_commit_number


def test_a_restore_never_writes_over_anything(premises: Premises) -> None:
    premises.backup()
    refused = fieldfare(premises, "restore")
    assert refused.exit_code == 2
    assert "name a new folder with --into" in refused.stderr
    with pytest.raises(RuleBroken, match=r"restore\.not_empty"):
        premises.restore("keys")


@pytest.mark.long
def test_a_restore_killed_in_the_middle_leaves_nothing_and_is_begun_again(
    premises: Premises,
) -> None:
    premises.case()
    manifest = premises.backup()
    making = premises.root / "drill.restoring"
    for reached in ("postgres/data/PG_VERSION", "postgres/data/postmaster.pid"):
        process = subprocess.Popen(
            [sys.executable, "-m", "server", "restore", "--into", str(premises.root / "drill")],
            cwd=ROOT,
            env=premises.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until((making / reached).exists)
        process.kill()
        process.wait()
        assert not (premises.root / "drill").exists()
    assert premises.restore("drill").commit_number == manifest.commit_number
    assert not making.exists()


@pytest.mark.proves("T46")
def test_a_flipped_byte_anywhere_is_refused_and_leaves_nothing(premises: Premises) -> None:
    premises.case()
    manifest = premises.backup()
    chance = random.Random(46)
    paths = [premises.folder / "files" / file.name for file in manifest.files]
    paths.append(premises.folder / "manifests" / manifest.name)
    for path in paths:
        body = path.read_bytes()
        places = {0, len(body) - 2, *(chance.randrange(len(body)) for _ in range(4))}
        for place in sorted(places):
            path.write_bytes(body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :])
            assert_refused(premises)
        path.write_bytes(body[: len(body) // 2])
        assert_refused(premises)
        path.unlink()
        assert_refused(premises)
        path.write_bytes(body)
    assert premises.restore().commit_number == manifest.commit_number


def assert_refused(premises: Premises) -> None:
    with pytest.raises(RuleBroken) as refusal:
        premises.restore()
    assert refusal.value.code in {"backup.damaged", "backup.wrong_key", "restore.nothing"}
    assert not list(premises.root.glob("restored*"))


def test_the_command_restores_and_says_where_it_stands(premises: Premises) -> None:
    premises.case()
    manifest = premises.backup()
    into = premises.root / "drill"
    done = fieldfare(premises, "restore", "--into", str(into))
    assert done.exit_code == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["commit_number"] == manifest.commit_number
    assert said["epoch"] != said["epoch_before"] == manifest.epoch
    assert said["home"] == str(into)
    for moment, sentence in (
        ("2001-01-01T00:00+00:00", "No backup reaches back"),
        ("2101-01-01T00:00+00:00", "The last backup is of"),
        ("yesterday", "Write the time with its day and zone"),
        ("2027-01-01T00:00", "Write the time with its day and zone"),
    ):
        refused = fieldfare(premises, "restore", "--into", f"{into}2", "--at", moment)
        assert refused.exit_code == 2
        assert sentence in refused.stderr
    assert not Path(f"{into}2").exists()


def test_a_moment_between_two_chains_is_refused_with_both_ends(premises: Premises) -> None:
    store = premises.store
    store.prepare()
    assert_code("restore.nothing", premises, None)
    noon = datetime.fromisoformat("2027-03-04T12:00+00:00")
    for hours, chain in ((0, "a"), (5, "b"), (6, "b")):
        base_at = noon if chain == "a" else noon + timedelta(hours=4)
        store.publish(made(noon + timedelta(hours=hours), chain, base_at))
    assert choose(store, None).taken_at == noon + timedelta(hours=6)
    assert choose(store, noon + timedelta(hours=5.5)).taken_at == noon + timedelta(hours=6)
    assert choose(store, noon + timedelta(hours=4.5)).taken_at == noon + timedelta(hours=5)
    assert_code("restore.between", premises, noon + timedelta(hours=2))
    assert_code("restore.too_early", premises, noon - timedelta(hours=2))
    assert_code("restore.too_late", premises, noon + timedelta(hours=7))


def assert_code(code: str, premises: Premises, at: datetime | None) -> None:
    with pytest.raises(RuleBroken) as refusal:
        choose(premises.store, at)
    assert refusal.value.code == code
    assert refusal.value.sentence()


def made(taken_at: datetime, chain_id: str, base_at: datetime) -> Manifest:
    return Manifest(
        backup_id=f"{taken_at:%H}" * 4,
        chain_id=chain_id,
        base_at=base_at,
        taken_at=taken_at,
        verified_at=taken_at,
        commit_number=1,
        epoch="e",
        migration="0001",
        system="1",
        timeline=1,
        end=1,
        clear_bytes=1,
        files=(),
    )
