"""Gives these tests a real OpenID provider on this machine, and offices that trust it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from server.entrance.provider import Provider
from tests.server.access.conftest import Office, make_app, office
from tests.server.entrance.council_accounts import Accounts, running_accounts, write_settings
from tests.server.entrance.proving import later

__all__ = ["make_app", "office"]


@pytest.fixture(scope="session")
def one_provider() -> Iterator[Accounts]:
    """Run one provider for all tests of this process."""
    with running_accounts() as running:
        yield running


@pytest.fixture
def accounts(one_provider: Accounts) -> Accounts:
    """Give the provider, honest and with everybody in it as the test begins."""
    one_provider.lie()
    one_provider.change("olive")
    return one_provider


@dataclass(frozen=True)
class Trusting:
    """An office whose people come in by the council's accounts."""

    office: Office
    app: Flask

    def forget_provider(self) -> None:
        """Forget what its process knows of the provider, and that it was silent."""
        state = self.app.extensions["fieldfare"]
        state["provider"] = Provider(state["provider"].settings)

    def age(self, **columns: timedelta) -> None:
        """Let time pass for every session there is, by moving what it remembers back."""
        later(self.office, **columns)


@pytest.fixture
def trusting(
    office: Office, make_app: Callable[..., Flask], accounts: Accounts, tmp_path: Path
) -> Trusting:
    """Give an office that trusts the provider."""
    named = write_settings(tmp_path, accounts.issuer)
    app = make_app(sign_in=named, demonstration=True)
    return Trusting(replace(office, app=app), app)
