"""The settings of the sign-in service: what is wrong with them is said in one sentence at a start."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from server.config import Config, from_environment
from server.entrance.settings import NotSetUp, load
from tests.server.entrance.council_accounts import CLIENT_SECRET, SETTINGS, write_settings

ISSUER = "https://login.council.example/tenant/v2.0"


def told(folder: Path, *, demonstration: bool = False, at: str = ISSUER, **changed: str) -> Config:
    """Write the settings with some lines changed, and name them."""
    text = SETTINGS.replace("{address}", "https://fieldfare.council.example")
    for name, line in changed.items():
        kept = [each for each in text.splitlines() if not each.startswith(f"{name} =")]
        text = "\n".join([line, *kept])
    path = write_settings(folder, at, text=text)
    return Config(home=folder, database_url=None, sign_in=path, demonstration=demonstration)


def test_what_is_written_is_what_is_meant(tmp_path: Path) -> None:
    settings = load(told(tmp_path))
    assert settings is not None
    assert settings.issuer == ISSUER
    assert settings.client_secret == CLIENT_SECRET
    assert settings.address == "https://fieldfare.council.example"
    assert settings.roles_claim == "roles"
    assert settings.office_roles(["Recovery.Supervisor", "Other"]) == {"officer", "supervisor"}
    assert settings.administrators == {"break.glass"}
    assert CLIENT_SECRET not in repr(settings)


def test_without_a_file_everybody_has_a_password_of_the_office(tmp_path: Path) -> None:
    assert load(Config(home=tmp_path, database_url=None)) is None
    assert from_environment({}).sign_in is None
    named = from_environment({"FIELDFARE_SIGN_IN": str(tmp_path / "sign-in.toml")})
    assert named.sign_in == tmp_path / "sign-in.toml"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": 'name = ""'}, "name must say something"),
        ({"name": "name = 7"}, "name must say something"),
        ({"client_id": ""}, "client_id must say something"),
        ({"issuer": 'issuer = "http://login.council.example"'}, "begins with https://"),
        ({"issuer": 'issuer = "http://127.0.0.1:9000"'}, "begins with https://"),
        ({"issuer": 'issuer = "https://me:pw@login.council.example"'}, "begins with https://"),
        ({"issuer": 'issuer = "login.council.example"'}, "begins with https://"),
        ({"address": 'address = "http://fieldfare.council.example"'}, "address must be"),
        ({"people": 'people = "email"'}, 'people must be "tid+oid"'),
        ({"administrators": 'administrators = "one"'}, "administrators must be a list"),
        ({"administrators": "administrators = [1]"}, "administrators must be a list"),
        ({"colour": 'colour = "blue"'}, "says colour, which is not known here"),
        ({"broken": "= ="}, "is no TOML"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_in_one_sentence(
    tmp_path: Path, changed: dict[str, str], sentence: str
) -> None:
    with pytest.raises(NotSetUp, match=sentence.replace("+", r"\+")):
        load(told(tmp_path, **changed))


@pytest.mark.parametrize("table", ["", "[roles]", "roles = 7", "[roles]\nA = 7"])
def test_roles_that_would_let_nobody_in_are_refused(tmp_path: Path, table: str) -> None:
    text = SETTINGS.partition("[roles]")[0].replace("{address}", "https://f.example") + table
    path = write_settings(tmp_path, ISSUER, text=text)
    with pytest.raises(NotSetUp, match="roles"):
        load(Config(home=tmp_path, database_url=None, sign_in=path))


def test_plain_http_is_for_this_machine_and_a_demonstration_only(tmp_path: Path) -> None:
    here = told(tmp_path, demonstration=True, at="http://127.0.0.1:9000")
    assert load(here) is not None
    with pytest.raises(NotSetUp, match="begins with https://"):
        load(replace(here, demonstration=False))
    for elsewhere in ("http://login.council.example", "http://127.0.0.1.council.example"):
        with pytest.raises(NotSetUp, match="begins with https://"):
            load(told(tmp_path, demonstration=True, at=elsewhere))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    missing = Config(home=tmp_path, database_url=None, sign_in=tmp_path / "none.toml")
    with pytest.raises(NotSetUp, match="cannot be read"):
        load(missing)


def test_a_secret_must_be_there_and_for_the_office_alone(tmp_path: Path) -> None:
    config, secret = told(tmp_path), tmp_path / "client-secret"
    secret.write_text("x" * 5_000)
    with pytest.raises(NotSetUp, match="too large to be a secret"):
        load(config)
    secret.write_text(" \n")
    with pytest.raises(NotSetUp, match="which is empty"):
        load(config)
    secret.write_text("a secret")
    if sys.platform != "win32":
        secret.chmod(stat.S_IRUSR | stat.S_IRGRP)
        with pytest.raises(NotSetUp, match="Others on this machine may read"):
            load(config)
    secret.unlink()
    with pytest.raises(NotSetUp, match="which cannot be read"):
        load(config)


def test_an_office_whose_settings_are_wrong_does_not_start(
    tmp_path: Path, make_app: Callable[..., Flask]
) -> None:
    config = told(tmp_path, people='people = "email"')
    with pytest.raises(SystemExit, match='people must be "tid'):
        make_app(sign_in=config.sign_in)
