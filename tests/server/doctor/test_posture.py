"""How an office stands: each thing the doctor looks at, when it is well and when it is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from server.config import Config
from server.demo.council import USERS
from server.doctor import posture
from server.spine.database import db
from shared.posture import Level
from tests.server.access.conftest import PASSWORD, Office
from tests.server.doctor.people import make_user


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(home=tmp_path, database_url=None)


def test_a_password_of_the_demonstration_stops_and_one_of_ones_own_does_not(office: Office) -> None:
    make_user(office, USERS[0].sign_in, PASSWORD)
    with office.session() as session:
        assert posture.demonstration(session).level is Level.GOOD
        posture.refuse_published_passwords(session)
    make_user(office, USERS[1].sign_in, USERS[1].password)
    with office.session() as session:
        found = posture.demonstration(session)
        with pytest.raises(SystemExit, match="passwords of the demonstration"):
            posture.refuse_published_passwords(session)
    assert found.level is Level.STOP
    assert found.says.startswith(f"{USERS[1].sign_in}:")


def test_keys_that_others_may_read_stop(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o700)
    (folder / "cookies").write_bytes(b"x")
    (folder / "cookies").chmod(0o600)
    assert posture.secrets(folder).level is Level.GOOD
    (folder / "cookies").chmod(0o640)
    assert posture.secrets(folder).level is Level.STOP
    assert "cookies" in posture.secrets(folder).says


@pytest.mark.parametrize(
    ("url", "level"),
    [
        (None, Level.GOOD),
        ("postgresql://fieldfare@/fieldfare?host=/run/postgresql", Level.GOOD),
        ("postgresql://fieldfare@127.0.0.1/fieldfare", Level.GOOD),
        ("postgresql://fieldfare@db.council.example/fieldfare", Level.STOP),
        ("postgresql://fieldfare@db.council.example/fieldfare?sslmode=require", Level.STOP),
        ("postgresql://fieldfare@db.council.example/fieldfare?sslmode=verify-full", Level.GOOD),
    ],
)
def test_a_database_elsewhere_must_show_who_it_is(
    config: Config, url: str | None, level: Level
) -> None:
    assert posture.database(replace(config, database_url=url)).level is level


def test_an_almighty_role_and_missing_backups_and_plain_cookies_are_said(
    office: Office, config: Config
) -> None:
    with office.session() as session:
        assert posture.database_role(session).level is Level.MIND
        assert "PostgreSQL" in posture.versions(session).says
    assert posture.backups(config).level is Level.MIND
    assert posture.cookies(config).level is Level.MIND
    better = replace(
        config, backup_to=config.home, backup_key=config.home / "key", secure_cookies=True
    )
    assert posture.backups(better).level is Level.GOOD
    assert posture.cookies(better).level is Level.GOOD


def test_a_limit_on_guessing_that_was_raised_is_said(config: Config) -> None:
    assert posture.guessing(config).level is Level.GOOD
    raised = posture.guessing(replace(config, enrolment_tries=6))
    assert (raised.level, "send 6 wrong codes" in raised.says) == (Level.MIND, True)


def test_a_role_that_cannot_alter_the_logs_is_good(office: Office) -> None:
    with office.app.app_context():
        assert posture.database_role(db.session()).level is Level.GOOD


def test_everything_is_looked_at_once(office: Office, config: Config) -> None:
    with office.session() as session:
        abouts = [found.about for found in posture.look(config, session)]
    assert len(abouts) == len(set(abouts)) == 9
