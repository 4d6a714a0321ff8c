"""Devices of officers as their uploads reach the office, and photographs for them to send."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from PIL import Image
from sqlalchemy import func, insert, select
from werkzeug.test import TestResponse

from server.access.tables import DeviceRow
from server.spine import clock
from server.visits.tables import BlobPartRow, BlobRow
from shared.photographs import RecordPhotograph
from shared.schemas import digest
from sync.blobs import BLOB_PATH, PART_BYTES, PART_TYPE, TUS_VERSION, write_metadata
from tests.server.access.tablet import Tablet
from tests.server.day import Day, Household, Someone, new_id

NO_SUCH = f"{BLOB_PATH}/0b0e3c52-3c77-4bd0-8e5b-6b8a4c1d2e3f"


@dataclass
class Phone:
    """A device of an officer, as its uploads reach the office."""

    day: Day
    tablet: Tablet
    device_id: str

    def ask(self, method: str, path: str, body: bytes = b"", **said: str) -> TestResponse:
        """Send one signed request."""
        signed = self.tablet.signed(path, body, method=method)
        headers = {"Tus-Resumable": TUS_VERSION, **said, **signed}
        return self.day.app.test_client().open(path, method=method, data=body, headers=headers)

    def begin(self, photograph_id: str, size_bytes: int, **said: str) -> TestResponse:
        """Ask for an address to send a photograph to."""
        usual = {
            "Upload-Length": str(size_bytes),
            "Upload-Metadata": write_metadata(photograph_id),
        }
        return self.ask("POST", BLOB_PATH, b"", **{**usual, **said})

    def part(self, where: str, start: int, body: bytes, **said: str) -> TestResponse:
        """Send a part."""
        usual = {"Upload-Offset": str(start), "Content-Type": PART_TYPE}
        return self.ask("PATCH", where, body, **{**usual, **said})

    def where(self, where: str) -> int:
        """Ask where an upload stands."""
        answer = self.ask("HEAD", where)
        assert answer.status_code == 200, answer.headers
        return int(answer.headers["Upload-Offset"])

    def deliver(self, photograph_id: str, body: bytes) -> int:
        """Send a photograph from its beginning, and say how much of it the office has then."""
        where = self.begin(photograph_id, len(body)).headers["Location"]
        for start in range(0, len(body), PART_BYTES):
            answer = self.part(where, start, body[start : start + PART_BYTES])
            assert answer.status_code == 204, answer.headers
        return self.where(where)


def phone_of(day: Day, officer: Someone, state: str = "active") -> Phone:
    """Give an officer a device."""
    tablet, device_id = Tablet(), new_id()
    with day.session() as session:
        session.execute(
            insert(DeviceRow).values(
                device_id=device_id,
                officer_id=officer.user_id,
                public_key=tablet.public_key,
                name="Blue tablet 4",
                words="",
                state=state,
                enrolled_at=clock.now(),
            )
        )
    return Phone(day, tablet, device_id)


def noisy(size: tuple[int, int] = (900, 700)) -> bytes:
    """Write a picture of several parts: noise does not compress."""
    out = BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(out, "JPEG", quality=95)
    return out.getvalue()


def record(day: Day, household: Household, body: bytes, by: Someone | None = None) -> str:
    """Record a photograph at a visit, as its device does before any byte is sent."""
    officer, name = by or day.amina, digest(body)
    day.give(
        officer,
        RecordPhotograph(
            photograph_id=name,
            visit_id=day.visit(household.case_id, officer),
            case_id=household.case_id,
            purpose="premises",
            size_bytes=len(body),
        ),
    )
    return name


def kept(day: Day) -> tuple[list[str], int]:
    """Say which photographs are kept, and how many parts."""
    with day.session() as session:
        digests = list(session.scalars(select(BlobRow.digest)))
        return digests, session.scalar(select(func.count()).select_from(BlobPartRow)) or 0


def refusal(answer: TestResponse) -> tuple[int, str]:
    """Read a refusal, which is in a header and in the body alike."""
    code = answer.headers["Fieldfare-Refused"]
    if answer.request.method != "HEAD":
        assert answer.get_json() == {"code": code}
    return answer.status_code, code
