"""The doctor runs the real tests of a promise, and looks at a real office."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.cli import main
from server.demo.council import USERS
from server.doctor import self_test
from tests.server.access.conftest import Office
from tests.server.doctor.people import make_user


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "server", *arguments],
        env={**os.environ, "FIELDFARE_PORT": "0", **environment},
        capture_output=True, text=True, check=False, timeout=110,
    )  # fmt: skip


def test_a_promise_is_proved_by_running_its_tests() -> None:
    ended = run("doctor", "--self-test", "--only", "T03", "--json")
    said = json.loads(ended.stdout)
    assert ended.returncode == 0, ended.stderr
    assert said == {
        "T03": {
            "status": "pass",
            "says": "Sorting and searching never write to a temporary file",
            "tests": 1,
            "figures": ["30 MB sorted, 0 files opened"],
            "reason": "",
        }
    }


def test_a_number_nobody_promised_is_refused() -> None:
    ended = CliRunner().invoke(main, ["doctor", "--self-test", "--only", "T99"])
    assert ended.exit_code == 2
    assert "There is no promise T99" in ended.output


def test_where_the_tests_are_not_it_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(self_test, "ROOT", tmp_path)
    assert not self_test.has_tests(tmp_path)
    assert self_test.has_tests()


def test_a_failing_and_a_long_test_are_written_down_as_such(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(self_test.ROOT))
    pytester.makeconftest('pytest_plugins = ["tests.proofs"]')
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.proves("T01")
        def test_passes(record_property):
            record_property("figure", "7 of 7")
            record_property("lacks", "files alone were read")
            record_property("lacks", "")

        @pytest.mark.proves("T02")
        def test_fails():
            assert False

        @pytest.mark.long
        @pytest.mark.proves("T41")
        def test_long():
            pass

        def test_proves_nothing():
            assert False
        """
    )
    pytester.makeini("[pytest]\nmarkers = long: long\naddopts = -p no:cacheprovider")
    found = pytester.path / "proofs.jsonl"
    ended = pytester.runpytest_subprocess("--proofs", str(found), "--quick-proofs")
    ended.assert_outcomes(passed=1, failed=1, deselected=2)
    told = [json.loads(line) for line in found.read_text().splitlines()]
    assert sorted(
        (line["proves"], line["outcome"], line["figures"], line["lacks"]) for line in told
    ) == [
        (["T01"], "passed", ["7 of 7"], ["files alone were read"]),
        (["T02"], "failed", [], []),
        (["T41"], "skipped", [], []),
    ]


@pytest.mark.enable_socket
def test_an_office_with_a_published_password_does_not_start(office: Office, home: Path) -> None:
    make_user(office, USERS[0].sign_in, USERS[0].password)
    environment = {"FIELDFARE_HOME": str(home), "DATABASE_URL": office.url}
    ended = run("office", **environment)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert f"{USERS[0].sign_in}: passwords of the demonstration" in ended.stderr
    looked = run("doctor", "--json", **environment)
    assert looked.returncode == 1
    levels = {found["about"]: found["level"] for found in json.loads(looked.stdout)}
    assert levels["passwords"] == "stop"
    assert levels["database"] == "good"
