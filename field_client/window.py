"""The native window, as a process of its own: shows this device's own pages and nothing else.

Started by the keeper, which says over stdin which address to open; when stdin closes, the keeper is
gone and so is the window. The title never holds a name: it can be read from other programs and
stands in the taskbar. The pages reach no Python and Python runs no script in them: both need `eval`,
which our pages' policy forbids.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from urllib.parse import urlsplit

import webview

from field_client.door import HOST
from field_client.hardening import leave_no_trace

TITLE = "Fieldfare"
"""All that another program can read of the window without looking at it."""

CLOSED = 0
"""How the process ends when a person closes the window."""

ASTRAY = 3
"""How it ends when the window shows a page that is not this device's."""

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


def open_window(address: str, storage: str) -> None:
    """Show the window until it is closed."""
    webview.settings.update(_SETTINGS)
    window = webview.create_window(
        TITLE,
        address,
        width=960,
        height=1_000,
        min_size=(320, 480),
        easy_drag=False,
        text_select=False,
        background_color="#FFFFFF",
    )
    threading.Thread(target=_watch, args=(window,), daemon=True).start()
    webview.start(
        gui="qt" if sys.platform == "linux" else None,
        private_mode=True,
        debug=False,
        storage_path=storage,
    )


def _watch(window: webview.Window) -> None:
    """Look where the window is, each second; nothing stops a webview from being led elsewhere."""
    window.events.shown.wait()
    while is_ours(window.get_current_url()):
        threading.Event().wait(_LOOK_SECONDS)
    os._exit(ASTRAY)


def _end_with_keeper() -> None:
    """Read until the keeper hangs up, then go at once: whatever is shown must not stay."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(CLOSED)


def main() -> None:
    """Open the window at the address the keeper says."""
    leave_no_trace()
    given = json.loads(sys.stdin.buffer.readline(_LINE_BYTES_MAX))
    if not is_ours(given["address"]):
        raise SystemExit(ASTRAY)
    threading.Thread(target=_end_with_keeper, daemon=True).start()
    open_window(given["address"], given["storage"])
    os._exit(CLOSED)  # at once: there is nothing to tidy that the keeper does not delete


if __name__ == "__main__":
    main()
