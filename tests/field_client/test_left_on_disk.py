"""What a device leaves on its drive is read from the raw drive, deleted blocks too: nothing of anybody."""

from __future__ import annotations

import contextlib
import http.client
import os
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from random import Random

import psutil
import pytest
from PIL import Image

from server.demo.visitor import Visitor
from tests.field_client.conftest import ENVIRONMENT
from tests.field_client.drives import FILES, RAW, Drive, FolderDrive, drive_in
from tests.field_client.full_office import FullOffice, seeded_cases, words_of
from tests.field_client.running import PASSPHRASE, RunningDevice, enrol, until
from tests.traces import Traces, writings

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(300)]

PEOPLE = 200
CASES = seeded_cases(PEOPLE)
IN_A_PICTURE = ("Painted gate of Ottoline", "Camera of Barnaby Quill")
"""What a camera wrote into a photograph beside its pixels."""

KILLS = 10
LATEST_KILL_SECONDS = 3.0


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Drive]:
    """Lend a drive of the test's own."""
    with drive_in(tmp_path) as lent:
        yield lent


@pytest.fixture
def office() -> Iterator[FullOffice]:
    """Open an office that has two hundred cases to give."""
    made = FullOffice(CASES[: PEOPLE // 2], CASES[PEOPLE // 2 :])
    yield made
    made.stop()


def photograph() -> bytes:
    """Take a picture of noise, which is large, with words in it where cameras write them."""
    out, tags = BytesIO(), Image.Exif()
    tags[0x010F] = IN_A_PICTURE[1]
    noise = Image.effect_noise((1_200, 900), 90).convert("RGB")
    noise.save(out, "JPEG", quality=95, exif=tags, comment=IN_A_PICTURE[0].encode())
    return out.getvalue()


class Tablet:
    """A real device of which everything lies on one drive, and what its officer typed into it."""

    def __init__(self, drive: Drive) -> None:
        self.drive, self.typed = drive, [PASSPHRASE]
        self.visitor = Visitor("http://127.0.0.1")

    def start(self) -> None:
        """Start it, with its home and everybody's temporary folder on the drive."""
        folder = self.drive.folder
        (folder / "tmp").mkdir(exist_ok=True)
        places = {name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
        temporary = {name: str(folder / "tmp") for name in ("TMPDIR", "SQLITE_TMPDIR")}
        self.running = RunningDevice(
            folder / "home", environment={**ENVIRONMENT, **places, **temporary}
        )

    def enter(self, address: str) -> None:
        """Go in by an address that works once."""
        self.visitor = Visitor(address)
        self.visitor.open(address)
        self.visitor.open("/")

    def take_in(self) -> None:
        """Wait until the last of the office's cases is here."""
        (last,) = CASES[-1][1]["person"].values()
        search = f"/search?q={last['name'].split('-')[-1]}"
        assert until(lambda: last["name"] in self.visitor.open(search).text)

    def work(self, number: int, picture: bytes) -> None:
        """Search, put details right, and record a visit with a photograph."""
        case_id, bodies = CASES[number]
        (person,) = bodies["person"].values()
        self.visitor.open(f"/search?q={person['name'].replace(' ', '+')}")
        household = f"Two lodgers called Peregrine {number}"
        notes = f"Gave me a letter about the flood {number}"
        sought = f"Perpetua Nobody {number}"
        self.typed += [household, notes, sought]
        self.visitor.open(f"/search?q={sought.replace(' ', '+')}")
        self.visitor.open(f"/cases/{case_id}/details")
        self.visitor.press("/details", {"household": household})
        action = f"/cases/{case_id}/visit"
        self.visitor.open(action)
        said = {"outcome": "no_answer", "notes": notes, "purpose": "premises"}
        self.visitor.press(
            action, {**said, "do": "photograph"}, {"photograph": ("door.jpg", picture)}
        )
        saved = self.visitor.press(action, {**said, "do": "save"})
        assert saved.path.startswith("/saved/"), saved.heading

    def lock(self) -> None:
        """Press the button that locks it, and wait until it has."""
        self.visitor.open("/today")
        self.visitor.press("/lock")
        self.running.next_address("locked")

    def kill(self) -> None:
        """End all its processes as a power cut would."""
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in self.running.processes():
                process.kill()

    def traces(self, picture: bytes) -> Traces:
        """Look for all that the office sent and the officer typed, for the picture and its words."""
        middle = len(picture) // 2
        return Traces(
            {*words_of(CASES), *self.typed, *IN_A_PICTURE},
            {"the pixels of the photograph": picture[middle : middle + 64]},
        )


@pytest.mark.proves("T01")
def test_a_drive_shows_nothing_of_a_whole_day_on_a_device(
    drive: Drive, office: FullOffice, record_property: Callable[[str, object], None]
) -> None:
    tablet, picture = Tablet(drive), photograph()
    tablet.start()
    try:
        enrol(tablet.running, office)
        tablet.enter(tablet.running.next_address("unlocked").address)
        tablet.take_in()
        tablet.work(0, picture)
        tablet.work(1, picture)
        tablet.lock()
    finally:
        tablet.running.stop()
    read = drive.read()
    traces = tablet.traces(picture)
    found = traces.found_in(read)
    assert Traces([office.address]).found_in(read), "the device's home was not on this drive"
    record_property("figure", f"{len(found)} of {len(traces.texts)} texts found; {drive.says}")
    record_property("lacks", drive.lacks)
    assert len(traces.texts) > 3 * PEOPLE - 40
    assert found == set()


@pytest.mark.long
@pytest.mark.proves("T02")
def test_a_drive_shows_nothing_after_a_kill_at_any_moment(
    drive: Drive, office: FullOffice, record_property: Callable[[str, object], None]
) -> None:
    tablet, picture, random = Tablet(drive), photograph(), Random(2)
    tablet.start()
    enrol(tablet.running, office)
    tablet.running.next_address("unlocked")
    found: set[str] = set()
    tablet.kill()
    for number in range(KILLS):
        tablet.running.stop()
        tablet.start()
        tablet.enter(tablet.running.next_address("locked").address)
        timer = threading.Timer(random.uniform(0, LATEST_KILL_SECONDS), tablet.kill)
        timer.start()
        with contextlib.suppress(OSError, http.client.HTTPException, LookupError):
            tablet.visitor.press("/unlock", {"passphrase": PASSPHRASE})
            tablet.enter(tablet.running.next_address("unlocked").address)
            for again in range(PEOPLE // KILLS):
                tablet.work(number * PEOPLE // KILLS + again, picture)
        timer.join()
        tablet.running.stop()
        found |= tablet.traces(picture).found_in(drive.read())
        drive.mount()
    record_property("figure", f"{len(found)} texts found after {KILLS} kills; {drive.says}")
    record_property("lacks", drive.lacks)
    assert found == set()


# The reader itself


def write_in_every_way(folder: Path, texts: list[str]) -> None:
    """Write one text each in a way of its own, and see that it has reached the drive."""
    for number, text in enumerate(texts):
        with (folder / str(number)).open("wb") as file:
            file.write(sorted(writings(text))[number])
            file.flush()
            os.fsync(file.fileno())


def test_the_reader_finds_what_was_written_and_deleted_in_each_writing(drive: Drive) -> None:
    ways = len(writings("Ottoline Peregrine"))
    texts = [f"Ottoline Peregrine {number:02}" for number in range(ways)]
    write_in_every_way(drive.folder, texts)
    (drive.folder / "picture.jpg").write_bytes(photograph())
    for number in range(ways):
        (drive.folder / str(number)).unlink()
    read = drive.read()
    assert Traces(IN_A_PICTURE).found_in(read) == set(IN_A_PICTURE)
    assert Traces(texts).found_in(read) == (set() if drive.lacks else set(texts))
    assert Traces(["Nobody wrote this"]).found_in(read) == set()


def test_a_machine_that_mounts_no_image_reads_files_alone_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with drive_in(tmp_path) as drive:
        assert isinstance(drive, FolderDrive)
        assert drive.says == drive.lacks == FILES != RAW
        drive.mount()
        texts = [f"Ottoline Peregrine {number:02}" for number in range(5)]
        write_in_every_way(drive.folder, texts)
        assert Traces(texts).found_in(drive.read()) == set(texts)


def test_a_text_too_short_to_tell_is_not_looked_for() -> None:
    with pytest.raises(ValueError, match="'Ann' is too short"):
        Traces(["Ann"])
