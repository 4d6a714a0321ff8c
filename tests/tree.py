"""Writes docs/tree.md: every file of the house with the one line that says what it is for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "tree.md"
FOLDERS = ("shared", "sync", "server", "field_client", "setup", "tests")
MADE = {"__pycache__", "built"}
"""Folders that running the programs or the set-up makes."""
SPEAKING = {".py", ".html", ".scss", ".js", ".toml", ".cfg"}
REMARKS = (
    re.compile(r"\{#-?\s*(.+?)\s*-?#\}", re.DOTALL),
    re.compile(r"((?:(?://|#).*\n)+)"),
)
HEADING = re.compile(r"""block h1 -?%\}\s*\{\{-? _\(["'](.+?)["']""")
INTRODUCTION = """# The tree, with a line a file

Written by `make tree` from the first line of each file; a test fails when it is out of date. A file that
says nothing of itself (data, generated lists) is listed by its name alone.
"""


def tree() -> str:
    """Give the whole page."""
    return "\n".join([INTRODUCTION, *(line for folder in FOLDERS for line in _folder(folder))])


def _folder(name: str) -> Iterator[str]:
    where: Path | None = None
    yield f"## {name}\n"
    for path in sorted(files(ROOT / name), key=lambda path: (path.parent.parts, path.name)):
        if path.parent != where:
            yield f"\n### {path.parent.relative_to(ROOT)}/\n" if where else ""
            where = path.parent
        said = said_of(path)
        yield f"- `{path.name}`: {said}" if said else f"- `{path.name}`"
    yield ""


def files(folder: Path) -> Iterator[Path]:
    """List what is under a folder, without what running made."""
    for path in folder.rglob("*"):
        empty = not path.is_file() or path.stat().st_size == 0
        if not empty and not MADE & set(path.parts) and path.suffix not in {".pyc", ".mo"}:
            yield path


def said_of(path: Path) -> str:
    """Give the sentence a file begins with, or the heading of a page that has none."""
    if path.suffix not in SPEAKING:
        return ""
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".py":
        return (ast.get_docstring(ast.parse(text)) or "").split("\n\n")[0].replace("\n", " ")
    for remark in REMARKS:
        if found := remark.match(text):
            return _first_sentence(found.group(1))
    heading = HEADING.search(text) if path.suffix == ".html" else None
    return f"the page “{heading.group(1)}”" if heading else ""


def _first_sentence(text: str) -> str:
    words = " ".join(re.sub(r"^(//|#)", "", text, flags=re.MULTILINE).split())
    return re.split(r"(?<=[.;])\s", words)[0].rstrip(";")


if __name__ == "__main__":
    PAGE.write_text(tree(), encoding="utf-8")
