"""`fieldfare audit` and `fieldfare check audit` as somebody at a terminal meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, text

from server.cli import main
from server.keeping.jobs import THE_OFFICE
from server.spine.tables import ReadRow
from tests.server.audit.conftest import Ledger


@pytest.fixture
def environment(ledger: Ledger, database_url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "FIELDFARE_HOME": str(ledger.root),
        "FIELDFARE_CHECKPOINTS_TO": str(ledger.folder),
    }


def fieldfare(environment: dict[str, str], *arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments], env=environment)


def test_an_export_is_verified_away_from_the_office(
    ledger: Ledger, environment: dict[str, str]
) -> None:
    told = json.loads(fieldfare(environment, "audit", "seal", "--json").stdout)
    assert told["entries"] == told["sealed"] > 10
    assert told["copied_to"] == str(ledger.folder)
    (checkpoint,) = ledger.folder.iterdir()
    path = ledger.root / "export.jsonl"
    assert fieldfare(environment, "audit", "export", path).exit_code == 0
    assert path.stat().st_mode & 0o077 == 0
    with ledger.session() as session:
        who = session.scalars(select(ReadRow.user_id).where(ReadRow.what == "audit.export")).all()
    assert who == [THE_OFFICE]
    away = {"DATABASE_URL": "postgresql://nowhere.invalid/none", "FIELDFARE_HOME": "/nowhere"}
    asked = ("audit", "verify", path, "--checkpoint", checkpoint)
    whole = fieldfare(away, *asked)
    assert (whole.exit_code, whole.stdout[:6]) == (0, "Whole:"), whole.output
    figures = json.loads(fieldfare(away, *asked, "--json").stdout)
    assert figures["whole"] is True
    assert figures["held"] == figures["entries"] == told["entries"]
    wrong_key = fieldfare(away, *asked, "--public-key", "A" * 43, "--json")
    assert (wrong_key.exit_code, json.loads(wrong_key.stdout)["refused"]) == (1, "audit.other_key")
    path.write_bytes(path.read_bytes().replace(b'"OpenPerson"', b'"ShutPerson"'))
    amiss = fieldfare(away, *asked, "--json")
    assert amiss.exit_code == 1
    assert json.loads(amiss.stdout) == {"whole": False, "refused": "audit.broken", "entry": 2}
    assert amiss.stderr.startswith("Entry 2 is not what was sealed")


def test_what_cannot_be_done_at_all_ends_with_two(
    ledger: Ledger, environment: dict[str, str]
) -> None:
    path = ledger.root / "export.jsonl"
    refused = fieldfare(environment, "audit", "export", path)
    assert (refused.exit_code, refused.stderr) == (2, "Nothing has been sealed yet\n")
    assert not path.exists()
    fieldfare(environment, "audit", "seal")
    (checkpoint,) = ledger.folder.iterdir()
    path.write_text("mine")
    assert fieldfare(environment, "audit", "export", path).exit_code == 2
    assert path.read_text() == "mine"
    nowhere = ledger.root / "no" / "folder"
    assert fieldfare(environment, "audit", "export", nowhere).exit_code == 2
    for file, held in ((path, checkpoint), (nowhere, checkpoint), (path, path)):
        asked = ("audit", "verify", file, "--checkpoint", held)
        assert fieldfare(environment, *asked).exit_code == 2


def test_a_headers_export_says_how_many_texts_it_leaves_out(
    ledger: Ledger, environment: dict[str, str]
) -> None:
    fieldfare(environment, "audit", "seal")
    (checkpoint,) = ledger.folder.iterdir()
    path = ledger.root / "headers.jsonl"
    assert fieldfare(environment, "audit", "export", path, "--headers").exit_code == 0
    asked = ("audit", "verify", path, "--checkpoint", checkpoint, "--json")
    figures = json.loads(fieldfare(environment, *asked).stdout)
    assert figures["details"] == 0
    assert figures["withheld"] > 0


def test_sealing_says_that_the_checkpoint_could_not_be_kept_elsewhere(
    ledger: Ledger, environment: dict[str, str]
) -> None:
    ledger.folder.rmdir()
    refused = fieldfare(environment, "audit", "seal", "--json")
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["refused"] == "audit.folder_unwritable"
    ledger.work("Later")
    nowhere = {**environment, "FIELDFARE_CHECKPOINTS_TO": ""}
    assert "kept nowhere else" in fieldfare(nowhere, "audit", "seal").stdout


def test_the_check_of_the_history_ends_with_one_when_a_row_was_changed(
    ledger: Ledger, environment: dict[str, str]
) -> None:
    fieldfare(environment, "audit", "seal")
    whole = fieldfare(environment, "check", "audit")
    assert (whole.exit_code, json.loads(whole.stdout)["whole"]) == (0, True)
    with ledger.behind_its_back() as session:
        session.execute(text("UPDATE command SET outcome = 'refused'"))
    amiss = fieldfare(environment, "check", "audit")
    assert amiss.exit_code == 1
    assert json.loads(amiss.stdout)["refused"] == "audit.row_changed"
