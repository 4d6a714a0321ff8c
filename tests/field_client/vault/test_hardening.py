"""What the vault's process cannot do: reach the network, start a program, leave a core file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.enable_socket

ROOT = Path(__file__).parents[3]


def run_hardened(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a few lines in a process that has been hardened like a vault's."""
    script = f"from field_client.vault.hardening import harden\nharden()\n{code}\n"
    return subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)",
        "import socket; s = socket.socket(); s.connect(('10.0.0.1', 80))",
        "import socket; s = socket.socket(); s.connect_ex(('10.0.0.1', 80))",
        "import socket; s = socket.socket(socket.AF_UNIX); s.connect('any')",
        "import socket; s = socket.socket(socket.AF_INET6); s.connect(('::1', 80))",
        "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.sendto(b'x', ('127.0.0.1', 9))",
        "import socket; socket.getaddrinfo('office.example', 443)",
        "import socket; socket.gethostbyname('office.example')",
        "import socket; s = socket.socket(); s.bind(('0.0.0.0', 0))",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "import os; os.execv('/bin/true', ['true'])",
        "import os; os.posix_spawn('/bin/true', ['true'], {})",
        "import os; os.fork()",
    ],
)
def test_a_vault_reaches_no_network_and_starts_no_program(code: str, tmp_path: Path) -> None:
    ended = run_hardened(code, tmp_path)
    assert ended.returncode == 1
    assert "PermissionError: the vault" in ended.stderr


def test_a_vault_may_listen_on_this_machine(tmp_path: Path) -> None:
    ended = run_hardened(
        "import socket; s = socket.create_server(('127.0.0.1', 0)); s.close(); print('listened')",
        tmp_path,
    )
    assert ended.stdout == "listened\n"


@pytest.mark.proves("T05", "T08")
@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel of Linux")
def test_a_vault_that_crashes_leaves_no_core_and_nobody_may_look_into_it(tmp_path: Path) -> None:
    ended = run_hardened(
        "import ctypes, os, resource\n"
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE),"
        " oct(os.umask(0)), flush=True)\n"
        "os.abort()",
        tmp_path,
    )
    assert ended.stdout == "0 (0, 0) 0o77\n"
    assert ended.returncode == -6
    assert list(tmp_path.iterdir()) == []
