"""Ends processes of a real office and its devices at random points, and counts what came of everything."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from tests.torture import incidents, vaults
from tests.torture.counting import DOUBLED, LOST, SHOWN_MAX, WRONG, Finding, Office, count
from tests.torture.kept import Kept
from tests.torture.scene import CannotGoOn, Scene
from tests.torture.told import State, Told

LEAST_SECONDS = (0.1, 1.5)
WORK_MAX = 16
MOST_SECONDS = 8.0
"""When the next kill comes: after a moment, and once so much has been meant and told again, drawn from
nothing at all (so that one kill falls into another's recovery) to this; on a slow machine, after so long.
"""

COUNT_EVERY = 100
"""Kills after which everything comes to rest and is counted."""

TARGETS = {
    "device": 20,
    "vault": 15,
    "keeper": 10,
    "web": 20,
    "worker": 15,
    "postmaster": 12,
    "session": 8,
}
"""What is killed, and how often of a hundred."""

ANSWER_LOOKS_MAX = 300
LOOK_SECONDS = 0.05

Tell = Callable[[int, str], None]
"""Told how many kills there were, and what is going on."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """How a run ended."""

    kills: int
    by_target: dict[str, int]
    commands: int
    told: int
    photographs: int
    lost: int
    doubled: int
    wrong: int
    stuck: int
    counted: int
    fell: dict[str, int]
    incidents: dict[str, int]
    lines: dict[str, int]
    seconds: float
    seed: int
    home: str
    findings: list[Finding] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Tell whether nothing was lost or doubled, and nothing else was amiss."""
        return not (self.lost or self.doubled or self.wrong or self.stuck)

    def written(self) -> str:
        """Write it as one line of JSON."""
        return json.dumps(asdict(self))

    def sentences(self) -> list[str]:
        """Say it for a person: what was found, and where to look."""
        found = [f"{each.kind}: {each.what}: {each.where}" for each in self.findings]
        figures = (
            f"{self.kills} kills, {self.told} things said to be saved, {self.commands} commands"
        )
        ending = f"{self.lost} lost, {self.doubled} doubled, {self.wrong} wrong, {self.stuck} stuck"
        where = [] if self.clean else [f"Everything is kept in {self.home}: look there."]
        return [*found, f"{figures}: {ending}, in {self.seconds:.0f} s", *where]


def torture(home: Path, kills: int, *, seed: int, resume: bool, tell: Tell) -> Report:
    """Run until so many processes were killed; raises CannotGoOn when that is not possible.

    Everything lies in `home`; a run that was interrupted is gone on with when asked to `resume`.
    """
    state = home / "state.json"
    kept = Kept.read(state)
    if resume and (kept is None or not kept.made):
        raise CannotGoOn(
            "There is no interrupted run here to go on with: start one without --resume."
        )
    if not resume and kept is not None and kept.made and not kept.ended:
        raise CannotGoOn(
            f"A run was interrupted after {kept.kills} kills: go on with it with --resume, "
            f"or delete {home}."
        )
    if not resume or kept is None:
        shutil.rmtree(home, ignore_errors=True)
        kept = Kept(seed=seed)
    home.mkdir(parents=True, exist_ok=True, mode=0o711)
    return _Run(Scene(home, kept, Told(home / "told.jsonl")), kills, state, tell).run()


@dataclass
class _Run:
    """One run, from where it was left to its last kill."""

    scene: Scene
    kills: int
    state: Path
    tell: Tell
    findings: list[Finding] = field(default_factory=list)
    restless: list[str] = field(default_factory=list)
    _figures: dict[str, int] = field(default_factory=dict)

    def run(self) -> Report:
        """Kill and count by turns; what is amiss ends the run there, with everything as it was."""
        kept, before, began = self.scene.kept, self.scene.kept.seconds, time.monotonic()
        with ExitStack() as stack:
            try:
                self.tell(kept.kills, "making a council and its devices")
                self.scene.stand_up(stack)
                while kept.kills < self.kills and not self._is_amiss():
                    self._kill(min(self.kills, (kept.kills // COUNT_EVERY + 1) * COUNT_EVERY))
                    self._rest_and_count()
                kept.ended = True
            finally:
                kept.seconds = before + time.monotonic() - began
                kept.write(self.state)
        return self._report()

    def _is_amiss(self) -> bool:
        return bool(self.findings or self.restless)

    def _kill(self, until: int) -> None:
        kept, random = self.scene.kept, self.scene.random("kills")
        for line in self.scene.lines:
            line.fair = False
        while kept.kills < until:
            self._wait(random)
            (target,) = random.choices(list(TARGETS), list(TARGETS.values()))
            if self.scene.end(target, random):
                kept.kills += 1
                kept.by_target[target] = kept.by_target.get(target, 0) + 1
                kept.write(self.state)
                self.tell(kept.kills, target)

    def _wait(self, random: Random) -> None:
        """Let people work for a while that follows how fast this machine is."""
        told = self.scene.told
        enough = told.written + random.randint(0, WORK_MAX)
        latest = time.monotonic() + MOST_SECONDS
        time.sleep(random.uniform(*LEAST_SECONDS))
        while told.written < enough and time.monotonic() < latest:
            time.sleep(LOOK_SECONDS)

    def _rest_and_count(self) -> None:
        """Let everything come to rest and count; begin again unless it is the end."""
        kept = self.scene.kept
        self.tell(kept.kills, "coming to rest")
        self.restless = self.scene.rest()
        self.tell(kept.kills, "counting")
        engine = self.scene.engine()
        _wait_until_it_answers(engine)
        self.findings = count(engine, self.scene.told)
        office = Office(engine)
        for device in self.scene.devices:
            officer_id = self.scene.officers[device.officer]
            self.findings += vaults.check(office, device.folder, officer_id, device.label)
        self._figures = {
            name: int(office.rows(f"SELECT count(*) FROM {name}")[0][0])  # noqa: S608 - our own words
            for name in ("command", "blob")
        }
        engine.dispose()
        kept.counted += 1
        if kept.kills < self.kills and not self._is_amiss():
            self.scene.go_on()

    def _report(self) -> Report:
        scene, kept = self.scene, self.scene.kept
        kinds = Counter(each.kind for each in self.findings)
        lines: Counter[str] = Counter()
        for line in scene.lines:
            lines.update({fate.value: number for fate, number in line.met.items()})
        stuck = [
            Finding(kind="stuck", what=said, where=str(scene.folder)) for said in self.restless
        ]
        return Report(
            kills=kept.kills,
            by_target=kept.by_target,
            commands=self._figures.get("command", 0),
            told=scene.told.count(State.TOLD),
            photographs=self._figures.get("blob", 0),
            lost=kinds[LOST],
            doubled=kinds[DOUBLED],
            wrong=kinds[WRONG],
            stuck=len(stuck),
            counted=kept.counted,
            fell={each.name: each.fell for each in (scene.web, scene.worker)},
            incidents=dict(incidents.of_devices(scene.folder) + incidents.of_office(scene.home)),
            lines=dict(lines),
            seconds=round(kept.seconds, 1),
            seed=kept.seed,
            home=str(scene.folder),
            findings=[*self.findings, *stuck][:SHOWN_MAX],
        )


def _wait_until_it_answers(engine: Engine) -> None:
    """Wait until the office's database answers, which it must do by itself."""
    for look in range(ANSWER_LOOKS_MAX):
        try:
            with engine.connect():
                return
        except DBAPIError:
            if look == ANSWER_LOOKS_MAX - 1:
                raise
            time.sleep(0.1)
