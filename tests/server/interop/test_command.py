"""Shows `fieldfare import` as somebody types it: its figures, its refusals, and how it ends."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.cli import main
from server.interop.profile_files import load
from server.interop.profiles import Profile
from tests.server.interop.taking import SAMPLE, ask
from tests.server.office import Office

PROGRAM = [sys.executable, "-c", "from server.cli import main; main()", "import"]
NOBODY = "Account ref,Payer,Balance\n1,,5\n"
KNOWN = ("--profile", "guess", "--debt-type", "sundry")


@pytest.fixture
def run(database_url: str, tmp_path: Path):
    """Run the command against this test's database."""

    def run(*arguments: str, told: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PROGRAM, *arguments],
            env=os.environ | {"DATABASE_URL": database_url, "FIELDFARE_HOME": str(tmp_path)},
            input=told,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def last_line(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    return json.loads(done.stdout.splitlines()[-1])


def test_the_sample_is_taken_in_from_the_command_line(run, office: Office, tmp_path: Path) -> None:
    sample = ("accounts", str(SAMPLE), "--profile", "sample-accounts", "--json")
    trial = run(*sample, "--dry-run")
    figures = {"read": 60, "created": 44, "changed": 0, "unchanged": 0, "rejected": 16}
    assert (trial.returncode, last_line(trial)) == (0, figures)
    assert ask(office, "SELECT count(*) FROM import_file") == [0]
    rejects = tmp_path / "rejects.csv"
    first = run(*sample, "--rejects", str(rejects))
    assert (first.returncode, last_line(first)) == (0, figures)
    assert "Nobody" not in first.stdout
    assert "Taking in" in first.stderr
    assert _said(trial) == _said(first)
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][:3] == ["Line in the file", "Why it was not taken", "Account Ref"]
    assert len(rows) == 17
    again = run(*sample)
    assert last_line(again) == figures | {"created": 0, "unchanged": 44}
    assert "This very file was taken in before" in again.stdout


def _said(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Give why rows were turned away, which a trial and the real thing say alike."""
    lines = done.stdout.splitlines()
    return lines[
        lines.index("Why rows were not taken:") : lines.index("Columns that were not read: Notes")
    ]


@pytest.mark.parametrize(
    ("content", "options", "sentence"),
    [
        ("", ("--profile", "guess"), "The file is empty"),
        (
            "<!doctype html>",
            ("--profile", "guess"),
            "No profile can be guessed: This is a web page",
        ),
        (NOBODY, ("--profile", "no-such"), "There is no profile called “no-such”"),
        (NOBODY, ("--profile", "guess"), "Nothing tells which debt type"),
        (NOBODY, (*KNOWN, "--sum", "much"), "Enter an amount such as 1,234.50"),
        (NOBODY, ("--profile", "{own}"), "my-own"),
    ],
)
def test_what_cannot_be_used_is_refused_before_the_office_opens(
    tmp_path: Path, content: str, options: tuple[str, ...], sentence: str
) -> None:
    path, own = tmp_path / "list.csv", tmp_path / "own.toml"
    path.write_text(content, encoding="utf-8")
    own.write_text('name = "my-own"\nmy-own = 1\n', encoding="utf-8")
    told = [str(own) if option == "{own}" else option for option in options]
    home = {"FIELDFARE_HOME": str(tmp_path / "home")}
    done = CliRunner().invoke(main, ["import", "accounts", str(path), *told, "--json"], env=home)
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "home").exists()


def test_a_file_that_is_not_what_it_says_it_holds_is_refused(
    run, office: Office, tmp_path: Path
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(NOBODY, encoding="utf-8")
    done = run("accounts", str(path), *KNOWN, "--json", "--rows", "2", "--sum", "6")
    assert (done.returncode, done.stdout) == (2, "")
    assert "it has 1: get the file again" in done.stderr
    assert "its rows add to £5.00" in done.stderr
    assert "Traceback" not in done.stderr
    other = run("accounts", str(path), "--profile", "sample-accounts")
    assert other.returncode == 2
    assert "No line has the column names this profile needs" in other.stderr
    late = run("accounts", str(path), *KNOWN, "--reported-on", "2099-01-01")
    assert late.returncode == 2
    assert "Enter the day of the balances, which has been" in late.stderr
    assert ask(office, "SELECT count(*) FROM import_file") == [0]


def test_a_guessed_profile_takes_a_file_in(run, office: Office, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(NOBODY, encoding="utf-8")
    done = run("accounts", str(path), *KNOWN, "--json")
    assert last_line(done)["created"] == 1
    assert "Accounts for which nobody is named as liable: 1" in done.stdout
    assert ask(office, "SELECT debt_type, source FROM account") == [("sundry", "Finance")]


def said(*arguments: str, told: str = "") -> Result:
    """Run what needs no office."""
    return CliRunner().invoke(main, ["import", *arguments], input=told)


def test_a_guess_says_each_column_and_why() -> None:
    header = "Property Reference Number,Ratepayer,Address,Rateable Value,Colour\n"
    done = said("guess", "-", told=header)
    assert done.exit_code == 0
    assert "Payer name  (Sure: Known name for this)" in done.stdout
    assert "Not recognised" in done.stdout
    told = json.loads(said("guess", "-", "--json", told=header).stdout)
    assert told["refused"] is None
    assert told["profile"]["debt_type"] == "business_rates"
    assert [column["fields"] for column in told["columns"]][1] == ["payer_name"]
    page = said("guess", "-", told="<html>\n")
    assert page.exit_code == 2
    assert "This is a web page, not a list" in page.stdout


def test_a_list_of_header_rows_is_guessed_line_by_line() -> None:
    told = 'council,header_row\nA,"Ratepayer,Property Ref No,Rateable Value"\nB,<html>\n'
    done = said("guess", "-", "--lines", told=told)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == "A  proposed  3 of 3 columns are read"
    assert done.stdout.splitlines()[1].startswith("B  refused   This is a web page")
    lines = said("guess", "-", "--lines", "--json", told=told).stdout.splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["A", "B"]
    wrong = said("guess", "-", "--lines", told="a,b\n1,2\n")
    assert wrong.exit_code == 2
    assert "The file needs a column header_row" in wrong.stderr


def test_the_profiles_that_come_with_the_program_are_named_in_the_help() -> None:
    assert isinstance(load("bradford-business-rates"), Profile)
    told = said("accounts", "--help").stdout
    assert "bradford-business-rates" in "".join(told.split())
