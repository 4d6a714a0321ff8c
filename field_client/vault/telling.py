"""Tells the office the officer's key of this vault, so that it knows whose hand signs from then on."""

from __future__ import annotations

from typing import Protocol

from field_client import clock
from field_client.answers import Answer
from field_client.vault.defects import note_defect
from field_client.vault.store import Store
from shared.catalogue import mark
from shared.errors import RuleBroken, register
from sync.officer_keys import OFFICER_KEY_PATH, OTHER_KEY, OfficerKey, write_officer_key
from sync.wire import NotAMessage, read_json

TOLD = "officer_key_told"
"""Where the vault keeps in which life of the office's database it last told its officer's key."""

_OK = 200
_NOT_FOUND = 404
_KIND = "application/json"

register(
    {
        "sync.officer_key": mark(
            "The office knows another key of yours on this device. What you save is sent, and kept"
            " there for a supervisor to look at: ring your office"
        ),
    }
)


class Sender(Protocol):
    """The way out of the vault, as far as this needs it."""

    def send(self, path: str, body: bytes, content_type: str = ...) -> Answer:
        """Carry a request to the office and give its answer."""


class Telling:
    """What one open vault has told the office of its officer's key."""

    def __init__(self, store: Store, sender: Sender) -> None:
        """Take the vault and the way out."""
        self._store = store
        self._sender = sender
        self._asked_in: set[str | None] = set()
        self._refused: RuleBroken | None = None

    def tell(self) -> RuleBroken | None:
        """Tell the key where it has not been told, and say what an officer has to tell somebody.

        It is told once in each life of the office's database, for one that was restored may have
        forgotten it. An office that does not know what this is hears it again when the vault is next
        opened.
        """
        epoch = self._store.epoch()
        if epoch not in self._asked_in and self._store.get(TOLD) != (epoch or ""):
            self._ask(epoch)
        return self._refused

    def _ask(self, epoch: str | None) -> None:
        own = self._store.own_key()
        if own is None:
            return
        told = OfficerKey(officer_key=own.public_text, office=own.holder.office, proof=own.prove())
        try:
            answer = self._sender.send(OFFICER_KEY_PATH, write_officer_key(told), _KIND)
        except RuleBroken:  # told another time: what waits here goes all the same
            return
        if answer.status == _OK:
            self._store.put(TOLD, epoch or "")
            self._refused = None
        elif answer.status == _NOT_FOUND:
            self._asked_in.add(epoch)
        elif _code(answer) == OTHER_KEY:
            self._asked_in.add(epoch)
            self._refused = RuleBroken("sync.officer_key")
            with self._store.transaction() as connection:
                note_defect(connection, OTHER_KEY, clock.now().isoformat(), own.public_text)


def _code(answer: Answer) -> str:
    try:
        said = read_json(answer.body)
    except NotAMessage:
        return ""
    return str(said.get("code", "")) if isinstance(said, dict) else ""
