"""The house keeps its shape: rooms of a size, recorders that write their own area, nothing unsaid."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from tests import tree

ROOT = Path(__file__).parent.parent
PACKAGES = ("shared", "sync", "server", "field_client")
LINES_MAX = {
    "shared": 400,
    "sync": 400,
    "server": 400,
    "field_client": 400,
    "setup": 400,
    "tests": 400,
}
FUNCTION_LINES_MAX = 80
BANNED_NAMES = {"utils", "helpers", "common", "misc"}


def python_files(*folders: str) -> list[Path]:
    return sorted(
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts
    )


def test_no_file_has_grown_into_two_rooms() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for folder, lines_max in LINES_MAX.items()
        for path in python_files(folder)
        if (lines := len(path.read_text().splitlines())) > lines_max
    }
    assert not long, f"split these by what they are for: {long}"


def test_no_function_is_longer_than_a_page() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in python_files(*PACKAGES)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno > FUNCTION_LINES_MAX
    ]
    assert not long, f"give parts of these a name of their own: {long}"


def test_no_module_is_a_drawer_for_odd_things() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in python_files(*PACKAGES, "tests", "setup")
        if path.stem in BANNED_NAMES
    ]
    assert not found, f"say what these are for: {found}"


def test_every_file_of_screens_is_held_to_asking_queries_and_giving_commands() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]["contracts"]
    (held,) = [each["source_modules"] for each in contracts if each["name"].startswith("Screens")]
    screens = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "server").glob("*/*screens.py")
    }
    assert screens == {name for name in held if name.startswith("server.")}


@pytest.mark.parametrize("path", sorted((ROOT / "server").glob("*/record.py")), ids=str)
def test_a_recorder_writes_only_its_own_area(path: Path) -> None:
    area = path.parent.name
    others = set(re.findall(r"from server\.(\w+)(?:\.tables| import tables)", path.read_text()))
    assert others <= {area, "spine"}, f"{area}'s recorder touches the tables of {others - {area}}"


def test_nothing_is_left_unfinished() -> None:
    unfinished = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in python_files(*PACKAGES, "setup")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if unfinished.search(line)
    ]
    assert not found


def test_a_rule_is_broken_only_where_the_line_says_why() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in python_files(*PACKAGES, "setup", "tests")
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if re.search(r"# noqa(: [A-Z0-9, ]+)?$", line)
    ]
    assert not silent, f"say after a dash why the rule does not hold here: {silent}"


def test_no_file_names_a_registry_or_a_path_of_a_machine() -> None:
    named = re.compile(r"index-url|\"resolved\": *\"http|registry *= *\"?http")
    found = [
        str(path.relative_to(ROOT))
        for path in ROOT.glob("requirements/*")
        if named.search(path.read_text())
    ]
    lock = ROOT / "package-lock.json"
    if named.search(lock.read_text()):
        found.append(lock.name)
    assert not found


def test_the_tree_names_every_file_with_what_it_is_for() -> None:
    assert tree.PAGE.read_text(encoding="utf-8") == tree.tree(), "run `make tree`"
    silent = [
        str(path.relative_to(ROOT))
        for folder in tree.FOLDERS
        for path in tree.files(ROOT / folder)
        if path.suffix in tree.SPEAKING and not tree.said_of(path)
    ]
    assert not silent, f"begin these with one sentence that says what they are for: {silent}"
