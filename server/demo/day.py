"""`fieldfare demo --check`: the whole offline day against fresh processes, each step with its figures."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click
from sqlalchemy import func, select

from server.app import create_app
from server.config import Config
from server.demo.council import USERS, Size
from server.demo.pairing import Paired, pair, signed_in, unlock
from server.demo.processes import Process
from server.demo.run import prepare, started_office
from server.demo.visitor import Page, Visitor
from server.serving import running_database
from server.spine import clock
from server.spine.database import db
from server.spine.tables import CommandRow
from server.visits.tables import VisitRow

SMALL = Size(households=60, businesses=5, cases=12)
VISITS = 3
COMMENT = "Which card did you leave?"
OK = 200
ID_CHARACTERS = 36
SYNC_SECONDS_MAX = 90
LOOK_SECONDS = 0.5


class DayFailed(Exception):  # noqa: N818 - it says how the day went
    """A step of the day did not come out as it must."""


@dataclass
class Day:
    """What is known as the day goes on."""

    config: Config
    officer_id: str
    steps: list[dict[str, Any]] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def step(self, name: str, work: Callable[[], dict[str, Any]]) -> None:
        """Do one step and print its figures as a line of JSON."""
        started = time.monotonic()
        figures = work()
        line = {"step": name, **figures, "seconds": round(time.monotonic() - started, 2)}
        self.steps.append(line)
        click.echo(json.dumps(line))


@click.command()
@click.option("--check", is_flag=True, required=True, help="Run the offline day and check it.")
@click.pass_obj
def demo(config: Config, *, check: bool) -> None:
    """Check the offline day: exit 0 only if every visit is in the office exactly once."""
    home = Path(tempfile.mkdtemp(prefix="fieldfare-day-"))
    home.chmod(0o711)
    try:
        _the_day(replace(config, home=home, database_url=None, port=0))
    except (DayFailed, LookupError) as failure:
        click.echo(json.dumps({"failed": str(failure)}))
        sys.exit(1)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    click.echo(json.dumps({"ok": check}))


def _the_day(config: Config) -> None:
    with ExitStack() as stack:
        url = stack.enter_context(running_database(config))
        day = Day(config=config, officer_id="")

        def make() -> dict[str, Any]:
            day.officer_id = prepare(config, url, SMALL)
            return {"households": SMALL.households, "cases": SMALL.cases}

        day.step("council made", make)
        device = Process("field", "--browser", home=config.home)
        stack.callback(device.end)
        with started_office(config) as (_office, address):
            port = int(address.rpartition(":")[2])
            paired = _morning(day, address, device)
        paired.visitor = _offline(day, stack, paired)
        with started_office(config, port) as (_office, address):
            _evening(day, address, paired.visitor)
        app = create_app(config, url)
        with app.app_context():
            day.step("counted in the office", lambda: _count(day))


def _morning(day: Day, office: str, device: Process) -> Paired:
    """Plan visits, pair the device, and give it its cases."""
    made: list[Paired] = []

    def plan() -> dict[str, Any]:
        visitor = signed_in(office, "supervisor")
        listed = visitor.open(f"{office}/cases?officer_id={day.officer_id}")
        day.cases = sorted({_id_of(h) for h, _said in listed.links if _is_case(h)})[:VISITS]
        for case_id in day.cases:
            visitor.open(f"{office}/cases/{case_id}/visits/new")
            page = visitor.press(
                f"/cases/{case_id}/visits/new",
                {
                    "officer_id": day.officer_id,
                    "purpose": "arrears",
                    "instructions": "Ask about instalments.",
                    "planned_on": clock.today().isoformat(),
                },
            )
            _must(page.status == OK, f"the visit was not planned: {page.text[:200]}")
        return {"planned": len(day.cases)}

    def enrol() -> dict[str, Any]:
        said = device.wait_for("enrol")
        made.append(pair(office, device, said["address"], USERS[0].sign_in, day.officer_id))
        return {"enrolled": 1}

    def sync() -> dict[str, Any]:
        return _first_sync(made[0].visitor)

    day.step("visits planned", plan)
    day.step("device enrolled", enrol)
    day.step("first sync", sync)
    _must(len(day.cases) == VISITS, f"only {len(day.cases)} cases are assigned to the officer")
    return made[0]


def _offline(day: Day, stack: ExitStack, paired: Paired) -> Visitor:
    """With the office gone, record visits, and end the device as a power cut would."""

    def record() -> dict[str, Any]:
        for number, case_id in enumerate(day.cases):
            note = f"Offline visit {number + 1} of the demonstration day."
            _record(paired.visitor, case_id, note)
            day.notes.append(note)
        return {"visits": len(day.notes), "waiting": _waiting(paired.visitor)}

    day.step("three visits without a network", record)
    opened: list[Visitor] = []

    def restart() -> dict[str, Any]:
        paired.process.kill()
        again = Process("field", "--browser", home=day.config.home)
        stack.callback(again.end)
        opened.append(unlock(again))
        waiting = _waiting(opened[0])
        _must(waiting >= VISITS, f"{waiting} items wait after the restart, not {VISITS}")
        return {"waiting": waiting}

    day.step("device killed and started again", restart)
    return opened[0]


def _record(device: Visitor, case_id: str, note: str) -> None:
    """Record one visit through the device's own form."""
    page = device.open(f"/cases/{case_id}")
    for form in page.forms:
        if form.action.endswith(f"/cases/{case_id}/read"):
            device.press(f"/cases/{case_id}/read")
            break
    device.open(f"/cases/{case_id}/visit")
    page = device.press(
        f"/cases/{case_id}/visit", {"outcome": "no_answer", "notes": note, "do": "save"}
    )
    _must("/saved/" in page.path, f"the visit was not saved: {page.text[:300]}")


def _evening(day: Day, office: str, device: Visitor) -> None:
    """With the office back, sync, and review in the office what came in."""
    day.step("synced", lambda: _sync(device))

    def review() -> dict[str, Any]:
        visitor = signed_in(office, "supervisor")
        figures = {"approved": 0, "returned": 0}
        for page in _reviewing(visitor, office, day):
            if figures["returned"]:
                visitor.press("/approve")
                figures["approved"] += 1
            else:
                visitor.press("/return", {"about": "notes", "comment": COMMENT})
                figures["returned"] += 1
            _must(visitor.page.status == OK, f"the review of {page.path} was refused")
        _must(sum(figures.values()) == VISITS, f"not every visit waited for review: {figures}")
        return figures

    day.step("reviewed", review)

    def come_back() -> dict[str, Any]:
        figures = _sync(device)
        shown = sum(COMMENT in device.open(f"/cases/{case_id}").text for case_id in day.cases)
        _must(shown == 1, f"the returned visit is shown on {shown} cases of the device")
        return {**figures, "returned": shown}

    day.step("returned visit back on the device", come_back)


def _first_sync(device: Visitor) -> dict[str, Any]:
    """Wait for the sync a device begins with by itself, and see that all expected came."""
    figures = _ended(device)
    _must(figures["received"] > 0, f"the first sync brought nothing: {figures}")
    _must(figures["received"] == figures["expected"], f"not all expected came: {figures}")
    return figures


def _sync(device: Visitor) -> dict[str, Any]:
    """Press "Sync now" and wait until it has ended."""
    device.open("/sync")
    device.press("/sync")
    return _ended(device)


def _ended(device: Visitor) -> dict[str, Any]:
    """Wait until no sync is running, and give the figures of the last."""
    progress: dict[str, Any] = {}
    for _look in range(int(SYNC_SECONDS_MAX / LOOK_SECONDS)):
        time.sleep(LOOK_SECONDS)
        progress = json.loads(device.open("/sync/progress").body)
        if progress["ended"] and not progress["running"]:
            break
    _must(not progress["problem"], f"the sync ended with: {progress['problem']}")
    return {name: progress[name] for name in ("received", "expected", "sent")}


def _waiting(device: Visitor) -> int:
    """Read how many items wait to be sent off the strip that stands on every page."""
    found = re.search(r"([0-9]+) waiting", device.open("/today").text)
    return int(found.group(1)) if found else 0


def _reviewing(visitor: Visitor, office: str, day: Day) -> Iterator[Page]:
    """Open, one after the other, the visits of the day that wait for review."""
    listed = visitor.open(f"{office}/visits/review")
    for visit_id in dict.fromkeys(_id_of(href) for href, _said in listed.links if _is_visit(href)):
        page = visitor.open(f"{office}/visits/{visit_id}")
        if any(note in page.text for note in day.notes):
            yield page


def _count(day: Day) -> dict[str, Any]:
    """Count each visit in the office: exactly one row and one applied command for each."""
    counts = []
    for note in day.notes:
        counts.append(
            db.session.scalar(
                select(func.count()).select_from(VisitRow).where(VisitRow.notes == note)
            )
        )
    commands = db.session.scalar(
        select(func.count())
        .select_from(CommandRow)
        .where(CommandRow.name == "RecordVisit", CommandRow.store_id.is_not(None))
    )
    _must(counts == [1] * VISITS, f"visits in the office: {counts}")
    _must(commands == VISITS, f"{commands} commands came from the device, not {VISITS}")
    return {"visits": counts, "commands": commands}


def _is_case(href: str) -> bool:
    return href.startswith("/cases/") and len(_id_of(href)) == ID_CHARACTERS


def _is_visit(href: str) -> bool:
    return href.startswith("/visits/") and len(_id_of(href)) == ID_CHARACTERS


def _id_of(href: str) -> str:
    return href.rpartition("/")[2].partition("?")[0]


def _must(is_so: bool, otherwise: str) -> None:  # noqa: FBT001 - the thing that must be so
    if not is_so:
        raise DayFailed(otherwise)
