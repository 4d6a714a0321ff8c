"""Somebody who takes files of accounts in: the bulk work that a worker does, killed in the middle of it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from server.demo.visitor import Page
from tests.torture.somebody import OK, Leaves, Somebody
from tests.torture.told import Said, State

ROWS = 120
PENCE = 12_345
BETWEEN_SECONDS = 20.0
LOOK_SECONDS = 0.7
_PROFILE = "fieldfare-accounts"
_HEADINGS = (
    "account_reference,debt_type,payer_title,payer_forenames,payer_surname,debt_reference,"
    "period_from,charged,balance,reported_on"
)


@dataclass(kw_only=True)
class Filing(Somebody):
    """One person's files, one after the other; each is taken in until the office says that it was."""

    again: int = 0

    def said(self) -> str:
        """Say that they are not at rest."""
        return (
            f"a file of {self.who} was not taken in: {self.faults[-1:] or 'its job has not ended'}"
        )

    def work(self) -> None:
        """Take in what is unfinished first, then a new file."""
        wait = 0.0
        while not self.ended.wait(wait):
            wait = LOOK_SECONDS
            try:
                unfinished = [s for s in self.told.of("file") if s.state is State.MEANT]
                if unfinished:
                    self.at_rest.clear()
                    self._take_in(unfinished[0])
                elif self.resting.is_set():
                    self.at_rest.set()
                else:
                    mark = self.marks()
                    self.told.means("file", mark, mark, rows=ROWS, pence=PENCE)
                    self._take_in(Said("file", mark, mark))
                    wait = BETWEEN_SECONDS if not self.resting.is_set() else LOOK_SECONDS
            except Leaves:
                return
            except LookupError as error:
                self.faults.append(str(error))
                self.again += 1

    def _take_in(self, said: Said) -> None:
        """Send a file, have it checked, have it taken in; said to be done only when the job says so."""
        new = self.browser.open("/imports/new")
        content = written(said.mark, ROWS)
        shown = self.browser.press(
            new, "/imports/new", {"profile": _PROFILE}, {"file": ("accounts.csv", content)}
        )
        where = shown.path
        job = self.browser.press(shown, where, {"act": "check"})
        if not self._wait_for(job):
            self.again += 1
            return
        found = self.browser.open(f"{where}/check")
        job = self.browser.press(found, f"{where}/take", {})
        if self._wait_for(job):
            self.told.ended(said.id)
        else:
            self.again += 1

    def _wait_for(self, job: Page) -> bool:
        """Look at a job's page until it has ended; tell whether it was done."""
        if job.status != OK or not job.path.startswith("/jobs/"):
            raise LookupError(f"no job began: {job.status} {job.path} {job.heading}")
        while not self.ended.wait(LOOK_SECONDS):
            said = json.loads(self.browser.open(f"{job.path}/progress").body)
            if said["ended"]:
                return said["state"] == "Done"
        raise Leaves


def reference(mark: str, row: int) -> str:
    """Name an account of a file so that it is found again."""
    return f"F{mark.split()[1]}-{row}"


def written(mark: str, rows: int) -> bytes:
    """Write a file of accounts, each with one debt."""
    lines = [_HEADINGS]
    for row in range(rows):
        lines.append(
            f"{reference(mark, row)},council_tax,Ms,Torty,Tested{mark.split()[1]}x{row},2026/27,"
            f"2026-04-01,{PENCE / 100:.2f},{PENCE / 100:.2f},2026-11-01"
        )
    return ("\n".join(lines) + "\n").encode()
