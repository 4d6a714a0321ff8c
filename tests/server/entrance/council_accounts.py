"""The council's accounts as tests use them: a real OpenID provider here, and people who have one."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.access.identity import PLAIN_COOKIE
from setup.front_end import find_node
from tests.pages import assert_page
from tests.server.reading import words_of

ADDRESS = "http://127.0.0.1:8650"
"""Where the provider believes the office to be; tests carry its answers to the office themselves."""

CLIENT_ID = "fieldfare-of-tests"
CLIENT_SECRET = "a secret of tests"  # noqa: S105 - of a provider that lasts as long as its test

TENANT = "11111111-2222-4333-8444-555555555555"

PEOPLE: Mapping[str, Mapping[str, Any]] = {
    "olive": {
        "name": "Olive Marsh",
        "preferred_username": "Olive.Marsh@council.example",
        "tid": TENANT,
        "oid": "aaaaaaaa-0000-4000-8000-000000000001",
        "roles": ["Recovery.Administrator"],
    },
    "tom": {
        "name": "Tom Reeve",
        "preferred_username": "tom.reeve@council.example",
        "tid": TENANT,
        "oid": "aaaaaaaa-0000-4000-8000-000000000002",
        "roles": ["Recovery.Supervisor", "Payroll.Clerk"],
    },
    "nell": {
        "name": "Nell Farr",
        "preferred_username": "nell.farr@council.example",
        "tid": TENANT,
        "oid": "aaaaaaaa-0000-4000-8000-000000000003",
        "roles": ["Payroll.Clerk"],
    },
}
"""Who has an account: two with a role of the office, and one without."""

SETTINGS = """
name = "Harrowmere account"
issuer = "{issuer}"
client_id = "{client_id}"
client_secret_file = "client-secret"
address = "{address}"
people = "tid+oid"
administrators = ["break.glass"]

[roles]
"Recovery.Administrator" = "administrator"
"Recovery.Supervisor" = ["supervisor", "officer"]
"""

_HOPS_MAX = 10


@dataclass
class Accounts:
    """A provider that runs, and what a browser does there."""

    issuer: str

    def lie(self, **how: Any) -> None:
        """Have it put something else into what it says; nothing named, and it is honest again."""
        requests.post(f"{self.issuer}/test", json={"lie": how}, timeout=20).raise_for_status()

    def change(self, who: str, **claims: Any) -> None:
        """Change what it says of somebody; `gone=True` closes their account."""
        people = {name: dict(told) for name, told in PEOPLE.items()}
        people[who] |= claims
        if claims.get("gone"):
            del people[who]
        requests.post(f"{self.issuer}/test", json={"people": people}, timeout=20).raise_for_status()

    def asked(self) -> list[dict[str, str]]:
        """Say what browsers came with, in turn."""
        answer = requests.post(f"{self.issuer}/test", json={}, timeout=20).json()
        said: list[dict[str, str]] = answer["asked"]
        return said

    def answer_to(self, url: str, who: str, browser: requests.Session | None = None) -> str:
        """Follow a browser through a sign-in as somebody, and give the address it is sent back to."""
        going = browser or requests.Session()
        response = going.get(url, allow_redirects=False, timeout=20)
        for _hop in range(_HOPS_MAX):
            if response.status_code == requests.codes.ok:
                response = going.post(
                    response.url, data={"login": who}, allow_redirects=False, timeout=20
                )
                continue
            assert response.is_redirect, response.text
            to = urljoin(response.url, response.headers["Location"])
            if to.startswith(ADDRESS):
                return to.removeprefix(ADDRESS)
            response = going.get(to, allow_redirects=False, timeout=20)
        raise AssertionError("the provider led round in circles")


@contextmanager
def running_accounts(address: str = ADDRESS) -> Iterator[Accounts]:
    """Run the provider until the block ends."""
    node, _npm = find_node()
    program = Path(__file__).with_name("provider.mjs")
    process = subprocess.Popen(
        [str(node), str(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    told = {
        "people": PEOPLE,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "redirect_uris": [f"{address}/sign-in/answer"],
        "post_logout_redirect_uris": [f"{address}/sign-in"],
    }
    try:
        process.stdin.write(json.dumps(told) + "\n")
        process.stdin.flush()
        issuer: str = json.loads(process.stdout.readline())["issuer"]
        yield Accounts(issuer)
    finally:
        process.kill()
        process.wait(20)
        process.stdin.close()
        process.stdout.close()


def write_settings(folder: Path, issuer: str, *, address: str = ADDRESS, text: str = "") -> Path:
    """Write the settings of an office that trusts this provider."""
    secret = folder / "client-secret"
    secret.write_text(CLIENT_SECRET)
    secret.chmod(0o600)
    path = folder / "sign-in.toml"
    told = (text or SETTINGS).format(issuer=issuer, client_id=CLIENT_ID, address=address)
    path.write_text(told)
    return path


def way_to_provider(page: TestResponse) -> str:
    """Read where a page of the office leads a browser on to."""
    assert page.status_code == 200, page.text
    delay, _, url = page.headers["Refresh"].partition("; url=")
    assert delay == "0"
    assert urlsplit(url).path == "/auth"
    return url


def begin(client: FlaskClient, **sent: str) -> str:
    """Press the button of the sign-in page, and give where it leads."""
    return way_to_provider(client.post("/sign-in/account", data=sent))


def sign_in(client: FlaskClient, accounts: Accounts, who: str, **sent: str) -> TestResponse:
    """Sign somebody in by their account, and give the office's last answer."""
    return client.get(accounts.answer_to(begin(client, **sent), who))


def refused(answer: TestResponse, sentence: str, status: int) -> None:
    """See that a page refuses in one sentence and that nobody is signed in."""
    assert answer.status_code == status
    page = answer.text
    assert_page(page)
    assert sentence in words_of(page)
    assert PLAIN_COOKIE + "=" not in str(answer.headers.getlist("Set-Cookie"))
