"""Shows that the locks hold all that is asked for, by version and hash, and name no address."""

from __future__ import annotations

import json
import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from setup.stamps import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PINNED = re.compile(r"([a-z0-9-]+)==([^ ]+)(?: ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")


def pinned(lock: Path) -> dict[str, str]:
    """Read which version of each package a lock holds."""
    matches = map(PINNED.fullmatch, lock.read_text().splitlines())
    return {match[1]: match[2] for match in matches if match}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_holds_versions_and_hashes_and_nothing_else(lock: Path) -> None:
    lines = lock.read_text().splitlines()
    other = [line for line in lines if not PINNED.fullmatch(line) and not HASH.fullmatch(line)]
    assert [line for line in other if not line.lstrip().startswith("#")] == []
    assert not re.search(r"://|file:|@ ", lock.read_text())


def test_all_that_the_project_asks_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = chain.from_iterable(project["optional-dependencies"].values())
    locked = pinned(ROOT / "requirements/development.txt")
    for text in [*project["dependencies"], *extras]:
        wanted = Requirement(text)
        assert wanted.specifier.contains(locked[canonicalize_name(wanted.name)]), text


def test_the_installer_is_the_same_in_both_locks() -> None:
    installer = pinned(ROOT / "requirements/installer.txt")
    everything = pinned(ROOT / "requirements/development.txt")
    assert installer == {name: everything[name] for name in ("pip", "setuptools")}


def test_the_front_ends_lock_holds_hashes_and_no_address() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    root = lock["packages"].pop("")
    for name, package in lock["packages"].items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name
    wanted = json.loads((ROOT / "package.json").read_text())
    for kind in ("dependencies", "devDependencies"):
        assert root[kind] == wanted[kind]
        for name, version in wanted[kind].items():
            assert lock["packages"][f"node_modules/{name}"]["version"] == version
