"""What the doctor says of how people sign in: by what, whether it answers, and who helps if not."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.config import Config
from server.doctor.posture import sign_in
from shared.posture import Finding, Level
from tests.server.access.conftest import Office
from tests.server.entrance.council_accounts import SETTINGS, Accounts, write_settings

pytestmark = pytest.mark.enable_socket


def seen(office: Office, folder: Path, issuer: str, text: str = "") -> Finding:
    """Have the doctor look at an office that trusts this provider."""
    named = write_settings(folder, issuer, text=text)
    config = Config(home=folder, database_url=None, demonstration=True, sign_in=named)
    with office.session() as session:
        return sign_in(config, session)


def test_passwords_of_the_offices_own_are_minded(office: Office, tmp_path: Path) -> None:
    with office.session() as session:
        found = sign_in(Config(home=tmp_path, database_url=None), session)
    assert found.level is Level.MIND
    assert "FIELDFARE_SIGN_IN" in found.says


def test_a_provider_that_answers_and_somebody_for_emergencies_are_well(
    office: Office, tmp_path: Path, accounts: Accounts
) -> None:
    found = seen(office, tmp_path, accounts.issuer)
    assert found.level is Level.MIND
    assert "break.glass: no administrator with a password" in found.says
    office.person("break.glass", "administrator")
    assert seen(office, tmp_path, accounts.issuer).level is Level.GOOD


def test_somebody_for_emergencies_who_sees_cases_is_minded(
    office: Office, tmp_path: Path, accounts: Accounts
) -> None:
    office.person("break.glass", "administrator", "supervisor")
    found = seen(office, tmp_path, accounts.issuer)
    assert found.level is Level.MIND
    assert "roles beside administrator" in found.says


def test_nobody_for_emergencies_is_minded(
    office: Office, tmp_path: Path, accounts: Accounts
) -> None:
    text = SETTINGS.replace('["break.glass"]', "[]")
    found = seen(office, tmp_path, accounts.issuer, text)
    assert found.level is Level.MIND
    assert "Nobody is named for an emergency" in found.says


def test_settings_that_are_wrong_stop(office: Office, tmp_path: Path) -> None:
    found = seen(office, tmp_path, "ftp://login.council.example")
    assert found.level is Level.STOP
    assert "issuer must be an address" in found.says


def test_a_role_this_office_has_not_stops(
    office: Office, tmp_path: Path, accounts: Accounts
) -> None:
    text = SETTINGS.replace('"administrator"', '"king"')
    found = seen(office, tmp_path, accounts.issuer, text)
    assert found.level is Level.STOP
    assert "roles names king" in found.says


def test_a_provider_that_does_not_answer_stops(office: Office, tmp_path: Path) -> None:
    found = seen(office, tmp_path, "http://127.0.0.1:9")
    assert found.level is Level.STOP
    assert "does not answer (ConnectionError)" in found.says


def test_a_provider_that_calls_itself_something_else_stops(
    office: Office, tmp_path: Path, accounts: Accounts
) -> None:
    accounts.lie(issuer="https://login.other.example")
    found = seen(office, tmp_path, accounts.issuer)
    assert found.level is Level.STOP
    assert "names another issuer" in found.says
