"""The walks through an office whose people come in by council accounts: in, asked again, refused, out."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
from playwright.sync_api import Page, expect

from server.config import Config
from server.demo.processes import Process
from server.serving import running_database
from tests.conftest import connection_string
from tests.e2e.council import RunningCouncil
from tests.e2e.crawl import Crawl
from tests.e2e.stocked import office_beside
from tests.e2e.studio import Story, Studio, Walk, press
from tests.server.access.conftest import PASSWORD
from tests.server.entrance.council_accounts import running_accounts, write_settings

USED_UP = "/sign-in/answer?state=used&code=up"


def account_walks(studio: Studio) -> Iterator[Walk]:
    """Walk through an office that trusts a provider, as nobody and as an administrator."""
    home = studio.home()
    home.mkdir(mode=0o711)
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        url = stack.enter_context(running_database(Config(home=home, database_url=None)))
        accounts = stack.enter_context(running_accounts(address))
        named = write_settings(home, accounts.issuer, address=address)
        office = Process(
            "office", home=home, FIELDFARE_PORT=str(port), FIELDFARE_SIGN_IN=str(named)
        )
        stack.callback(office.end)
        office.wait_for("ready")
        beside = stack.enter_context(office_beside(RunningCouncil(home, url, "", address, office)))
        tom = beside.person("tom.reeve", "supervisor")
        beside.person("break.glass", "administrator")
        yield Walk(
            "accounts-nobody",
            address,
            studio.page(),
            ("/sign-in", "/signed-out", USED_UP),
            statuses={USED_UP: 400},
            mistakes=True,
        )
        by_password = studio.page()
        by_password.goto(f"{address}/sign-in")
        by_password.get_by_text("Administrators in an emergency").click()
        by_password.get_by_label("User name").fill("break.glass")
        by_password.get_by_label("Password", exact=True).fill(PASSWORD)
        by_password.get_by_role("button", name="Sign in with a password").click()
        yield Walk(
            "accounts-emergency",
            address,
            by_password,
            ("/emergency-sign-ins", "/prove?next=/users"),
            within=("/emergency-sign-ins", "/prove"),
        )
        page = studio.page()
        page.goto(f"{address}/sign-in")
        _come_in(page, "olive")
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        yield Walk(
            "accounts-administrator",
            address,
            page,
            ("/", "/users", "/emergency-sign-ins", "/you", "/prove?next=/users"),
            within=("/users", "/emergency-sign-ins", "/prove", "/you"),
            stories=(_asked_again(url, tom),),
            mistakes=True,
        )


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def _come_in(page: Page, who: str) -> None:
    page.locator("main form button[type=submit]").first.click()
    page.get_by_label("Who are you?").fill(who)
    page.get_by_role("button", name="Go on").click()


def _asked_again(url: str, user_id: str) -> Story:
    """Press a button that weighs when the last proof is old, and come back to go on."""

    def story(crawl: Crawl) -> None:
        page = crawl.page
        crawl.open(f"{crawl.base}/users/{user_id}")
        _age(url)
        press(crawl, page.get_by_role("button", name="Suspend"), "prove-errand")
        _come_in(page, "olive")
        expect(page.get_by_role("button", name="Do it now")).to_be_visible()
        crawl.look(page.url)
        page.get_by_role("button", name="Do it now").click()
        expect(page.locator("main")).to_contain_text("This user can no longer sign in")

    return story


def _age(url: str) -> None:
    """Have two hours gone by since anybody showed who they are."""
    with psycopg.connect(connection_string(url)) as connection:
        connection.execute("UPDATE session SET proved_at = proved_at - interval '2 hours'")
