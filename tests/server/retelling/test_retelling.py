"""A case told again from the log is what the screens showed at that time, whatever came after."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text, update

from server.cases.commands import CloseCase, OpenCase
from server.cli import main
from server.retelling.command import rebuild
from server.retelling.folds import ERASED, FOLDS, OUTSIDE
from server.spine.tables import ChangeRow, DetailRow
from shared.commands import Change
from tests.server.office import NOW, Office, new_id
from tests.server.retelling.both_ways import as_it_is_told, as_the_screens_say
from tests.server.retelling.history import History


@pytest.mark.parametrize("seed", range(1, 4))
def test_a_case_told_again_is_what_its_page_showed_then(office: Office, seed: int) -> None:
    history = History(office, random.Random(seed))
    history.begin()
    shown: list[tuple[datetime, str, dict[str, Any]]] = []
    for number in range(90):
        history.step()
        if number % 3 == 0:
            case_id = history.pick(history.cases)
            with office.look() as session:
                said = as_the_screens_say(session, case_id, office.now)
            shown.append((office.now, case_id, said))
    for at, case_id, said in shown:
        with office.look() as session:
            assert as_it_is_told(session, case_id, at) == said, at
    assert len({json.dumps(said) for *_, said in shown}) > 15


def test_history_does_something_of_every_kind(office: Office) -> None:
    """The random history must not prove something about nothing."""
    history = History(office, random.Random(1))
    history.begin()
    for _ in range(400):
        history.step()
    for case_id in history.cases:
        office.ask(CloseCase(case_id=case_id))
    with office.look() as session:
        done = set(session.scalars(select(ChangeRow.name).distinct()))
    never = {
        *("ResidenceEnded", "AccountAmended", "PhotographRecorded", "DetailsCorrected"),
        *("ContactCorrected", "ConflictRaised", "ConflictDecided"),
    }
    assert set(FOLDS) - done == never


def test_every_change_is_told_or_said_to_be_outside() -> None:
    names = {
        change.name
        for change in Change.__subclasses__()
        if not change.__module__.startswith(("server.access", "tests."))
    }
    assert names <= set(FOLDS) | OUTSIDE
    assert not set(FOLDS) & OUTSIDE


def test_erased_text_is_said_to_be_erased(office: Office) -> None:
    history = History(office, random.Random(3))
    history.begin()
    case_id = history.cases[0]
    with office.sessions() as session, session.begin():
        kept = select(ChangeRow.detail_id).where(
            ChangeRow.name == "PersonOpened",
            ChangeRow.line["person_id"].astext == history.people[0],
        )
        session.execute(
            update(DetailRow)
            .where(DetailRow.detail_id.in_(kept))
            .values(body=None, salt=None, erased_at=office.now)
        )
    with office.look() as session:
        known, picture = rebuild(session, case_id, office.now)
    assert picture is not None
    assert picture.name == ERASED
    assert known.erased == 1


def test_before_it_was_opened_there_is_no_case(office: Office) -> None:
    history = History(office, random.Random(3))
    history.begin()
    with office.look() as session:
        known, picture = rebuild(session, history.cases[0], NOW - timedelta(seconds=1))
    assert picture is None
    assert known.not_told == {}


def test_what_was_recorded_only_later_is_left_out_and_counted(office: Office) -> None:
    history = History(office, random.Random(3))
    history.begin()
    person_id, owed = history.people[0], history.owed[0]
    case_id, early = new_id(), NOW - timedelta(days=3)
    office.give(OpenCase(case_id=case_id, person_id=person_id, debt_ids=(owed.debt_id,)), at=early)
    with office.look() as session:
        _, then = rebuild(session, case_id, early)
        _, now = rebuild(session, case_id, office.now)
    assert then is not None
    assert now is not None
    assert (then.debts, then.people, then.recorded_later) == ((), (), 2)
    assert ([debt.debt_id for debt in now.debts], now.recorded_later) == ([owed.debt_id], 0)


def test_a_change_nobody_tells_is_counted_and_not_hidden(office: Office) -> None:
    history = History(office, random.Random(3))
    history.begin()
    case_id = history.cases[0]
    with office.sessions() as session, session.begin():
        session.execute(
            text(
                "INSERT INTO change (command_id, position, name, actor_id, happened_at, recorded_at,"
                " case_ids, account_ids, debt_ids, person_ids, line) SELECT command_id, 9, 'CaseSung',"
                " actor_id, happened_at, recorded_at, case_ids, '{}', '{}', '{}', '{}' FROM change"
                " WHERE name = 'CaseOpened' AND case_ids @> ARRAY[CAST(:case AS uuid)]"
            ),
            {"case": case_id},
        )
    with office.look() as session:
        known, _ = rebuild(session, case_id, office.now)
    assert known.not_told == {"CaseSung": 1}


def test_the_command_says_it_in_words_and_as_json(
    office: Office, database_url: str, tmp_path: Path
) -> None:
    history = History(office, random.Random(5))
    history.begin()
    for _ in range(60):
        history.step()
    case_id = history.cases[0]

    def check(*arguments: str) -> Any:
        environment = {"DATABASE_URL": database_url, "FIELDFARE_HOME": str(tmp_path)}
        return CliRunner().invoke(main, ["check", "case", *arguments], env=environment)

    at = office.now.isoformat()
    done = check(case_id, "--at", at, "--json")
    assert done.exit_code == 0, done.output + repr(done.exception)
    told = json.loads(done.stdout)
    with office.look() as session:
        said = as_the_screens_say(session, case_id, office.now)
    assert told["debts"] == said["debts"]
    assert (told["name"], told["open"], told["erased"]) == (said["name"], said["open"], 0)
    in_words = check(told["reference"].lower(), "--at", at).stdout
    assert f"Case {told['reference']} as it stood on" in in_words
    assert said["name"] in in_words
    assert "Debt: council_tax" in in_words
    early = check(case_id, "--at", "2020-01-01T00:00+00:00")
    assert (early.exit_code, "was not opened yet" in early.stderr) == (1, True)
    unknown = check("C999999")
    assert (unknown.exit_code, "There is no case" in unknown.stderr) == (1, True)
    for wrong in ("yesterday", "2027-03-04T10:00"):
        refused = check(case_id, "--at", wrong)
        assert (refused.exit_code, "Write the time" in refused.stderr) == (2, True)
