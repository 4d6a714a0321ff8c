"""What the vault costs is measured on a real vault and on a plain file that holds the same."""

from __future__ import annotations

import json

from click.testing import CliRunner

from field_client.made_records import KINDS
from field_client.measured_vault import Measuring, kinds
from server.cli import main

STEPS = ["insert", "unlock", "lookup", "index", "search"]


def test_every_step_of_the_vault_stands_beside_plain_sqlite() -> None:
    ended = CliRunner().invoke(
        main, ["bench", "vault", "--rows", "70", "--json"], catch_exceptions=False
    )
    said = json.loads(ended.stdout)
    assert ended.exit_code == 0
    assert said["rows"] == 70
    assert list(said["steps"]) == list(said["raw"]) == STEPS
    for figures in (*said["steps"].values(), *said["raw"].values()):
        assert figures["ms"] > 0
        assert figures["rounds"] == 5
    assert said["bytes"]["vault"] > 0
    assert said["bytes"]["plain"] > 0


def test_without_json_it_is_a_table_for_a_person() -> None:
    ended = CliRunner().invoke(main, ["bench", "vault", "--rows", "7"], catch_exceptions=False)
    assert [line.split()[0] for line in ended.stdout.splitlines()[-5:]] == STEPS


def test_fewer_rows_than_a_case_has_are_refused() -> None:
    ended = CliRunner().invoke(main, ["bench", "vault", "--rows", str(len(KINDS) - 1)])
    assert ended.exit_code == 2
    assert "--rows" in ended.output


def test_both_files_hold_the_same_and_only_one_can_be_read_without_a_key(tmp_path) -> None:
    measuring = Measuring(folder=tmp_path, rows=21)
    told = measuring.records[0].record_id.encode()
    held, readable = {}, {}
    for kind in kinds():
        (tmp_path / kind.name).mkdir()
        store = kind.make(tmp_path / kind.name)
        measuring.insert(store)
        held[kind.name] = store.total()
        store.close()
        files = (tmp_path / kind.name).iterdir()
        readable[kind.name] = any(told in file.read_bytes() for file in files)
    assert held["vault"] == held["plain"]
    assert held["vault"].records == 21
    assert readable == {"vault": False, "plain": True}
