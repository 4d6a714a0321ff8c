"""Shows that a set-up step says what it cannot do, and does nothing twice."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from setup import front_end, python_packages, stamps, system_packages
from setup.__main__ import find_newer_python


def test_a_step_is_done_again_only_when_what_it_was_done_from_has_changed(tmp_path: Path) -> None:
    stamp = tmp_path / "deep" / "stamp"
    source = stamps.ROOT / "pyproject.toml"
    assert not stamps.is_done(stamp, stamps.digest([source]))
    stamps.done(stamp, stamps.digest([source]))
    assert stamps.is_done(stamp, stamps.digest([source]))
    assert not stamps.is_done(stamp, stamps.digest([source], "3.12"))
    assert not stamps.is_done(stamp, stamps.digest([source, stamps.ROOT / "Makefile"]))


def test_a_machine_that_has_everything_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    system_packages.install()
    assert capsys.readouterr().out == ""


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_packages, "LIBRARIES", {"libnowhere.so.1": ("libnowhere1",)})
    monkeypatch.setattr(system_packages, "PROGRAMS", {("nowhere", "no-where"): ("nowhere",)})
    assert system_packages.find_missing() == [("nowhere",), ("libnowhere1",)]


def test_a_machine_without_apt_is_told_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    system_packages.install()
    assert "missing from this system: chromium, xvfb, xdotool, git" in capsys.readouterr().out


def test_a_user_who_is_not_root_is_told_what_to_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "apt-get").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    system_packages.install()
    told = capsys.readouterr().out
    assert told == (
        "setup: missing from this system; please run: "
        "sudo apt-get install --yes chromium xvfb xdotool git\n"
    )


def test_a_failing_apt_is_shown_with_what_to_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name, words in {"apt-get": "echo no network; exit 100", "apt-cache": "exit 0"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{words}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "env").symlink_to("/usr/bin/env")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    system_packages.install()
    told = capsys.readouterr().out
    assert "no network" in told
    assert "that failed; please run: apt-get install chromium xvfb xdotool git" in told


@pytest.mark.parametrize(
    ("policy", "chosen"),
    [("  Candidate: 1.2", "new"), ("  Candidate: (none)", "old"), ("", "old")],
)
def test_a_package_is_asked_for_by_the_name_this_release_knows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, policy: str, chosen: str
) -> None:
    (tmp_path / "apt-cache").write_text(f"#!/bin/sh\necho '{policy}'\n")
    (tmp_path / "apt-cache").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert system_packages.choose(("new", "old")) == chosen


def test_a_python_too_old_says_which_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit, match=r"Install Python 3\.11 or newer"):
        find_newer_python()


def test_the_first_file_runs_on_a_python_too_old_to_go_on() -> None:
    source = (stamps.ROOT / "setup/__main__.py").read_text()
    ast.parse(source, feature_version=(3, 6))


def test_a_lock_that_cannot_be_installed_ends_the_set_up() -> None:
    with pytest.raises(SystemExit, match="pip could not install"):
        python_packages.pip("install", "--no-index", "no-such-package-of-ours")


def test_a_broken_environment_is_noticed(tmp_path: Path) -> None:
    assert python_packages.run_quietly([sys.executable, "-c", python_packages.SUPPORTED])
    assert not python_packages.run_quietly([sys.executable, "-c", "raise SystemExit(1)"])
    assert not python_packages.run_quietly([str(tmp_path / "python")])


def test_a_failing_build_shows_its_own_words() -> None:
    with pytest.raises(SystemExit, match="a word of its own"):
        front_end.run(sys.executable, "-c", "raise SystemExit('a word of its own')")


def test_the_machines_own_node_is_used_when_it_is_new_enough(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, version in {"node": "v20.1.0", "npm": "11.0.0"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\necho {version}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert front_end.find_node() == (tmp_path / "node", [str(tmp_path / "npm")])
