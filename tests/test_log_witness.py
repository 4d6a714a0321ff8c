"""Shows that the logs of a run are searched: what a test plants there fails the run, in one sentence."""

from __future__ import annotations

import json

import pytest

from server.doctor import self_test

PLANTED = """
import logging
import pytest
from tests.kept_logs import keep_log

@pytest.mark.proves("T03")
def test_logs():
    logging.getLogger("server").warning("Maryam Castellanos")
    logging.getLogger("field_client").warning("3 Quern Lane")
    keep_log(b"POST /sync Cookie: fieldfare_session=x")
    keep_log(b"lantern-orchard-ferry-heron")
"""

SAID = (
    "The logs of this run hold what no log may: "
    "3 Quern Lane, Maryam Castellanos, “Cookie: ”, “fieldfare_session=”, “lantern-orchard-ferry-heron”"
)

WELL = """
import logging

def test_logs():
    for name in ("server", "field_client"):
        try:
            raise ValueError("Maryam Castellanos")
        except ValueError:
            logging.getLogger(name).exception("it failed")
"""


@pytest.fixture
def witnessed(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Give a run of its own that has the witness."""
    monkeypatch.setenv("PYTHONPATH", str(self_test.ROOT))
    pytester.makeconftest('pytest_plugins = ["tests.proofs", "tests.log_witness"]')
    pytester.makeini("[pytest]\naddopts = -p no:cacheprovider -p no:randomly")
    return pytester


@pytest.mark.proves("T04")
def test_what_no_log_may_hold_fails_the_run_in_one_sentence(witnessed: pytest.Pytester) -> None:
    witnessed.makepyfile(PLANTED)
    found = witnessed.path / "proofs.jsonl"
    ended = witnessed.runpytest_subprocess("--proofs", str(found), "-n", "1")
    ended.assert_outcomes(passed=1)
    assert ended.ret == pytest.ExitCode.TESTS_FAILED
    assert SAID in ended.outlines
    told = [json.loads(line) for line in found.read_text("utf-8").splitlines()]
    assert [(line["proves"], line["outcome"]) for line in told] == [
        (["T03"], "passed"),
        (["T04"], "failed"),
    ]


@pytest.mark.proves("T04")
def test_the_text_of_an_error_is_in_no_log_and_the_run_passes(witnessed: pytest.Pytester) -> None:
    witnessed.makepyfile(WELL)
    ended = witnessed.runpytest_subprocess("-n", "0")
    ended.assert_outcomes(passed=1)
    assert ended.ret == pytest.ExitCode.OK
