"""A lane is one unbroken chain: what follows on is taken, and nothing else, in whatever order it comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.commands import Lane
from sync.hub import next_in_line
from sync.protocol import GENESIS, Envelope, Position
from sync.wire import chain_hash, read_envelope, write_envelope
from tests.sync.messages import ENVELOPE

often = settings(max_examples=200, deadline=None, derandomize=True)


@dataclass(frozen=True)
class Chain:
    """Some envelopes of one lane, and the hash after each."""

    envelopes: tuple[Envelope, ...]
    heads: tuple[str, ...]


def chain(lane: Lane, length: int, word: str = "") -> Chain:
    """Write a lane's first envelopes, each naming the one before."""
    heads = [GENESIS]
    envelopes = []
    for seq in range(1, length + 1):
        written = write_envelope(
            {
                **ENVELOPE,
                "lane": lane.value,
                "seq": seq,
                "prev": heads[-1],
                "body": {"word": word, "seq": seq},
            }
        )
        envelopes.append(read_envelope(written))
        heads.append(chain_hash(heads[-1], written))
    return Chain(tuple(envelopes), tuple(heads))


@pytest.mark.proves("T35")
@often
@given(st.integers(0, 8), st.integers(0, 8), st.data())
def test_what_follows_on_is_taken_in_order_however_it_arrives(
    length: int, stands_at: int, data: Any
) -> None:
    ordinary, urgent = chain(Lane.ORDINARY, length), chain(Lane.URGENT, length)
    at = min(stands_at, length)
    sent = [*ordinary.envelopes, *urgent.envelopes]
    arriving = data.draw(st.permutations(sent)) if sent else []
    missing = data.draw(st.sets(st.integers(0, max(len(arriving) - 1, 0)), max_size=3))
    arriving = [envelope for n, envelope in enumerate(arriving) if n not in missing]
    positions = {Lane.ORDINARY: Position(seq=at, head=ordinary.heads[at])}

    taken = next_in_line(arriving, dict(positions))

    for lane, begins in ((Lane.ORDINARY, at), (Lane.URGENT, 0)):
        seqs = [envelope.seq for envelope in taken if envelope.lane == lane]
        there = {envelope.seq for envelope in arriving if envelope.lane == lane}
        wanted: list[int] = []
        while (following := begins + len(wanted) + 1) in there:
            wanted.append(following)
        assert seqs == wanted
    order = [envelope.lane for envelope in taken]
    assert order == sorted(order, key=lambda lane: lane != Lane.URGENT), "urgent first"


@pytest.mark.proves("T35")
@often
@given(st.integers(1, 6), st.integers(1, 6))
def test_a_copied_vault_that_went_its_own_way_is_not_taken(length: int, forks_at: int) -> None:
    """Both copies agree up to some point; from there on only the one that came first is taken."""
    ours = chain(Lane.ORDINARY, length)
    theirs = chain(Lane.ORDINARY, length, word="theirs")
    at = min(forks_at, length)
    positions = {Lane.ORDINARY: Position(seq=at, head=ours.heads[at])}

    assert next_in_line(theirs.envelopes, positions) == ()


@pytest.mark.proves("T35")
@often
@given(st.binary(max_size=80), st.binary(max_size=80))
def test_the_chain_tells_any_two_envelopes_apart(one: bytes, other: bytes) -> None:
    assert (chain_hash(GENESIS, one) == chain_hash(GENESIS, other)) == (one == other)
    assert chain_hash(chain_hash(GENESIS, one), other) != chain_hash(GENESIS, one + other)


@pytest.mark.proves("T33", "T35")
def test_the_same_number_twice_is_taken_once() -> None:
    first = chain(Lane.ORDINARY, 1).envelopes
    assert next_in_line([*first, *first], {}) == first
