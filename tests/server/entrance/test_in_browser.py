"""A person signs in by the council's account in a real browser, proves who they are, and signs out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from waitress.server import create_server

from tests.browser import PHONE, PageAt
from tests.server.access.conftest import Office
from tests.server.entrance.council_accounts import running_accounts, write_settings
from tests.server.entrance.proving import later

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.timeout(300)]


@contextmanager
def served(make_app: Callable[..., Flask], folder: Path) -> Iterator[str]:
    """Serve an office that trusts a provider, each knowing the other's address."""
    holder: list[Flask] = []

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return holder[0](environ, start)

    server = create_server(answer, host="127.0.0.1", port=0, threads=4)
    address = f"http://127.0.0.1:{server.effective_port}"
    with running_accounts(address) as accounts:
        named = write_settings(folder, accounts.issuer, address=address)
        holder.append(make_app(sign_in=named, demonstration=True))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            yield address
        finally:
            server.close()
            thread.join(timeout=60)


def at_the_provider(page: Page, who: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Council account")
    page.get_by_label("Who are you?").fill(who)
    page.get_by_role("button", name="Go on").click()


def test_somebody_signs_in_proves_who_they_are_and_signs_out(
    office: Office, make_app: Callable[..., Flask], tmp_path: Path, page_at: PageAt
) -> None:
    page = page_at(PHONE, may_say=("favicon", "status of 404"))
    with served(make_app, tmp_path) as address:
        page.goto(f"{address}/users")
        page.get_by_role("button", name="Sign in with Harrowmere account").click()
        at_the_provider(page, "olive")
        expect(page.get_by_role("heading", level=1)).to_have_text("Users")
        assert page.url == f"{address}/users"

        page.goto(f"{address}/users/new")
        page.get_by_label("Full name").fill("Rosa O'Neill")
        page.get_by_label("User name").fill("rosa")
        page.get_by_label("Officer", exact=True).check()
        later(office, proved_at=timedelta(minutes=16))
        page.locator("main form button[type=submit]").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Show that it is you")
        page.get_by_role("button", name="Show it with Harrowmere account").click()
        at_the_provider(page, "olive")
        expect(page.get_by_role("heading", level=1)).to_have_text("Go on with what you entered")
        page.get_by_role("button", name="Do it now").click()
        expect(page.locator("main")).to_contain_text("Rosa O'Neill")

        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You have signed out")
        page.get_by_role("button", name="Sign in again").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
