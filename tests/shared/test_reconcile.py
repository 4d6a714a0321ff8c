"""The three-way merge of one field: it loses nothing, settles nothing silently, and minds no order."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.field_policy import FieldRule, Policy
from shared.reconcile import Fate, Settled, merge

TEXT = FieldRule(policy=Policy.MERGE)
STANDING = FieldRule(policy=Policy.MERGE, protective=("wrong", "in_use"))
LONG = FieldRule(policy=Policy.KEEP_BOTH)
NEEDS = FieldRule(policy=Policy.UNION)
OFFICE = FieldRule(policy=Policy.OFFICE)

values = st.sampled_from(["", "Welsh", "Polish", "Slovak"])
sets = st.frozensets(st.sampled_from("abcd"))
plain = st.sampled_from([TEXT, LONG])


@given(plain, values, values)
def test_nothing_happens_where_the_writer_says_what_is_already_so(
    rule: FieldRule, was: str, current: str
) -> None:
    assert merge(rule, was, current, current) == Settled(fate=Fate.NO_CHANGE, value=current)


@given(plain, values, values)
def test_nothing_happens_where_the_writer_changed_nothing(
    rule: FieldRule, was: str, current: str
) -> None:
    assert merge(rule, was, current, was) == Settled(fate=Fate.NO_CHANGE, value=current)


@given(plain, values, values, values)
def test_saying_it_again_changes_nothing(rule: FieldRule, was: str, current: str, now: str) -> None:
    once = merge(rule, was, current, now)
    again = merge(rule, was, once.value, now, contested=once.fate is Fate.REVIEW)
    assert again.value == once.value
    assert again.fate in {Fate.NO_CHANGE, Fate.REVIEW}
    assert (again.fate is Fate.REVIEW) == (once.fate is Fate.REVIEW)


@given(plain, values, values, values)
def test_what_both_sides_moved_is_never_settled_without_a_person(
    rule: FieldRule, was: str, current: str, now: str
) -> None:
    settled = merge(rule, was, current, now)
    both_moved = len({was, current, now}) == 3
    assert (settled.fate is Fate.REVIEW) == both_moved
    if both_moved:
        assert (settled.value, settled.claim) == (current, now)


@given(values, values, values)
def test_a_field_that_waits_for_a_person_is_not_settled_by_another_officer(
    was: str, current: str, now: str
) -> None:
    settled = merge(TEXT, was, current, now, contested=True)
    assert settled.fate in {Fate.NO_CHANGE, Fate.REVIEW}
    assert settled.value == current


@given(values, values, values)
def test_what_the_office_alone_may_write_stays_as_it_is(was: str, current: str, now: str) -> None:
    settled = merge(OFFICE, was, current, now)
    assert settled.value == current
    assert settled.fate in {Fate.NO_CHANGE, Fate.REFUSED}


@given(sets, sets, sets)
def test_what_protects_somebody_is_only_ever_added(
    was: frozenset[str], current: frozenset[str], now: frozenset[str]
) -> None:
    settled = merge(NEEDS, sorted(was), sorted(current), sorted(now))
    assert set(settled.value) == current | (now - was)
    assert set(settled.asked_off) == (was - now) & current
    assert (settled.fate is Fate.REVIEW) == bool(settled.asked_off)


@given(st.lists(st.tuples(sets, sets), min_size=1, max_size=4), sets)
def test_additions_come_to_the_same_whatever_order_they_arrive_in(
    edits: list[tuple[frozenset[str], frozenset[str]]], base: frozenset[str]
) -> None:
    ends = set()
    for order in permutations(edits):
        held, asked = sorted(base), set()
        for was, now in order:
            settled = merge(NEEDS, sorted(was), held, sorted(now))
            held = settled.value
            asked |= was - now
        ends.add((tuple(held), tuple(sorted(asked & set(held)))))
    assert len(ends) == 1


def _arrive(rule: FieldRule, base: str, order: tuple[str, ...]) -> tuple[Any, frozenset[str], bool]:
    """Let edits made from one base arrive one by one; give what holds, what is kept, if it waits."""
    held, kept, waits = base, {base}, False
    for now in order:
        settled = merge(rule, base, held, now, contested=waits)
        kept |= {held, settled.value, *([settled.claim] if settled.claim is not None else ())}
        held, waits = settled.value, waits or settled.fate is Fate.REVIEW
    return held, frozenset(kept), waits


@given(values, st.lists(values, min_size=1, max_size=4))
def test_the_values_kept_and_whether_a_person_decides_mind_no_order(
    base: str, edits: list[str]
) -> None:
    ends = [_arrive(TEXT, base, order) for order in permutations(edits)]
    assert len({kept for _held, kept, _waits in ends}) == 1
    assert len({waits for _held, _kept, waits in ends}) == 1


@pytest.mark.parametrize("order", list(permutations(["wrong", "in_use", "unsure"])))
def test_the_protective_value_is_in_force_whatever_order_they_arrive_in(
    order: tuple[str, ...],
) -> None:
    held, _kept, waits = _arrive(STANDING, "nobody knows", order)
    assert (held, waits) == ("wrong", True)
