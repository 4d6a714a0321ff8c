"""The page on the protocol says what the program does: every message, field, limit, outcome and code."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import sync
from field_client import bringing, rounds
from field_client.vault import absorbing, sealed_photographs
from field_client.vault.outbox import State
from server.sealed_work import photographs, taking
from shared import schemas
from shared.commands import Lane, Outcome
from sync import (
    attachments,
    blob_session,
    blobs,
    checkpoints,
    leases,
    officer_keys,
    protocol,
    rescue,
    scope,
    sealed,
    session,
    shapes,
    signatures,
    wipes,
    wire,
)
from sync.attachments import Bringing, SealedPhotograph
from sync.checkpoints import Checkpoint, CheckpointReply, CheckpointRequest
from sync.leases import LeaseReply, LeaseRequest
from sync.officer_keys import Holder, OfficerKey
from sync.protocol import (
    CaseTotal,
    Clock,
    Envelope,
    Page,
    Place,
    Position,
    Purge,
    Receipt,
    Record,
    Reply,
    Report,
    Request,
    Total,
    Whole,
)
from sync.rescue import Rescue
from sync.sealed import SealedCopy
from sync.wipes import WipeOrder, WipeReceipt

ROOT = Path(sync.__path__[0]).parent
PAGE = (ROOT / "docs" / "sync-protocol.md").read_text()
MODULES = (
    protocol,
    wire,
    shapes,
    scope,
    session,
    signatures,
    blobs,
    blob_session,
    leases,
    sealed,
    wipes,
    rescue,
    attachments,
    checkpoints,
    officer_keys,
)
SOURCES = (
    *sorted((ROOT / "sync").glob("*.py")),
    *(p for p in sorted((ROOT / "server" / "sync_api").glob("*.py")) if p.stem != "tables"),
    ROOT / "server" / "access" / "device_requests.py",
    ROOT / "server" / "access" / "officer_key_api.py",
    ROOT / "server" / "leasing" / "lending.py",
    ROOT / "server" / "sealed_work" / "taking.py",
    ROOT / "server" / "sealed_work" / "device_api.py",
    ROOT / "server" / "sealed_work" / "photographs.py",
    ROOT / "server" / "wiping" / "device_api.py",
    ROOT / "field_client" / "vault" / "absorbing.py",
)
CODE = re.compile(
    r'"((?:protocol|history|message|signature|device|store|envelope|sealed|wipe|lane|command|blob|lease|scope|purge|epoch'
    r'|receipt|officer_key)\.[a-z_]+)"'
)
MESSAGES = (
    Request,
    Report,
    Envelope,
    Clock,
    Reply,
    Position,
    Receipt,
    Page,
    Record,
    Purge,
    Total,
    CaseTotal,
    Whole,
    Place,
    LeaseRequest,
    LeaseReply,
)
BESIDE = (
    SealedCopy,
    SealedPhotograph,
    Bringing,
    Rescue,
    WipeOrder,
    WipeReceipt,
    CheckpointRequest,
    CheckpointReply,
    Checkpoint,
    OfficerKey,
    Holder,
)
"""What travels beside a sync."""


def limits() -> dict[str, float]:
    """List every number the protocol names, and the one its words are kept by."""
    found: dict[str, float] = {
        "DEPTH_MAX": schemas.DEPTH_MAX,
        "DRAFT_DAYS": absorbing.DRAFT_DAYS,
        "KEPT_DAYS": absorbing.KEPT_DAYS,
        "HELD_MAX": taking.HELD_MAX,
        "PHOTOGRAPHS_MAX": photographs.PHOTOGRAPHS_MAX,
        "COMING_SECONDS": photographs.COMING_SECONDS,
        "SEALED_BYTES_MAX": sealed_photographs.SEALED_BYTES_MAX,
        "ASKINGS_MAX": bringing.ASKINGS_MAX,
        "CHECK_IN_SECONDS": rounds.CHECK_IN_SECONDS,
        "ERASING_SECONDS": rounds.ERASING_SECONDS,
    }
    for module in MODULES:
        found.update(_numbers_of(module))
    return found


def _numbers_of(module: ModuleType) -> dict[str, float]:
    written = Path(str(module.__file__)).read_text()
    own = re.findall(r"^([A-Z][A-Z_]*) = ", written, re.MULTILINE)
    return {name: v for name in own if isinstance(v := getattr(module, name), int | float)}


def section(name: str) -> str:
    """Give the part of the page under the heading that names a message."""
    parts = re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]
    found = [part for part in parts if re.search(rf"\b{name}\b", part.split("\n", 1)[0])]
    assert len(found) == 1, f"one heading of the page names {name}"
    return re.split(r"^## ", found[0], flags=re.MULTILINE)[0]


@pytest.mark.parametrize("message", MESSAGES + BESIDE, ids=lambda message: message.__name__)
def test_every_field_of_every_message_is_on_the_page(message: Any) -> None:
    said = section(message.__name__)
    names = [each.name for each in fields(message)] if is_dataclass(message) else message._fields
    missing = [name for name in names if f"`{name}`" not in said]
    assert missing == []


def test_every_message_of_the_protocol_is_on_the_page() -> None:
    ours = {
        value
        for module in (protocol, leases)
        for value in vars(module).values()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and (is_dataclass(value) or hasattr(value, "_fields"))
    }
    assert ours == set(MESSAGES)


def test_every_limit_is_on_the_page_with_its_value() -> None:
    written = {
        name: float(value.replace(",", ""))
        for name, value in re.findall(r"^\| `([A-Z_]+)` \| ([0-9.,]+) ", PAGE, re.MULTILINE)
    }
    assert written == limits()


@pytest.mark.parametrize("kind", [Outcome, State, Lane], ids=lambda kind: kind.__name__)
def test_every_outcome_state_and_lane_is_on_the_page(kind: type[Outcome | State | Lane]) -> None:
    assert [word.value for word in kind if f"`{word.value}`" not in PAGE] == []


def test_every_code_is_on_the_page() -> None:
    used = {code for source in SOURCES for code in CODE.findall(source.read_text())}
    assert len(used) > 30
    assert sorted(code for code in used if f"`{code}`" not in PAGE) == []


def test_the_page_names_no_code_that_the_program_does_not_know() -> None:
    everything = "".join(
        path.read_text()
        for folder in ("sync", "server", "shared", "field_client")
        for path in (ROOT / folder).rglob("*.py")
    )
    said = {code.strip('"') for code in re.findall(CODE.pattern.replace('"', "`"), PAGE)}
    unknown = [code for code in sorted(said) if f'"{code}"' not in everything]
    stated = [code for code in unknown if not code.startswith("device.")]
    assert stated == [], "the states of a device are made into codes as they come"
