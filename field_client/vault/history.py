"""Holds the office's sealed history to what this device saw of it: noticed, if it is cut or written anew.

The last checkpoint lies in the vault. Beside a sync the office is asked for its newest; what does not
extend the last is an alarm that stays, and the last is kept as the evidence of what there was.
"""

from __future__ import annotations

from typing import Protocol

from field_client import clock
from field_client.answers import Answer
from field_client.vault.defects import note_defect
from field_client.vault.keys import is_signed_by
from field_client.vault.store import Store
from shared.catalogue import mark
from shared.errors import RuleBroken, register
from sync.checkpoints import (
    CHECKPOINT_PATH,
    UNSETTLED_MAX,
    UNSIGNED,
    WITHHELD,
    Checkpoint,
    CheckpointReply,
    CheckpointRequest,
    amiss,
    read_checkpoint,
    read_reply,
    statement,
    write_checkpoint,
    write_request,
)
from sync.wire import NotAMessage

ASK_SECONDS = 600.0
"""How long to wait before the office is asked again: a checkpoint is signed each hour."""

KNOWN, UNSETTLED, AMISS = "history_known", "history_unsettled", "history_amiss"
"""Where the vault keeps the last checkpoint, how many answers in a row settled nothing, and what was
amiss with the last answer."""

_OK = 200
_KIND = "application/json"

register(
    {
        "sync.history": mark(
            "The office showed this device another history than before. What you saved is kept and"
            " sent: tell your supervisor and the data protection officer today"
        ),
    }
)


class Sender(Protocol):
    """The way out of the vault, as far as this needs it."""

    def send(self, path: str, body: bytes, content_type: str = ...) -> Answer:
        """Carry a request to the office and give its answer."""


class History:
    """What one open vault knows of the office's history."""

    def __init__(self, store: Store, sender: Sender, office_key: str) -> None:
        """Take the vault, the way out, and the key that the office's answers must be signed by."""
        self._store = store
        self._sender = sender
        self._office_key = office_key
        self._asked_at = float("-inf")

    @property
    def known(self) -> Checkpoint | None:
        """Give the last checkpoint this device saw."""
        text = self._store.get(KNOWN)
        return read_checkpoint(text) if text else None

    def check(self) -> RuleBroken | None:
        """Ask the office, where it is time to, and say what an officer has to tell somebody.

        A device that was given no key of the office could not tell its answer from another's.
        """
        now = clock.elapsed_seconds()
        if self._office_key and now - self._asked_at >= ASK_SECONDS:
            self._ask()
            self._asked_at = now
        return RuleBroken("sync.history") if self._store.get(AMISS) else None

    def _ask(self) -> None:
        asked = CheckpointRequest(
            store_id=self._store.store_id(), nonce=clock.new_id(), known=self.known
        )
        answer = self._sender.send(CHECKPOINT_PATH, write_request(asked), _KIND)
        try:
            reply = read_reply(answer.body) if answer.status == _OK else None
        except NotAMessage:
            reply = None
        if reply is None:
            self._unsettled(asked)
        else:
            self._judge(asked, reply)

    def _judge(self, asked: CheckpointRequest, reply: CheckpointReply) -> None:
        """Take an answer in, or note what is amiss with it.

        An answer has to speak of the life of the office that the sync before it spoke of. Where that
        has begun since the last checkpoint, the last stays until one is signed in it.
        """
        wrong = amiss(asked.known, reply)
        if not self._is_genuine(asked, reply):
            wrong = UNSIGNED
        if wrong is not None:
            self._alarm(wrong, asked, reply)
        elif reply.epoch != self._store.epoch():
            self._unsettled(asked)
        elif reply.newest is not None and reply.newest.epoch == reply.epoch:
            with self._store.transaction():
                self._store.put(KNOWN, write_checkpoint(reply.newest))
                self._store.put(UNSETTLED, "0")
                self._store.put(AMISS, "")

    def _is_genuine(self, asked: CheckpointRequest, reply: CheckpointReply) -> bool:
        """Tell whether the office signed the answer, and the key it names the checkpoint."""
        told = statement(asked, reply)
        if not is_signed_by(self._office_key, told, reply.seal):
            return False
        newest = reply.newest
        return newest is None or is_signed_by(newest.public_key, newest.statement, newest.signature)

    def _unsettled(self, asked: CheckpointRequest) -> None:
        """Count an answer that settles nothing, and say so when it is not the first in a row."""
        if asked.known is None:
            return
        times = int(self._store.get(UNSETTLED) or "0") + 1
        self._store.put(UNSETTLED, str(times))
        if times > UNSETTLED_MAX:
            self._alarm(WITHHELD, asked, None)

    def _alarm(self, kind: str, asked: CheckpointRequest, reply: CheckpointReply | None) -> None:
        """Keep what was seen before and what is shown now, which is the evidence."""
        said = "" if reply is None else f"{statement(asked, reply).decode()} {reply.seal}"
        with self._store.transaction() as connection:
            self._store.put(AMISS, kind)
            note_defect(connection, kind, clock.now().isoformat(), said)
