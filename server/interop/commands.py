"""What is asked about imports: begin one, say how it ended, and keep a payer's reference elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from marshmallow import Schema

from shared.catalogue import mark
from shared.commands import PERSONAL, Change, Command
from shared.day_fields import DayField
from shared.errors import register
from shared.fields import Choice, CleanText, IdField, WholeNumber

REFERENCE_MAX = 40
SERVICE_MAX = 60
FILE_NAME_MAX = 200
PROFILE_NAME_MAX = 80

ENDS: dict[str, str] = {
    "done": mark("Taken in"),
    "stopped": mark("Stopped"),
}
"""How an import can end; one that was stopped goes on when the same file is taken in again."""

STATES: dict[str, str] = {"running": mark("Not finished"), **ENDS}
"""Where an import stands."""

register(
    {
        "import.exists": mark("This import has already begun"),
        "import.unknown": mark("This import is not known here: open the list of imports again"),
        "import.ended": mark("This import has already ended"),
        "import.figures": mark("The figures of this import do not add up"),
        "person.reference_taken": mark("Another person has this payer reference already"),
    }
)


@dataclass(frozen=True, kw_only=True)
class RecordPayerReference(Command):
    """Say by which reference another system knows a person."""

    name: ClassVar[str] = "RecordPayerReference"
    person_id: str
    service: str
    reference: str


class RecordPayerReferenceSchema(Schema):
    """How `RecordPayerReference` is written in a message."""

    person_id = IdField(required=True)
    service = CleanText(required=True, characters_max=SERVICE_MAX)
    reference = CleanText(required=True, characters_max=REFERENCE_MAX)


@dataclass(frozen=True, kw_only=True)
class PayerReferenceRecorded(Change):
    """A person is known to another system by a reference."""

    name: ClassVar[str] = "PayerReferenceRecorded"
    person_id: str
    service: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class BeginImport(Command):
    """Begin to take a file in; `sha256` names its bytes and `profile_hash` how they are read."""

    name: ClassVar[str] = "BeginImport"
    import_id: str
    sha256: str
    file_name: str
    profile_name: str
    profile_hash: str
    reported_on: date


class BeginImportSchema(Schema):
    """How `BeginImport` is written in a message."""

    import_id = IdField(required=True)
    sha256 = CleanText(required=True, characters_max=64)
    file_name = CleanText(required=True, characters_max=FILE_NAME_MAX)
    profile_name = CleanText(required=True, characters_max=PROFILE_NAME_MAX)
    profile_hash = CleanText(required=True, characters_max=64)
    reported_on = DayField(required=True)


@dataclass(frozen=True, kw_only=True)
class ImportBegun(Change):
    """Somebody began to take a file in."""

    name: ClassVar[str] = "ImportBegun"
    import_id: str
    sha256: str
    profile_name: str
    profile_hash: str
    reported_on: date
    file_name: str = field(metadata=PERSONAL)


@dataclass(frozen=True, kw_only=True)
class FinishImport(Command):
    """Say how an import ended; read is always created, changed, unchanged and rejected together."""

    name: ClassVar[str] = "FinishImport"
    import_id: str
    end: str
    read: int
    created: int
    changed: int
    unchanged: int
    rejected: int


class FinishImportSchema(Schema):
    """How `FinishImport` is written in a message."""

    import_id = IdField(required=True)
    end = Choice(ENDS, required=True)
    read = WholeNumber(required=True)
    created = WholeNumber(required=True)
    changed = WholeNumber(required=True)
    unchanged = WholeNumber(required=True)
    rejected = WholeNumber(required=True)


@dataclass(frozen=True, kw_only=True)
class ImportFinished(Change):
    """An import ended, with these figures."""

    name: ClassVar[str] = "ImportFinished"
    import_id: str
    end: str
    read: int
    created: int
    changed: int
    unchanged: int
    rejected: int
