"""The native window, as a process of its own: shows this device's own pages and nothing else.

Started by the keeper, which says over stdin which address to open, and then when the vault behind
it is open; when stdin closes, the keeper is gone and so is the window. A window with an open vault
that has been left for another program goes by itself, and the keeper locks. The title never holds a
name: it can be read from other programs and stands in the taskbar. The pages reach no Python and
Python runs no script in them: both need `eval`, which our pages' policy forbids.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from urllib.parse import urlsplit

import webview

from field_client import clock
from field_client.door import HOST
from field_client.focus import has_focus
from field_client.hardening import leave_no_trace
from field_client.window_process import LEFT, OPENED

TITLE = "Fieldfare"
"""All that another program can read of the window without looking at it."""

CLOSED = 0
"""How the process ends when a person closes the window."""

ASTRAY = 3
"""How it ends when the window shows a page that is not this device's."""

LEFT_SECONDS = 30.0
"""How long another program may have the focus: a call is looked up, a map is glanced at."""

_SETTINGS = {
    "ALLOW_DOWNLOADS": False,
    "ALLOW_FILE_URLS": False,
    "OPEN_DEVTOOLS_IN_DEBUG": False,
    "OPEN_EXTERNAL_LINKS_IN_BROWSER": False,
    "REMOTE_DEBUGGING_PORT": None,
    "SHOW_DEFAULT_MENUS": False,
}
_LINE_BYTES_MAX = 4_096
_LOOK_SECONDS = 1.0


def is_ours(address: str | None) -> bool:
    """Tell whether an address is on this device's loopback, or no page has been opened yet."""
    if not address or address == "about:blank":
        return True
    parts = urlsplit(address)
    return parts.scheme == "http" and parts.hostname == HOST and parts.username is None


def open_window(
    address: str, storage: str, *, minimised: bool = False, opened: threading.Event | None = None
) -> None:
    """Show the window until it is closed; minimised it takes the screen from no other program."""
    webview.settings.update(_SETTINGS)
    window = webview.create_window(
        TITLE,
        address,
        width=960,
        height=1_000,
        min_size=(320, 480),
        easy_drag=False,
        minimized=minimised,
        text_select=False,
        background_color="#FFFFFF",
    )
    threading.Thread(target=_watch, args=(window, opened or threading.Event()), daemon=True).start()
    webview.start(
        gui="qt" if sys.platform == "linux" else None,
        private_mode=True,
        debug=False,
        storage_path=storage,
    )


def _watch(window: webview.Window, opened: threading.Event) -> None:
    """Look each second where the window is, and whether an open vault is still being looked at."""
    window.events.shown.wait()
    seen_at = clock.elapsed_seconds()
    while is_ours(window.get_current_url()):
        now = clock.elapsed_seconds()
        if has_focus() or not opened.is_set():
            seen_at = now
        if now - seen_at >= LEFT_SECONDS:
            os._exit(LEFT)
        threading.Event().wait(_LOOK_SECONDS)
    os._exit(ASTRAY)  # nothing stops a webview from being led elsewhere


def _hear_keeper(opened: threading.Event) -> None:
    """Hear that the vault is open; when the keeper hangs up go at once: nothing may stay shown."""
    while said := os.read(sys.stdin.fileno(), 1):
        if said == OPENED:
            opened.set()
    os._exit(CLOSED)


def main() -> None:
    """Open the window at the address the keeper says."""
    leave_no_trace()
    # Unbuffered: what the keeper says next must not be read with the first line.
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as hearing:
        given = json.loads(hearing.readline(_LINE_BYTES_MAX))
    if not is_ours(given["address"]):
        raise SystemExit(ASTRAY)
    opened = threading.Event()
    threading.Thread(target=_hear_keeper, args=(opened,), daemon=True).start()
    open_window(
        given["address"], given["storage"], minimised=given.get("minimised", False), opened=opened
    )
    os._exit(CLOSED)  # at once: there is nothing to tidy that the keeper does not delete


if __name__ == "__main__":
    main()
