"""What the vault's process gives up before it holds a key: the network, and starting programs.

The refusals are an audit hook of the interpreter: they stop our own code and the libraries we use,
not machine code that found another way in.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any

from field_client.door import HOST
from field_client.hardening import leave_no_trace

_NEVER = frozenset(
    {"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile", "os.system",
     "pty.spawn", "socket.gethostbyaddr", "socket.gethostbyname", "socket.sendmsg", "socket.sendto",
     "subprocess.Popen", "urllib.Request", "webbrowser.open"}
)  # fmt: skip
_ONLY_HERE = frozenset({"socket.bind", "socket.connect"})


def harden() -> None:
    """Give up what this process will never need; there is no way back."""
    leave_no_trace()
    sys.addaudithook(_refuse)


def take_pipe() -> tuple[io.RawIOBase, io.RawIOBase]:
    """Take stdin and stdout for the keeper alone; whatever prints from now on goes to stderr."""
    reader = os.fdopen(os.dup(0), "rb", buffering=0)
    writer = os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return reader, writer


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _NEVER or (event in _ONLY_HERE and not _is_here(arguments[1])):
        raise PermissionError("the vault starts no program and reaches no network")
    if event == "socket.getaddrinfo" and arguments[0] not in {None, "", HOST, "0.0.0.0"}:  # noqa: S104 - compared
        raise PermissionError("the vault looks up no name")


def _is_here(address: object) -> bool:
    return isinstance(address, tuple) and address[0] == HOST
