"""A device in an officer's hands: its real processes, and what the officer does on its pages.

The whole program runs, as `fieldfare field --browser` starts it: the keeper with the network, the vault
with the database, and between the officer and both nothing but the pages a browser would show, asked
for over loopback without drawing them. So every press goes through the real form, draft, rule and
transaction, and what the officer is told is what the page says.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import psutil
from PIL import Image

from server.demo.pairing import PASSPHRASE, entered, pair
from server.demo.processes import NotReady, Process
from server.demo.visitor import Page, Visitor
from shared.markers import KINDS
from tests.torture.network import Line
from tests.torture.told import Said, State, Told

OK = 200
THINK_SECONDS = (0.1, 1.0)
LOOK_SECONDS = 0.25
LOOKS_MAX = 240
_CASE = re.compile(r"/cases/([0-9a-f-]{36})$")
_ABOUT = re.compile(r'name="about"[^>]*value="([0-9a-f-]{36})"')
_PICTURE = re.compile(r"/photographs/([0-9a-f]{64})")
_PEOPLE = re.compile(r'name="number_person_id"[^>]*value="([0-9a-f-]{36})"')


class Gone(Exception):  # noqa: N818 - it says what became of the device
    """The device does not answer: one of its processes was ended under the officer's thumb."""


GONE = (OSError, HTTPException, NotReady, Gone, UnicodeDecodeError, json.JSONDecodeError)
"""What an officer meets when a device dies while it is used."""


@dataclass
class Handheld:
    """One device and the officer who carries it."""

    label: str
    officer: str
    folder: Path
    line: Line
    told: Told
    random: Random
    marks: Callable[[], str]
    started: Callable[[], None]
    unlocked: int = 0
    problem: str = ""
    faults: list[str] = field(default_factory=list)
    resting: threading.Event = field(default_factory=threading.Event)
    at_rest: threading.Event = field(default_factory=threading.Event)
    _process: Process | None = None
    _visitor: Visitor | None = None
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    # Its processes

    def enrol(self, officer_id: str) -> None:
        """Pair it with the office, once in its life; the way there is fair meanwhile."""
        process = self._process = self._started()
        entrance = process.wait_for("enrol")["address"]
        paired = pair(self.line.address, process, entrance, self.officer, officer_id)
        self._visitor = paired.visitor

    def _started(self) -> Process:
        return Process("field", "--browser", "--home", str(self.folder), home=self.folder)

    def vault(self) -> psutil.Process | None:
        """Find the process that holds the database."""
        process = self._process
        if process is None or not process.is_running():
            return None
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(process.pid).children():
                if "field_client.vault" in child.cmdline():
                    return child
        return None

    def pids(self) -> list[int]:
        """Name its processes."""
        process, vault = self._process, self.vault()
        found = [process.pid] if process is not None and process.is_running() else []
        return [*found, *([vault.pid] if vault else [])]

    def kill(self, *, keeper: bool, vault: bool) -> bool:
        """End processes of it as a power cut would; tell whether there was anything to end."""
        process, child = self._process, self.vault()
        if process is None or not process.is_running() or (vault and not keeper and child is None):
            return False
        if vault and child is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        if keeper:
            process.kill()
        return True

    def end(self) -> None:
        """Have the officer put it away, and end it as it is told to in life."""
        self._ended.set()
        if self._process is not None:
            self._process.end()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._process is not None:
            self._process.end()  # the officer may have been starting it again just then
        self._visitor = None

    def said(self) -> str:
        """Say why it is not at rest."""
        why = self.problem or "something still waits"
        return f"{self.label} does not come to rest: {why}; met {self.faults[-3:]}"

    # The officer

    def carry(self) -> None:
        """Have the officer begin to work with it."""
        self._ended.clear()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while not self._ended.is_set():
            try:
                if self._visitor is None:
                    self._open()
                    self._look_again()
                if self.resting.is_set():
                    self._rest()
                else:
                    self.at_rest.clear()
                    self._act()
            except LookupError as error:  # the page is not what it was: the case may have left
                self.faults.append(str(error))
            except GONE:
                self._visitor = None
                self._ended.wait(0.2)
            else:
                self._ended.wait(self.random.uniform(*THINK_SECONDS))

    def _open(self) -> None:
        """Start it if it does not run, and unlock it."""
        process = self._process
        if process is None or not process.is_running():
            process = self._process = self._started()
            self.started()
        said = self._announced(process)
        if (
            said is None or said["event"] != "locked"
        ):  # it is not to be had so: close it, begin again
            process.end()
            raise Gone
        visitor = entered(said["address"])
        visitor.press("/unlock", {"passphrase": PASSPHRASE})
        process.wait_for("unlocked")
        self.unlocked += 1
        self._visitor = visitor

    def _announced(self, process: Process) -> dict[str, Any] | None:
        """Wait until it says that it is locked; nothing when it ends or says nothing for long."""
        for _look in range(LOOKS_MAX):
            said = process.latest("locked", "enrol")
            if said is not None or not process.is_running() or self._ended.wait(LOOK_SECONDS):
                return said
        return None

    def _here(self) -> Visitor:
        if self._visitor is None:
            raise Gone
        return self._visitor

    def _rest(self) -> None:
        """Sync again and again until nothing waits and the copy is what the office's is."""
        here = self._here()
        if self.at_rest.is_set():
            return
        self._sync()
        for _look in range(LOOKS_MAX):
            if self._ended.wait(LOOK_SECONDS):
                return
            said = json.loads(here.open("/sync/progress").body)
            if said["ended"] and not said["running"]:
                break
        self.problem = said["problem"]
        if not self.problem and "nothing waiting" in here.open("/today").text:
            self.at_rest.set()

    def _act(self) -> None:
        acts: list[tuple[Callable[[], None], int]] = [
            (self._visit, 55),
            (self._visit_with_picture, 12),
            (self._edit, 14),
            (self._warn, 2),
            (self._sync, 17),
        ]
        (act,) = self.random.choices([each for each, _ in acts], [weight for _, weight in acts])
        act()

    def _sync(self) -> None:
        here = self._here()
        here.open("/sync")
        here.press("/sync")

    def _case(self) -> str:
        """Open a case of today, and read what stands before it."""
        here = self._here()
        page = here.open("/today" if self.random.random() < 0.5 else "/today/list/unplanned")
        cases = sorted({found[1] for href, _ in page.links if (found := _CASE.search(href))})
        if not cases:
            raise LookupError("the officer has no cases")
        case_id = self.random.choice(cases)
        self._read_warnings(case_id)
        return case_id

    def _read_warnings(self, case_id: str) -> None:
        """Read what stands before a case, without which none of its forms opens."""
        here = self._here()
        page = here.open(f"/cases/{case_id}")
        if any(form.action.endswith("/read") for form in page.forms):
            here.press(f"/cases/{case_id}/read")

    def _visit(self) -> None:
        self._record(self._case(), picture=False)

    def _visit_with_picture(self) -> None:
        self._record(self._case(), picture=True)

    def _record(self, case_id: str, *, picture: bool) -> None:
        here = self._here()
        action = f"/cases/{case_id}/visit"
        page = here.open(action)
        visit_id = _held(page, action, "draft_id")
        mark = self.marks()
        answers = {"outcome": "no_answer", "notes": mark, "do": "save"}
        people = _PEOPLE.findall(page.body)
        if self.random.random() < 0.25 and people:
            answers |= {"number": _number(mark), "number_person_id": people[0]}
        self.told.means("visit", visit_id, mark, case=case_id, device=self.label, answers=answers)
        pictures = _pictures(page)  # of a visit that was begun before and not saved
        if picture:
            sent = {"photograph": ("door.jpg", _jpeg(self.random))}
            here.press(action, {**answers, "do": "photograph", "purpose": "premises"}, sent)
            pictures = _pictures(here.page)
        self._save(here, visit_id, action, answers, pictures)
        if self.random.random() < 0.1:
            here.page = page
            here.press(action, answers)  # a thumb that slipped: the same once more

    def _save(
        self, here: Visitor, id_: str, action: str, answers: Mapping[str, str], pictures: int = 0
    ) -> None:
        self.told.ended(id_, State.MEANT, pictures=pictures)
        page = here.press(action, answers)
        if page.status == OK and page.path == f"/saved/{id_}":
            self.told.ended(id_, pictures=pictures)
        elif page.status == OK:
            self.told.ended(id_, State.REFUSED, page=page.heading)

    def _edit(self) -> None:
        case_id, here = self._case(), self._here()
        action = f"/cases/{case_id}/details"
        page = here.open(action)
        edit_id, mark = _held(page, action, "draft_id"), self.marks()
        answers = {"household": mark}
        self.told.means("edit", edit_id, mark, case=case_id, device=self.label, answers=answers)
        self._save(here, edit_id, action, answers)

    def _warn(self) -> None:
        case_id, here = self._case(), self._here()
        action = f"/cases/{case_id}/warning"
        page = here.open(action)
        marker_id, mark = _held(page, action, "draft_id"), self.marks()
        about = _ABOUT.findall(page.body)
        answers = {
            "risk": self.random.choice(sorted(KINDS)),
            "about": self.random.choice(about),
            "note": mark,
        }
        self.told.means(
            "warning", marker_id, mark, case=case_id, device=self.label, answers=answers
        )
        self._save(here, marker_id, action, answers)

    # After the device died under a press

    def _look_again(self) -> None:
        """Look what became of what was pressed when the device died; what is still a draft is saved."""
        here = self._here()
        for said in list(self._unsure()):
            page = here.open(f"/saved/{said.id}")
            if page.status == OK:
                self.told.ended(said.id)
                continue
            self._read_warnings(said.more["case"])
            action = f"/cases/{said.more['case']}/{_PAGES[said.kind]}"
            page = here.open(action)
            held = next((f for f in page.forms if f.action.endswith(action)), None)
            if held is not None and dict(held.holds).get("draft_id") == said.id:
                self._save(here, said.id, action, said.more["answers"], _pictures(page))
            else:
                self.told.ended(said.id, State.REFUSED, page="nothing was kept")

    def _unsure(self) -> Iterator[Said]:
        for kind in _PAGES:
            for said in self.told.of(kind):
                if said.state is State.MEANT and said.more["device"] == self.label:
                    yield said


_PAGES = {"visit": "visit", "edit": "details", "warning": "warning"}


def _pictures(page: Page) -> int:
    """Count the photographs a page shows."""
    return len(set(_PICTURE.findall(page.body)))


def _held(page: Page, action: str, name: str) -> str:
    return dict(page.form(action).holds)[name]


def _number(mark: str) -> str:
    """Make a number of the range that is kept for stories."""
    return f"07700 900{int(mark.split()[1]) % 1000:03d}"


def _jpeg(random: Random) -> bytes:
    """Take a picture that is like no other, sometimes one of several parts."""
    large = random.random() < 0.15
    picture = Image.effect_noise((900, 700) if large else (220, 160), 60 + 40 * random.random())
    out = BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=92)
    return out.getvalue()
