"""A checkpoint extends the last a device saw, or it is said how it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.schemas import canonical
from sync.checkpoints import (
    FORKED,
    OTHER_KEY,
    OTHER_LIFE,
    OTHER_LOG,
    SHORTER,
    Checkpoint,
    CheckpointReply,
    CheckpointRequest,
    amiss,
    members_of,
    read_checkpoint,
    read_reply,
    read_request,
    statement,
    write_checkpoint,
    write_request,
)
from sync.wire import NotAMessage

LOG, EPOCH, OTHER = (f"{number}0000000-0000-4000-8000-000000000000" for number in (1, 2, 3))
KNOWN = Checkpoint(
    log_id=LOG,
    epoch=EPOCH,
    entries=40,
    head="a" * 64,
    at="2027-03-04T10:00:00.000000+00:00",
    public_key="k" * 43,
    signature="c2lnbmVk",
)
LATER = replace(KNOWN, entries=50, head="b" * 64)
HONEST = CheckpointReply(epoch=EPOCH, newest=LATER, head=KNOWN.head)


def test_a_history_that_grew_extends_what_was_known() -> None:
    assert amiss(KNOWN, HONEST) is None
    assert amiss(KNOWN, replace(HONEST, newest=KNOWN)) is None
    assert amiss(None, replace(HONEST, head=None)) is None


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        (replace(HONEST, newest=None), SHORTER),
        (replace(HONEST, newest=replace(LATER, entries=39)), SHORTER),
        (replace(HONEST, head=None), SHORTER),
        (replace(HONEST, head="c" * 64), FORKED),
        (replace(HONEST, newest=replace(KNOWN, head="c" * 64)), FORKED),
        (replace(HONEST, newest=replace(LATER, log_id=OTHER)), OTHER_LOG),
        (replace(HONEST, newest=replace(LATER, public_key="m" * 43)), OTHER_KEY),
        (replace(HONEST, newest=replace(LATER, epoch=OTHER)), OTHER_LIFE),
    ],
)
def test_a_history_that_does_not_extend_what_was_known_is_named(
    shown: CheckpointReply, code: str
) -> None:
    assert amiss(KNOWN, shown) == code


def test_a_restored_office_may_have_lost_what_was_known_but_is_no_other_log() -> None:
    restored = replace(
        HONEST, epoch=OTHER, head=None, newest=replace(LATER, epoch=OTHER, entries=30)
    )
    assert amiss(KNOWN, restored) is None
    assert amiss(KNOWN, replace(restored, newest=None)) is None, "to before its first checkpoint"
    assert amiss(KNOWN, replace(restored, newest=replace(LATER, log_id=OTHER))) == OTHER_LOG


def test_each_message_is_read_as_it_was_written() -> None:
    asked = CheckpointRequest(store_id=LOG, nonce=OTHER, known=KNOWN)
    assert read_request(write_request(asked)) == asked
    assert read_request(write_request(replace(asked, known=None))).known is None
    assert read_checkpoint(write_checkpoint(KNOWN)) == KNOWN
    reply = replace(HONEST, seal="c2VhbA==")
    assert read_reply(canonical({**members_of(reply), "seal": reply.seal})) == reply
    assert statement(asked, reply) != statement(replace(asked, nonce=LOG), reply)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"nonce": 1}', b"\xff", b'{"known": {}}'])
def test_what_is_no_message_is_refused(body: bytes) -> None:
    for read in (read_request, read_reply):
        with pytest.raises(NotAMessage):
            read(body)
