"""How the keeper starts its two children, the vault and the window, and makes sure they are gone."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from field_client import clock

Process = subprocess.Popen[bytes]
"""A child that hears from the keeper over its stdin, and ends when that is closed."""

_ROOT = Path(__file__).parents[1]
_GONE_SECONDS = 5
_LOOK_SECONDS = 0.01

_REMOVED = (
    "LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONHOME",
    "QTWEBENGINE_REMOTE_DEBUGGING", "QTWEBENGINE_CHROMIUM_FLAGS",
    "WEBVIEW2_ADDITIONAL_BROWSER_ARGUMENTS", "WEBVIEW2_USER_DATA_FOLDER", "PYWEBVIEW_LOG",
)  # fmt: skip
"""What would load code into a child, open it to a debugger, or have it log what it shows."""


def start(module: str, *, answers: bool) -> Process:
    """Start a module of ours as a process; nothing it must keep secret is on its command line.

    `answers` gives it a way to speak to the keeper as well as to hear it.
    """
    return subprocess.Popen(  # noqa: S603 - our own interpreter and a module's name
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if answers else subprocess.DEVNULL,
        bufsize=0,
        env=_environment(),
        cwd=_ROOT,
        start_new_session=True,  # a Ctrl-C in the keeper's terminal is the keeper's to handle
    )


def end(process: Process, *, grace_seconds: float = 0) -> None:
    """End a child and all it started; within the grace it may go by itself."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        if grace_seconds:
            process.wait(timeout=grace_seconds)
    # Once waited for, its number may belong to another program already.
    tree = _tree(process.pid) if process.returncode is None else []
    for each in tree:
        with contextlib.suppress(psutil.Error):
            each.kill()
    process.wait(timeout=_GONE_SECONDS)
    _wait_until_gone(tree)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def _tree(pid: int) -> Sequence[psutil.Process]:
    """Find a process and all it started, the root first, so that it starts nothing more."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.Error:
        return []


def _wait_until_gone(tree: Sequence[psutil.Process]) -> None:
    """Wait for processes to end; one that nobody has waited for yet holds nothing any more."""
    until = clock.elapsed_seconds() + _GONE_SECONDS
    while any(_is_alive(each) for each in tree) and clock.elapsed_seconds() < until:
        time.sleep(_LOOK_SECONDS)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _environment() -> dict[str, str]:
    """Give a child the keeper's environment without what could turn it against the officer."""
    kept = {name: value for name, value in os.environ.items() if name not in _REMOVED}
    return {**kept, "PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1"}
