"""Fetches GOV.UK Frontend and MoJ Frontend, and builds `shared/ui/static/built/` from them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from setup.python_packages import add_node
from setup.stamps import ROOT, digest, done, is_done, say

MODULES = ROOT / "node_modules"
STYLES = ROOT / "shared" / "ui" / "styles"
BUILT = ROOT / "shared" / "ui" / "static" / "built"
NODE_MAJOR_MIN = 18

GOVUK = MODULES / "govuk-frontend" / "dist" / "govuk"
MOJ = MODULES / "@ministryofjustice" / "frontend" / "moj"
COPIED = (GOVUK / "govuk-frontend.min.js", MOJ / "moj-frontend.min.js")
IMAGES = re.compile(rb"url\(\"?\./images/([\w.-]+)\"?\)")


def build() -> None:
    """Fetch the packages of package-lock.json, and build what browsers are given."""
    manifests = [ROOT / "package.json", ROOT / "package-lock.json", ROOT / ".npmrc"]
    fetched = digest(manifests)
    sources = [*manifests, *STYLES.rglob("*.scss"), Path(__file__)]
    wanted = digest(sources)
    stamps = (MODULES / ".stamp", BUILT / ".stamp")
    if is_done(stamps[0], fetched) and is_done(stamps[1], wanted):
        return
    node, npm = find_node()
    if not is_done(stamps[0], fetched):
        say("fetching the packages of package-lock.json")
        run(*npm, "ci", "--omit=optional", "--loglevel=error")
        done(stamps[0], fetched)
    say("building shared/ui/static/built")
    compile_styles(node)
    done(stamps[1], wanted)


def find_node() -> tuple[Path, list[str]]:
    """Return a Node.js that is new enough and how to call its npm: the machine's, or our own."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
        version = re.match(r"v(\d+)\.", answer.stdout)
        if version and int(version[1]) >= NODE_MAJOR_MIN:
            return Path(node), [npm]
    folder = add_node()
    own = folder / ("node.exe" if sys.platform == "win32" else "bin/node")
    [program] = folder.rglob("node_modules/npm/bin/npm-cli.js")
    return own, [str(own), str(program)]


def compile_styles(node: Path) -> None:
    """Write the style sheet, and beside it the scripts and the pictures it names."""
    shutil.rmtree(BUILT, ignore_errors=True)
    (BUILT / "images").mkdir(parents=True)
    sheet = BUILT / "fieldfare.css"
    sass = [str(node), str(MODULES / "sass" / "sass.js"), "--style=compressed", "--no-source-map"]
    source = STYLES / "fieldfare.scss"
    run(*sass, f"--load-path={ROOT}", "--quiet-deps", "--quiet", str(source), str(sheet))
    for path in COPIED:
        shutil.copy(path, BUILT)
    for name in {match.decode() for match in IMAGES.findall(sheet.read_bytes())}:
        shutil.copy(MOJ / "assets" / "images" / name, BUILT / "images")


def run(*command: str) -> None:
    """Run a command in the clone; if it fails, show its words and end the set-up."""
    result = subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        sys.exit(
            f"{result.stdout}{result.stderr}setup: that was {' '.join(command)}, and it failed."
        )
