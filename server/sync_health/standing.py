"""What is not as it should be with a device, and what to do about it: pure, worst first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType

from server.sync_health.limits import Limits
from shared.catalogue import Sentence, mark
from shared.presentation import LONDON, moment, number
from sync.checkpoints import ALARMS
from sync.protocol import PROTOCOL_VERSION

_SATURDAY = 5


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How one device stands with the office, in counts and times."""

    approved_at: datetime | None
    heard_at: datetime | None
    """When it last spoke, whether or not it was answered."""
    answered_at: datetime | None = None
    waiting: int | None = None
    waiting_since: datetime | None = None
    needs_you: int | None = None
    ahead_seconds: int | None = None
    protocol: int = 0
    refused_code: str | None = None
    refused_at: datetime | None = None
    cases_left: int = 0
    left_since: datetime | None = None
    defects: int = 0
    histories: int = 0
    """How often it held a checkpoint that the office's sealed history does not extend."""

    @property
    def is_turned_away(self) -> bool:
        """Tell whether its last request was turned away or failed."""
        if self.refused_at is None:
            return False
        return self.answered_at is None or self.refused_at > self.answered_at


@dataclass(frozen=True, kw_only=True)
class Need:
    """One reason for somebody to see to a device, and what they can do."""

    code: str
    tone: str
    sentence: Sentence
    action: Sentence


KINDS: Mapping[str, str] = MappingProxyType(
    {
        "history": mark("Shown another history"),
        "turned_away": mark("Turned away"),
        "silent": mark("Not heard from"),
        "unsent": mark("Work waits too long"),
        "left": mark("Cases taken away still on it"),
        "differs": mark("Differed from the office"),
        "clock": mark("Clock wrong"),
        "old": mark("Needs an update"),
        "refusals": mark("Officer has not answered"),
    }
)
"""Why somebody sees to a device, the most pressing first."""

QUIET = frozenset({"refusals"})
"""What is shown on the board but is no alarm."""

CAUSES: Mapping[str, str] = MappingProxyType(
    {
        "device.pending": mark("Nobody has approved it yet"),
        "device.revoked": mark("It was revoked"),
        "device.suspended": mark("Its officer is suspended"),
        "message.too_large": mark("What it sent was too large"),
        "office.fault": mark("The office itself had a fault"),
        "protocol.newer": mark("It has a newer Fieldfare than the office"),
        "protocol.older": mark("Its Fieldfare is too old"),
        "signature.repeated": mark("The same request came twice"),
        "signature.stale": mark("Its clock is too far off"),
        "signature.wrong": mark("The signature was not its own"),
        "store.of_another_device": mark("Its records belong to another device"),
    }
)
"""Why a request was turned away, in words."""

OTHER_CAUSE = mark("What it sent could not be read")
"""Said of every other cause."""

_ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "device.pending": mark("Compare its words with the officer and approve it"),
        "device.revoked": mark("Have it brought back: what is on it is kept"),
        "device.suspended": mark("Reinstate the officer, or have the device brought back"),
        "office.fault": mark("Tell whoever looks after Fieldfare: it tries again by itself"),
        "protocol.newer": mark("Have the office’s Fieldfare updated"),
        "protocol.older": mark("Have Fieldfare updated on it: what was saved is taken first"),
        "signature.stale": mark("Have its date and time set"),
        "store.of_another_device": mark("Do not use it: tell whoever looks after Fieldfare"),
    }
)

HISTORY = frozenset(ALARMS)
"""Kinds of defect that say the sealed history is not what a device saw of it."""

DEFECTS: Mapping[str, str] = MappingProxyType(
    {
        "scope.differs": mark("Its copy was not the office’s: the cases were sent again"),
        "scope.totals": mark("The office’s own sums were wrong: they were put right"),
        "purge.confirmed": mark("It asked again before it erased many cases, and was told to"),
        "epoch.changed": mark("It came from before the office was restored, and was compared"),
        **dict.fromkeys(
            HISTORY, mark("It holds a checkpoint that the sealed history does not extend")
        ),
        "lane.forked": mark("Another copy of its records has spoken"),
    }
)
"""What was noticed between the office and a device, in words."""

OTHER_DEFECT = mark("Something was not as it should be")


def cause(code: str) -> str:
    """Give the words for why a request was turned away."""
    return CAUSES.get(code, OTHER_CAUSE)


def needs_of(standing: Standing, limits: Limits, now: datetime) -> tuple[Need, ...]:
    """List why somebody should see to a device, the most pressing first."""
    found = (
        _history(standing),
        _turned_away(standing),
        _silent(standing, limits, now),
        _unsent(standing, limits, now),
        _left(standing, limits, now),
        _differs(standing),
        _clock(standing, limits),
        _old(standing),
        _refusals(standing),
    )
    return tuple(need for need in found if need is not None)


def working_days(after: date, until: date) -> int:
    """Count the days from Monday to Friday after one day, up to and with another."""
    weeks, rest = divmod(max(0, (until - after).days), 7)
    last = (after + timedelta(days=each) for each in range(1, rest + 1))
    return weeks * 5 + sum(day.weekday() < _SATURDAY for day in last)


def _turned_away(standing: Standing) -> Need | None:
    code = standing.refused_code
    if not standing.is_turned_away or code is None or standing.refused_at is None:
        return None
    return Need(
        code="turned_away",
        tone="red",
        sentence=Sentence(
            mark("%(why)s, last on %(when)s"),
            why=Sentence(cause(code)),
            when=moment(standing.refused_at, say=Sentence),
        ),
        action=Sentence(_ACTIONS.get(code, mark("Tell whoever looks after Fieldfare"))),
    )


def _silent(standing: Standing, limits: Limits, now: datetime) -> Need | None:
    since = standing.heard_at or standing.approved_at
    if since is None:
        return None
    days = working_days(since.astimezone(LONDON).date(), now.astimezone(LONDON).date())
    if days < limits.silent_days:
        return None
    heard = standing.heard_at is not None
    text = mark("Not heard from since %(when)s") if heard else mark("Not heard from at all yet")
    return Need(
        code="silent",
        tone="red",
        sentence=Sentence(text, when=moment(since, say=Sentence)),
        action=Sentence(mark("Ring the officer: is it charged, unlocked and online each day?")),
    )


def _unsent(standing: Standing, limits: Limits, now: datetime) -> Need | None:
    since = standing.waiting_since
    if not standing.waiting or since is None:
        return None
    if now - since < timedelta(hours=limits.unsent_hours):
        return None
    return Need(
        code="unsent",
        tone="red",
        sentence=Sentence(
            mark("Work saved there since %(when)s has not arrived"),
            when=moment(since, say=Sentence),
        ),
        action=Sentence(mark("Ask the officer to sync where the signal is good, and look again")),
    )


def _left(standing: Standing, limits: Limits, now: datetime) -> Need | None:
    since = standing.left_since
    if since is None or now - since < timedelta(hours=limits.purge_hours):
        return None
    return Need(
        code="left",
        tone="orange",
        sentence=Sentence(
            mark("Cases taken away and still on it: %(count)s, the first since %(when)s"),
            count=number(standing.cases_left),
            when=moment(since, say=Sentence),
        ),
        action=Sentence(mark("Ask the officer to sync, and to finish or throw away what is begun")),
    )


def _history(standing: Standing) -> Need | None:
    if not standing.histories:
        return None
    return Need(
        code="history",
        tone="red",
        sentence=Sentence(
            mark("The sealed history is not what this device saw of it. Times noticed: %(count)s"),
            count=number(standing.histories),
        ),
        action=Sentence(
            mark(
                "Tell internal audit and the data protection officer today: the office’s history was"
                " cut short or written anew"
            )
        ),
    )


def _differs(standing: Standing) -> Need | None:
    if not standing.defects:
        return None
    return Need(
        code="differs",
        tone="orange",
        sentence=Sentence(
            mark("It differed from the office and was put right. Times noticed: %(count)s"),
            count=number(standing.defects),
        ),
        action=Sentence(mark("Nothing now; if it comes back, tell whoever looks after Fieldfare")),
    )


def _clock(standing: Standing, limits: Limits) -> Need | None:
    ahead = standing.ahead_seconds
    if ahead is None or abs(ahead) <= limits.clock_minutes * 60:
        return None
    minutes = number(abs(ahead) // 60)
    text = (
        mark("Its clock is %(minutes)s minutes ahead")
        if ahead > 0
        else mark("Its clock is %(minutes)s minutes behind")
    )
    return Need(
        code="clock",
        tone="yellow",
        sentence=Sentence(text, minutes=minutes),
        action=Sentence(mark("Have its date and time set")),
    )


def _old(standing: Standing) -> Need | None:
    if not 0 < standing.protocol < PROTOCOL_VERSION:
        return None
    return Need(
        code="old",
        tone="yellow",
        sentence=Sentence(mark("Its Fieldfare is older than the office’s")),
        action=Sentence(mark("Have Fieldfare updated on it")),
    )


def _refusals(standing: Standing) -> Need | None:
    if not standing.needs_you:
        return None
    return Need(
        code="refusals",
        tone="yellow",
        sentence=Sentence(
            mark("Things refused that the officer has not dealt with: %(count)s"),
            count=number(standing.needs_you),
        ),
        action=Sentence(mark("Ask the officer to open “Outbox”: each says what to do")),
    )
