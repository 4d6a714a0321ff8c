"""Shows that an import cut off in the middle, in any way, goes on and does nothing twice."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import NullPool, create_engine, text

from server.interop.commands import BeginImport, FinishImport
from server.interop.running import Importer
from server.spine.execute import CHUNK_MAX
from server.spine.jobs import Stopped
from shared.errors import RuleBroken
from tests.server.interop.taking import (
    ask,
    everything,
    figures,
    importer,
    logged,
    quietly,
    take_in,
    written,
)
from tests.server.interop.taking import given as given_file
from tests.server.office import NOW, Office, new_id

ANN = {"Ref": "1", "Payer": "Mrs Ann Marsh", "Bill": "2026", "Owed": "100.00"}
PROGRAM = [sys.executable, "-c", "from server.cli import main; main()"]


class PulledThePlugError(Exception):
    """What a test throws in the middle."""


def many(count: int) -> list[dict[str, str]]:
    return [{**ANN, "Ref": str(n), "Payer": f"Widgets {n % 7} Ltd"} for n in range(count)]


def test_an_import_that_dies_goes_on_where_it_was(office: Office) -> None:
    def die(done: int, total: int) -> None:
        if done > total // 2:
            raise PulledThePlugError

    rows = many(700)
    with pytest.raises(PulledThePlugError):
        importer(office).run(given_file(rows), die)
    half = ask(office, "SELECT count(*) FROM account")[0]
    assert 0 < half < 700
    done = take_in(office, *rows)
    assert figures(done) == (700, 0, 0, 0)
    assert ask(office, "SELECT count(*) FROM import_file") == [1]
    assert ask(office, "SELECT count(*) FROM command WHERE outcome <> 'applied'") == [0]
    assert len(logged(office)) == 2 * (700 * 4 + 7)
    assert figures(take_in(office, *rows)) == (0, 0, 700, 0)


def test_an_import_that_was_stopped_says_so_and_goes_on(office: Office) -> None:
    def stop(_done: int, _total: int) -> None:
        raise Stopped

    rows = many(300)
    with pytest.raises(Stopped):
        importer(office).run(given_file(rows), stop)
    states = "SELECT state, created FROM import_file"
    assert ask(office, states) == [("stopped", 250)]
    assert figures(take_in(office, *rows)) == (300, 0, 0, 0)
    assert ask(office, states) == [("done", 300)]


def test_an_account_too_large_for_one_transaction_is_taken_in_whole(office: Office) -> None:
    rows = [{**ANN, "Bill": str(n)} for n in range(CHUNK_MAX)]
    assert figures(take_in(office, *rows, one_row="debt")) == (CHUNK_MAX, 0, 0, 0)
    assert figures(take_in(office, *rows, one_row="debt")) == (0, 0, CHUNK_MAX, 0)


def test_two_files_at_once_wait_for_one_another(office: Office) -> None:
    def meanwhile(_done: int, _total: int) -> None:
        with pytest.raises(RuleBroken) as refusal:
            take_in(office, {**ANN, "Ref": "2"})
        assert refusal.value.code == "import.another_runs"

    importer(office).run(given_file([ANN]), meanwhile)
    assert figures(take_in(office, {**ANN, "Ref": "2"})) == (1, 0, 0, 0)


def test_an_import_begins_once_and_ends_once_with_figures_that_add_up(office: Office) -> None:
    begin = BeginImport(
        import_id=new_id(),
        sha256="0" * 64,
        file_name="list.csv",
        profile_name="test",
        profile_hash="0" * 64,
        reported_on=NOW.date(),
    )
    office.give(begin)
    assert office.ask(begin).code == "import.exists"
    end = FinishImport(
        import_id=begin.import_id, end="done", read=2, created=1, changed=0, unchanged=0, rejected=0
    )
    assert office.ask(end).code == "import.figures"
    added_up = FinishImport(**{**vars(end), "rejected": 1})
    office.give(added_up)
    assert office.ask(added_up).code == "import.ended"
    assert office.ask(FinishImport(**{**vars(end), "import_id": new_id()})).code == "import.unknown"


def test_a_killed_process_leaves_nothing_to_mend(
    office: Office, database_url: str, tmp_path: Path
) -> None:
    rows = many(1_500)
    (tmp_path / "list.csv").write_bytes(written(rows)[1])
    profile = tmp_path / "profile.toml"
    profile.write_text(PROFILE, encoding="utf-8")
    command = [*PROGRAM, "import", "accounts", str(tmp_path / "list.csv"), "--json"]
    command += ["--profile", str(profile), "--reported-on", "2026-01-02"]
    environment = os.environ | {"DATABASE_URL": database_url, "FIELDFARE_HOME": str(tmp_path)}
    first = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _wait_until_some(database_url)
    first.send_signal(signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    half = ask(office, "SELECT count(*) FROM imported_account")[0]
    assert 0 < half < 1_500
    second = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert second.stdout.splitlines()[-1] == (
        '{"read": 1500, "created": 1500, "changed": 0, "unchanged": 0, "rejected": 0}'
    )
    assert "it was gone on with" in second.stdout
    assert ask(office, "SELECT count(*) FROM command WHERE outcome <> 'applied'") == [0]
    assert ask(office, "SELECT count(*) FROM person") == [7]


PROFILE = """
name = "test"
title = "Test"
source = "Invented"
service = "Revenues"
country = "england"
debt_type = "council_tax"
merge_organisations = "registered"
date_formats = ["YYYY-MM-DD"]

[fields]
account_reference = "Ref"
payer_name = "Payer"
debt_reference = "Bill"
balance = "Owed"
"""


def _wait_until_some(database_url: str) -> None:
    engine = create_engine(database_url, poolclass=NullPool)
    until = time.monotonic() + 60
    with engine.connect() as connection:
        while time.monotonic() < until:
            if connection.scalar(text("SELECT count(*) > 100 FROM imported_account")):
                return
            connection.rollback()
            time.sleep(0.02)
    pytest.fail("nothing was taken in")


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "Ref": st.sampled_from(["1", "2", "3", "0 04", "=5", ""]),
            "Bill": st.sampled_from(["A", "B", ""]),
            "Payer": st.sampled_from(
                ["", "Mrs Ann Marsh", "Widgets Ltd", "WIDGETS LIMITED", "Mr P & Mrs O Finch"]
            ),
            "Payer ref": st.sampled_from(["", "", "P1", "P2"]),
            "From": st.sampled_from(["", "2024-01-01", "2026-05-01", "no date"]),
            "Owed": st.sampled_from(["", "1", "250.50", "-3.00", "lots"]),
            "Stop": st.sampled_from(["", "", "Dispute"]),
            "Write to": st.sampled_from(["", "1 Mill Race", "2 Mill Race"]),
        }
    ),
    min_size=1,
    max_size=8,
)


FILES = st.lists(st.tuples(ROWS, st.sampled_from(["account", "debt"])), max_size=3)


def test_whatever_a_file_says_its_rows_add_up_and_again_it_says_nothing(office: Office) -> None:
    services = itertools.count(1)

    @settings(max_examples=25, deadline=None, derandomize=True)
    @given(files=FILES)
    def check(files: list[tuple[list[dict[str, str]], str]]) -> None:
        service = f"Service {next(services)}"
        for rows, one_row in files:
            how = {"one_row": one_row, "service": service}
            told = importer(office).check(given_file(rows, **how), quietly)
            done = take_in(office, *rows, **how)
            assert figures(told) == figures(done)
            before, lines = everything(office), logged(office)
            created, changed, _unchanged, rejected = figures(take_in(office, *rows, **how))
            assert (created, changed, rejected) == (0, 0, done.tally.rejected)
            assert everything(office) == before
            assert logged(office) == lines

    check()


def test_only_one_who_may_takes_files_in(office: Office) -> None:
    actor = importer(office).actor
    without = Importer(
        import_id=new_id(),
        door=office.door,
        actor=type(actor)(user_id=actor.user_id, permissions=frozenset()),
        clock=lambda: NOW,
    )
    with pytest.raises(RuleBroken) as refusal:
        without.run(given_file([ANN]), quietly)
    assert refusal.value.code == "authority.lacking"
