"""Each promise about security has tests or a reason, and what was not run never counts as proved."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from server.doctor.promises import Promise, Proof, Status, judge, judge_all, promises

TESTS = Path(__file__).parent.parent.parent
MARK = re.compile(r"mark\.proves\(([^)]*)\)")
PROMISE = Promise(number="T11", says="A wrong key opens nothing")


def proof(outcome: str, *, test: str = "test_one", figures: tuple[str, ...] = ()) -> Proof:
    return Proof(test=test, proves=("T11", "T12"), outcome=outcome, figures=figures)


def marked() -> set[str]:
    """Read which promises the tests say they prove."""
    return {
        number
        for path in TESTS.rglob("test_*.py")
        if path.parent != Path(__file__).parent
        for told in MARK.findall(path.read_text("utf-8"))
        for number in re.findall(r"T\d\d", told)
    }


def test_every_promise_has_a_test_or_a_reason_and_no_test_proves_what_was_never_promised() -> None:
    listed = {promise.number: promise for promise in promises()}
    without_reason = {number for number, promise in listed.items() if not promise.not_run}
    assert marked() <= set(listed)
    assert without_reason - marked() == set(), "these have neither"
    assert marked() - without_reason == set(), "these have both"
    assert sorted(listed) == list(listed)


def test_a_promise_whose_tests_all_pass_is_proved_with_its_figures() -> None:
    verdict = judge(PROMISE, [proof("passed", figures=("150 of 150",)), proof("passed")])
    assert (verdict.status, verdict.tests, verdict.figures) == (Status.PROVED, 2, ("150 of 150",))


def test_one_failure_is_a_failure_and_is_named() -> None:
    verdict = judge(PROMISE, [proof("passed"), proof("failed", test="test_two"), proof("skipped")])
    assert (verdict.status, verdict.reason) == (Status.FAIL, "test_two")


@pytest.mark.parametrize(
    ("promise", "proofs", "reason"),
    [
        (PROMISE, [], "no test of it was run"),
        (PROMISE, [proof("skipped", test="test_two"), proof("passed")], "left out: test_two"),
        (Promise(number="T13", says="", not_run="there is no PIN"), [], "there is no PIN"),
    ],
)
def test_what_was_not_run_says_why(promise: Promise, proofs: list[Proof], reason: str) -> None:
    verdict = judge(promise, proofs)
    assert (verdict.status, verdict.reason) == (Status.NOT_RUN, reason)


def test_a_promise_that_is_proved_in_part_is_not_counted_as_proved() -> None:
    part = Promise(number="T11", says="", lacks="Windows was not run")
    assert judge(part, [proof("passed")]).status is Status.PART
    assert judge(part, [proof("failed")]).status is Status.FAIL


def test_what_a_test_could_not_look_at_on_this_machine_keeps_a_promise_from_being_proved() -> None:
    weaker = replace(proof("passed"), lacks=("files alone were read",))
    verdict = judge(PROMISE, [proof("passed"), weaker, weaker])
    assert (verdict.status, verdict.reason) == (Status.PART, "files alone were read")
    part = Promise(number="T11", says="", lacks="Windows was not run")
    assert judge(part, [weaker]).reason == "Windows was not run; files alone were read"


def test_without_tests_nothing_is_proved() -> None:
    verdicts = judge_all([], unseen="the tests are not on this machine")
    assert {verdict.status for verdict in verdicts} == {Status.NOT_RUN}
    assert all(verdict.reason for verdict in verdicts)
