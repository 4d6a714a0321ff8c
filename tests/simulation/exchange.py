"""How a simulated device and office talk: each request and each reply meets its own fate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import RuleBroken
from sync.protocol import ENVELOPES_MAX, RECORDS_MAX, Reply
from sync.signatures import check_digest
from sync.wire import NotAMessage, read_reply, read_request, write_reply, write_request
from tests.simulation import calls, mishaps
from tests.simulation.broken import Broken
from tests.simulation.device import Attempt, Device
from tests.simulation.network import Message
from tests.simulation.office import Call, Suspended

if TYPE_CHECKING:
    from tests.simulation.story import Story

SYNCS_AT_ONCE = 2
"""Syncs one device may have under way: the one in the background, and the one a person asked for."""

ROUNDS_QUIET_MAX = 100
"""Requests after which a sync with nothing in its way ought to have ended long ago."""

STATEMENTS = 70
"""Statements of a conversation that it may be held before."""


LOOKS = {
    "arrives twice": "P5",
    "is cut short": "P5",
    "is damaged": "P5",
    "is not the office's": "P23",
}
"""The promise that each fate of a message puts to the test."""


def begin_sync(story: Story) -> None:
    """Have a device ask for its next page, with small pages so that their ends fall everywhere."""
    idle = [device for device in story.devices if not device.attempts]
    device = story.some_device()
    if idle and story.random.random() < 0.6:
        device = story.random.choice(idle)
    if len(device.attempts) >= SYNCS_AT_ONCE:
        device.give_up(device.attempts[0])
    records_max = story.random.choice((1, 2, 3, 5, 7, RECORDS_MAX))
    envelopes_max = story.random.choice((1, 2, 3, ENVELOPES_MAX))
    attempt = device.begin_sync(records_max, envelopes_max)
    story.note(f"{device.label} begins sync {attempt.number}")
    _send_request(story, device, attempt)


def _send_request(story: Story, device: Device, attempt: Attempt) -> None:
    assert attempt.request is not None, "a sync that goes on has a request"
    body = write_request(attempt.request)
    story.network.send(to_office=True, device=device, attempt=attempt, body=body)


def deliver(story: Story) -> None:
    """Let one message on its way meet its fate."""
    message, fate, body = story.network.next()
    story.note(f"{message} {fate}")
    if looked := LOOKS.get(fate):
        story.watch.looked_at(looked)
    if body is not None and message.to_office:
        _at_the_office(story, message, body)
    elif body is not None:
        _at_the_device(story, message, body)


def _at_the_office(story: Story, message: Message, body: bytes) -> None:
    """Let the office answer a request, unless what arrived is not what was signed."""
    device = message.device
    try:
        check_digest(message.digest, body)
        request = read_request(body)
    except (RuleBroken, NotAMessage):
        _refused(story, message, "the office cannot read it")
        return
    hold = calls.hold(story, STATEMENTS, 0.25)
    call = story.office.conversation(request, device.actor, story.now, hold)

    def ended() -> None:
        reply = _reply_of(story, call)
        if reply is None:
            _refused(story, message, "the office is busy")
            return
        story.watch.page_given(device, request, reply)
        story.network.send(
            to_office=False,
            device=device,
            attempt=message.attempt,
            body=write_reply(reply, request.envelopes),
        )

    calls.run(story, call, ended)


def _reply_of(story: Story, call: Call) -> Reply | None:
    """Take a call's reply; None when the office was busy, stopped, or would not hear the officer."""
    if call.is_busy or call.was_lost or isinstance(call.failure, Suspended):
        return None
    if call.failure is not None:
        raise Broken("P0", f"the office failed: {call.failure!r}") from call.failure
    assert isinstance(call.answer, Reply), "a conversation answers with a reply"
    return call.answer


def _refused(story: Story, message: Message, why: str) -> None:
    """Let a device know that a request got nowhere; what it asks next begins anew."""
    story.note(f"{message}: {why}")
    message.device.give_up(message.attempt)


def _at_the_device(story: Story, message: Message, body: bytes) -> None:
    """Give a reply to the sync it answers, or, coming late, to another one or to none."""
    device, attempt = message.device, message.attempt
    if attempt not in device.attempts or attempt.exchange != message.exchange:
        if not device.attempts:
            story.note(f"{message} finds nobody waiting")
            if story.random.random() < 0.6:
                story.network.on_the_way.append(message)
            return
        attempt = story.random.choice(device.attempts)
        story.note(f"{message} is taken for the answer to sync {attempt.number}")
    try:
        reply = read_reply(body, sent_by(attempt))
    except NotAMessage:
        story.note(f"{message} cannot be read")
        device.give_up(attempt)
        return
    _take(story, device, attempt, reply)


def sent_by(attempt: Attempt) -> tuple[bytes, ...]:
    """Give the envelopes of the request that a sync waits for the answer to."""
    return attempt.request.envelopes if attempt.request else ()


def _take(story: Story, device: Device, attempt: Attempt, reply: Reply) -> None:
    """Take a reply in, at times with the disk failing in the middle of it."""
    mishaps.let_the_disk_fail(story, device)
    goes_on = False
    try:
        goes_on = device.take(attempt, reply)
    except mishaps.FAILED as failure:
        mishaps.disk_failed(story, device, "takes the reply in", failure)
    except RuleBroken as refusal:
        story.note(f"{device.label} cannot take the reply in: {refusal.code}")
        story.watch.looked_at("P13")
        if not device.disk.has_power:
            mishaps.disk_failed(story, device, "takes the reply in", refusal)
        device.give_up(attempt)
    device.disk.forget()
    story.watch.device_holds(device)
    if goes_on:
        _send_request(story, device, attempt)


def sync_at_once(story: Story, device: Device) -> None:
    """Run one whole sync with nothing in its way."""
    attempt = device.begin_sync(RECORDS_MAX, ENVELOPES_MAX)
    for _round in range(ROUNDS_QUIET_MAX):
        assert attempt.request is not None, "a sync that goes on has a request"
        request = read_request(write_request(attempt.request))
        call = story.office.conversation(request, device.actor, story.now, None)
        story.office.go_on(call)
        story.watch.office_moved()
        reply = _reply_of(story, call)
        if reply is None:
            raise Broken("P19", f"{device.label} is turned away with nobody in the way")
        story.watch.page_given(device, request, reply)
        goes_on = device.take(
            attempt, read_reply(write_reply(reply, request.envelopes), request.envelopes)
        )
        story.watch.device_holds(device)
        if not goes_on:
            return
    raise Broken("P19", f"{device.label} asks again and again with nobody in the way")
