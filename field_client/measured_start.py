"""`fieldfare bench start`: a device from its start to a page, and from a passphrase to its cases."""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.parse import urlencode, urlsplit

import click
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from keyring.backends.fail import Keyring

from field_client import clock, device_secret, enrolment
from field_client.device_key import DeviceKey
from field_client.enrolment import Enrolment, State
from field_client.home import Home
from field_client.made_records import KINDS, made_records
from field_client.passphrases import suggest_passphrase
from field_client.vault import keys, records
from field_client.vault.keys import CHOSEN, Factors, Holder
from field_client.vault.opening import DATABASE_FILE
from field_client.vault.store import open_store

ROUNDS = 10

CASES = 300
"""Cases of the vault that is opened, each of seven records."""

SECONDS_MAX = 60
"""How long a device may take before the measurement gives up."""

OFFICER = "officer"

_PROGRAM = "from field_client.cli import field; field()"
_BARE = "import cryptography, flask, sqlcipher3, waitress"  # what both processes cannot do without
_NO_KEYSTORE = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
_ONWARD = re.compile(r'http-equiv="refresh" content="0; url=([^"]+)"')
_ERROR = 400


@dataclass
class Visitor:
    """Goes from page to page of one device as a browser would, with the cookies it is given."""

    at: str
    cookies: dict[str, str] = field(default_factory=dict)

    def go(self, address: str, form: dict[str, str] | None = None) -> str:
        """Go to an address and on to wherever it leads; give the page that stands there."""
        text, onward = self._ask("GET" if form is None else "POST", address, form)
        while onward:
            text, onward = self._ask("GET", onward, None)
        return text

    def _ask(self, method: str, address: str, form: dict[str, str] | None) -> tuple[str, str]:
        port = urlsplit(self.at).port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS_MAX)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if form is not None:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": f"http://127.0.0.1:{port}",
            }
        path = urlsplit(address).path
        try:
            connection.request(method, path, urlencode(form) if form else None, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= _ERROR:
            raise RuntimeError(f"{method} {path} was answered with {answer.status}")
        for name, given in SimpleCookie(answer.headers["Set-Cookie"] or "").items():
            self.cookies[name] = given.value
        leads = _ONWARD.search(text)
        return text, answer.headers["Location"] or (leads[1] if leads else "")


def prepare(folder: Path, passphrase: str, cases: int) -> Home:
    """Make a device that is enrolled at an office out of reach, with a vault of cases."""
    home = Home(folder)
    home.device_key.parent.mkdir(parents=True)
    secret = device_secret.make(home.device_secret, Keyring()).secret  # type: ignore[no-untyped-call]
    DeviceKey.make(home.device_key, secret)
    who = Enrolment(
        office_address="http://127.0.0.1:9", device_id=clock.new_id(), device_name="Measured",
        words=(), state=State.ACTIVE, officer_id=OFFICER, officer_name="Nobody",
        office_name="Nowhere", fictional=True,
    )  # fmt: skip
    enrolment.save(home.enrolment, who)
    vault = home.vault(OFFICER)
    vault.mkdir(parents=True)
    factors = Factors(passphrase=passphrase, device_secret=secret)
    holder = Holder(device_id=who.device_id, officer_id=OFFICER)
    opened = keys.create_vault(vault, factors, holder)
    store = open_store(vault / DATABASE_FILE, opened.db)
    store.put("store_id", clock.new_id())
    with store.transaction() as connection:
        records.put(connection, list(islice(made_records(), cases * len(KINDS))))
    store.close()
    return home


def start_and_unlock(home: Home, passphrase: str) -> dict[str, float]:
    """Start a device as an officer does and unlock it; give what each took, in milliseconds."""
    began = perf_counter()
    with _running(home) as device:
        address = _next_address(device)
        visitor = Visitor(at=address)
        if "passphrase" not in visitor.go(address):
            raise RuntimeError("the device did not begin with its lock")
        first_page = perf_counter()
        if "/today" not in visitor.go("/unlock", {"passphrase": passphrase}):
            raise RuntimeError("the passphrase did not open the device")
        return {
            "first_page": (first_page - began) * 1000,
            "unlock": (perf_counter() - first_page) * 1000,
        }


def floor() -> dict[str, float]:
    """Give what nothing can be quicker than: two processes with the libraries, and Argon2id."""
    began = perf_counter()
    for _process in ("keeper", "vault"):
        subprocess.run([sys.executable, "-P", "-c", _BARE], check=True)  # noqa: S603 - our own
    started = perf_counter()
    Argon2id(
        salt=secrets.token_bytes(16), length=32, iterations=CHOSEN.passes, lanes=CHOSEN.lanes,
        memory_cost=CHOSEN.memory_kib,
    ).derive(b"a passphrase")  # fmt: skip
    return {
        "first_page": (started - began) * 1000,
        "unlock": (perf_counter() - started) * 1000,
    }


@contextmanager
def _running(home: Home) -> Iterator[subprocess.Popen[bytes]]:
    device = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", _PROGRAM, "--browser", "--home", str(home.folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **_NO_KEYSTORE, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    try:
        yield device
    finally:
        device.terminate()
        device.communicate(timeout=SECONDS_MAX)


def _next_address(device: subprocess.Popen[bytes]) -> str:
    if device.stdout is None:
        raise RuntimeError("a device says its address on its standard output")
    return str(json.loads(device.stdout.readline())["address"])


@click.command()
@click.option("--rounds", type=click.IntRange(1, 100), default=ROUNDS, show_default=True)
@click.option("--cases", type=click.IntRange(1, 10_000), default=CASES, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Say it as one line of JSON.")
def start(*, rounds: int, cases: int, as_json: bool) -> None:
    """Time a device from its start to its first page, and from a passphrase to the day's cases.

    first_page: from starting the program to the page that asks for the passphrase, beside two bare
    processes with the libraries. unlock: from the passphrase to the list of cases, beside Argon2id.
    """
    measured: dict[str, list[dict[str, float]]] = {"steps": [], "raw": []}
    passphrase = suggest_passphrase(secrets.randbelow)
    with tempfile.TemporaryDirectory(prefix="fieldfare-bench-") as folder:
        home = prepare(Path(folder) / "field", passphrase, cases)
        with click.progressbar(range(rounds), label="Start", file=sys.stderr) as bar:
            for _round in bar:
                measured["steps"].append(start_and_unlock(home, passphrase))
                measured["raw"].append(floor())
    figures = {kind: _medians(taken) for kind, taken in measured.items()}
    for step, figure in figures["steps"].items():
        below = figures["raw"][step]["ms"]
        click.echo(f"{step:<12}{figure['ms']:>10.0f} ms, floor {below:.0f} ms", err=as_json)
    if as_json:
        click.echo(json.dumps({"cases": cases, "rounds": rounds, **figures}))


def _medians(taken: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    return {step: {"ms": round(median(each[step] for each in taken), 1)} for step in taken[0]}
