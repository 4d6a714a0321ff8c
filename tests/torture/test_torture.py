"""Fifty processes are killed and nothing is lost or doubled; what is lost, doubled or wrong is found."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import psutil
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from field_client.vault.screens.ids import command_id
from shared.visits import RecordVisit
from tests.server.office import NOW, Office, as_owner, new_id
from tests.server.scenes import assign_case, open_debt, open_person
from tests.torture.counting import Finding, count
from tests.torture.kept import Kept
from tests.torture.run import TARGETS, CannotGoOn, torture
from tests.torture.told import State, Told

ROOT = Path(__file__).parents[2]
KILLS = 50
INTERRUPTED_AFTER = 3
KILLS_MORE = 5
LOOKS = 1_200


def command(home: Path, *arguments: str) -> subprocess.Popen[str]:
    """Give the command as a person does."""
    return subprocess.Popen(
        [sys.executable, "-m", "server", "torture", "--json", *arguments],
        cwd=ROOT,
        env={**os.environ, "FIELDFARE_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def left_running(home: Path) -> list[list[str]]:
    """List the processes whose command names this home."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if any(str(home) in word for word in words):
            found.append(words)
    return found


@pytest.mark.proves("T41")
@pytest.mark.long
@pytest.mark.timeout(1_500)
def test_fifty_kills_lose_nothing_and_double_nothing(home: Path) -> None:
    process = command(home, "--kills", str(KILLS))
    said, _nothing = process.communicate()
    report = json.loads(said.splitlines()[-1])
    assert process.returncode == 0, report["findings"]
    assert (report["lost"], report["doubled"], report["wrong"], report["stuck"]) == (0, 0, 0, 0)
    assert sum(report["by_target"].values()) == report["kills"] == KILLS
    assert report["by_target"].keys() <= TARGETS.keys()
    assert report["told"] > KILLS
    assert report["photographs"] > 0
    assert left_running(home) == []


@pytest.mark.long
@pytest.mark.timeout(1_500)
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_was_interrupted_is_gone_on_with(home: Path, ending: signal.Signals) -> None:
    process = command(home, "--kills", "1000")
    state = home / "torture" / "state.json"
    for _look in range(LOOKS):
        kept = Kept.read(state)
        if kept is not None and kept.kills >= INTERRUPTED_AFTER:
            break
        time.sleep(0.25)
    process.send_signal(ending)
    process.communicate()
    if ending is signal.SIGTERM:
        assert left_running(home) == []
    kept = Kept.read(state)
    assert kept is not None
    kills = kept.kills + KILLS_MORE
    again = command(home, "--kills", str(kills), "--resume")
    said, _nothing = again.communicate()
    report = json.loads(said.splitlines()[-1])
    assert again.returncode == 0, report["findings"]
    assert report["kills"] == kills
    assert left_running(home) == []


def silent(_kills: int, _what: str) -> None:
    """Hear nothing of how far it is."""


def test_a_run_begins_only_where_none_was_interrupted_and_goes_on_only_where_one_was(
    tmp_path: Path,
) -> None:
    with pytest.raises(CannotGoOn, match="without --resume"):
        torture(tmp_path / "none", 1, seed=1, resume=True, tell=silent)
    Kept(seed=1, kills=4, made=True).write(tmp_path / "state.json")
    with pytest.raises(CannotGoOn, match="interrupted after 4 kills"):
        torture(tmp_path, 1, seed=1, resume=False, tell=silent)


# What is lost, doubled or wrong is found


@pytest.fixture
def told(office: Office, tmp_path: Path) -> Told:
    """Give an office in which what an officer was told was saved stands, and what they were told."""
    person = open_person(office, "Jane", "Smith")
    case_id = assign_case(office, person, open_debt(office, person, pence=10_000).debt_id)
    told = Told(tmp_path / "told.jsonl")
    for number in range(3):
        visit_id, mark = new_id(), f"T {number} 1"
        told.means("visit", visit_id, mark, device="device1", case=case_id)
        visit = RecordVisit(
            visit_id=visit_id, case_id=case_id, happened_at=NOW, outcome="no_answer", notes=mark
        )
        order = office.order(visit, command_id=command_id(visit_id, "RecordVisit"))
        office.door.execute(order, now=NOW).raise_if_refused()
        told.ended(visit_id, pictures=0)
    return told


def found(url: str, told: Told) -> list[Finding]:
    engine = create_engine(url, poolclass=NullPool)
    findings = count(engine, told)
    engine.dispose()
    return findings


def do(office: Office, *statements: str) -> None:
    """Alter the office behind its back."""
    with as_owner(office.sessions) as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            session.execute(text(statement))


def test_where_everything_stands_once_nothing_is_found(database_url: str, told: Told) -> None:
    assert found(database_url, told) == []


@pytest.mark.parametrize(
    ("statement", "kind", "what"),
    [
        ("DELETE FROM visit WHERE notes = 'T 1 1'", "lost", "without its effect"),
        (
            (
                "INSERT INTO visit SELECT gen_random_uuid(), case_id, planned_visit_id, officer_id, "
                "happened_at, received_at, outcome, met_person_ids, others_met, notes, flags, review "
                "FROM visit WHERE notes = 'T 1 1'"
            ),
            "doubled",
            "took effect 2 times",
        ),
        ("DELETE FROM change WHERE name = 'VisitRecorded'", "lost", "recorded without a change"),
        ("UPDATE debt SET balance_pence = balance_pence + 1", "wrong", "ledger does not add up"),
        ("UPDATE visit SET outcome = 'moved_away'", "wrong", "field records are stale"),
        (
            (
                "UPDATE command SET outcome = 'quarantined', code = 'command.failed' "
                "WHERE name = 'RecordVisit'"
            ),
            "lost",
            "was set aside",
        ),
        (
            (
                "INSERT INTO photograph SELECT repeat('a', 64), visit_id, case_id, 'premises', 7 "
                "FROM visit WHERE notes = 'T 1 1'"
            ),
            "lost",
            "its bytes never arrived",
        ),
    ],
)
def test_what_is_lost_doubled_or_wrong_is_found(
    office: Office, database_url: str, told: Told, statement: str, kind: str, what: str
) -> None:
    do(office, statement)
    seen = [(each.kind, each.what) for each in found(database_url, told)]
    assert any(each == kind and what in said for each, said in seen), seen


def test_what_somebody_was_told_and_the_office_does_not_know_is_lost(
    database_url: str, told: Told
) -> None:
    for kind in ("visit", "edit", "warning", "plan", "payment", "return", "approve"):
        id_ = new_id()
        told.means(kind, id_, f"T {kind}", device="device1")
        told.ended(id_, pictures=0)
    lost = [each for each in found(database_url, told) if each.kind == "lost"]
    assert len(lost) == 7


def test_what_was_said_not_to_be_saved_and_is_there_is_found(database_url: str, told: Told) -> None:
    (first, *_others) = told.of("visit")
    told.ended(first.id, State.REFUSED)
    assert [each.kind for each in found(database_url, told)] == ["wrong"]


def test_what_was_told_is_read_again_from_disk(told: Told) -> None:
    again = Told(told.path)
    assert [vars(said) for said in again.of("visit")] == [vars(said) for said in told.of("visit")]
    assert again.count(State.TOLD) == 3
    assert again.numbered == 2


def test_every_target_is_drawn() -> None:
    random = Random(1)
    drawn = set(random.choices(list(TARGETS), list(TARGETS.values()), k=400))
    assert drawn == TARGETS.keys()
    assert sum(TARGETS.values()) == 100
