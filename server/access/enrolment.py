"""Codes that enrol a device: made, read as people type them, and kept only as a slow hash."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.access.tables import DeviceRow, OfficeKeyRow, TicketRow

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, which are misread or spell things."""

CODE_CHARACTERS = 8
"""Characters of a code: 40 bits, for 15 minutes, at ten guesses in five of them."""

KEY_BYTES = 32
"""Bytes of the office's own number."""

_ROUNDS = 100_000  # about 50 ms, so that whoever reads the table cannot run through 40 bits in time
_ENROLMENT = "enrolment"
_MEANT = str.maketrans("OIL", "011")


def new_code() -> str:
    """Make a code."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_CHARACTERS))


def in_halves(code: str) -> str:
    """Write a code as people read it out: 7K3M 9QXV."""
    half = CODE_CHARACTERS // 2
    return f"{code[:half]} {code[half:]}"


def read_code(typed: str) -> str | None:
    """Read a code as typed: any case, spaces and hyphens, O for 0, I or L for 1."""
    typed = re.sub(r"[\s-]", "", typed)
    code = typed.upper().translate(_MEANT) if typed.isascii() else ""
    return code if len(code) == CODE_CHARACTERS and set(code) <= set(ALPHABET) else None


def hash_code(code: str, own_key: bytes) -> str:
    """Hash a code slowly, so that the table does not give it away while it is good."""
    return hashlib.pbkdf2_hmac("sha256", code.encode("ascii"), own_key, _ROUNDS).hex()


def office_key(session: Session) -> bytes:
    """Give the number this office keeps for ever, which its enrolment words are made with."""
    found = session.scalar(select(OfficeKeyRow.value).where(OfficeKeyRow.name == _ENROLMENT))
    if found is not None:
        return found
    session.execute(
        insert(OfficeKeyRow)
        .values(name=_ENROLMENT, value=secrets.token_bytes(KEY_BYTES))
        .on_conflict_do_nothing()
    )
    return session.scalars(select(OfficeKeyRow.value).where(OfficeKeyRow.name == _ENROLMENT)).one()


class Ticket(NamedTuple):
    """A code that was given out, and to whom."""

    ticket_id: str
    officer_id: str


def find_ticket(session: Session, typed: str) -> Ticket | None:
    """Find whose code was typed; whether it is still good is for the rule to say."""
    code = read_code(typed)
    if code is None:
        return None
    hashed = hash_code(code, office_key(session))
    row = session.scalars(select(TicketRow).where(TicketRow.code_hash == hashed)).one_or_none()
    return Ticket(row.ticket_id, row.officer_id) if row else None


def find_device(session: Session, public_key: bytes, ticket_id: str) -> DeviceRow | None:
    """Find the device that has this key, if it was enrolled with this code."""
    found = select(DeviceRow).where(
        DeviceRow.public_key == public_key, DeviceRow.ticket_id == ticket_id
    )
    return session.scalars(found).one_or_none()
