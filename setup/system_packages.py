"""Installs what the field window and the browser tests need from the system, where that may be done."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

from setup.stamps import say

# What a program is called, or a library's file, and the Debian packages that bring it.
PROGRAMS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"): ("chromium",),
    ("Xvfb",): ("xvfb",),
    ("xdotool",): ("xdotool",),
}
LIBRARIES: dict[str, tuple[str, ...]] = {
    "libEGL.so.1": ("libegl1",),
    "libGL.so.1": ("libgl1",),
    "libasound.so.2": ("libasound2t64", "libasound2"),
    "libatomic.so.1": ("libatomic1",),
    "libdbus-1.so.3": ("libdbus-1-3",),
    "libfontconfig.so.1": ("libfontconfig1",),
    "libnss3.so": ("libnss3",),
    "libxcb-cursor.so.0": ("libxcb-cursor0",),
    "libxcb-icccm.so.4": ("libxcb-icccm4",),
    "libxcb-image.so.0": ("libxcb-image0",),
    "libxcb-keysyms.so.1": ("libxcb-keysyms1",),
    "libxcb-render-util.so.0": ("libxcb-render-util0",),
    "libxcb-xkb.so.1": ("libxcb-xkb1",),
    "libXdamage.so.1": ("libxdamage1",),
    "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0",),
    "libxkbfile.so.1": ("libxkbfile1",),
}
FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))


def install() -> None:
    """Install what is missing, or say what is missing and how to get it."""
    missing = find_missing()
    if not missing:
        return
    if shutil.which("apt-get") is None:
        names = ", ".join(names[-1] for names in missing)
        say(
            f"missing from this system: {names} (Debian's names); the window and the tests need them"
        )
        return
    prefix = privilege()
    if prefix is None:
        listed = " ".join(names[-1] for names in missing)
        say(f"missing from this system; please run: sudo apt-get install --yes {listed}")
        return
    apt(prefix, "update")
    chosen = [choose(alternatives) for alternatives in missing]
    say(f"installing from the system's packages: {' '.join(chosen)}")
    if not apt(prefix, "install", "--yes", "--no-install-recommends", *chosen):
        say(f"that failed; please run: apt-get install {' '.join(chosen)}")


def find_missing() -> list[tuple[str, ...]]:
    """List the packages, each with its other names, of what is not on this machine."""
    if not sys.platform.startswith("linux"):
        return []
    missing = [
        names for programs, names in PROGRAMS.items() if not any(map(shutil.which, programs))
    ]
    missing += [names for library, names in LIBRARIES.items() if not can_load(library)]
    if not any(True for folder in FONT_FOLDERS for _ in folder.rglob("*.tt[fc]")):
        missing.append(("fonts-liberation",))
    if shutil.which("git") is None:
        missing.append(("git",))
    try:
        import ensurepip  # noqa: F401, PLC0415 - Debian keeps it in a package of its own
    except ImportError:
        missing.append((f"python3.{sys.version_info.minor}-venv", "python3-venv"))
    return missing


def can_load(library: str) -> bool:
    """Tell whether a shared library is on this machine."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def privilege() -> list[str] | None:
    """Say what to put before a command for root, if root may be had without asking anyone."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if (
        sudo
        and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return [sudo, "-n"]
    return None


def choose(alternatives: tuple[str, ...]) -> str:
    """Choose the name that this release of the system knows the package by."""
    for name in alternatives[:-1]:
        policy = ["apt-cache", "policy", name]
        known = subprocess.run(policy, capture_output=True, text=True, check=False).stdout
        if "Candidate: " in known and "Candidate: (none)" not in known:
            return name
    return alternatives[-1]


def apt(prefix: list[str], *arguments: str) -> bool:
    """Run apt-get without questions; its own words are shown only when it fails."""
    command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet=2"]
    command += ["-o", "DPkg::Lock::Timeout=300", *arguments]
    result = subprocess.run(
        [*prefix, *command], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        sys.stdout.write(result.stdout + result.stderr)
    return result.returncode == 0
