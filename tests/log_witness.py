"""Keeps all that a whole run of tests logs, and fails the run when anything personal or secret is in it."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from copy import copy
from pathlib import Path

import pytest

from field_client.incidents import _Formatter as DeviceFormatter
from server.spine.logs import JsonLines
from tests import proofs
from tests.kept_logs import FOLDER_VARIABLE, log_of_this_process

_DEVICE = ("field_client", "fieldfare.incidents")


class _AsEachProgram(logging.Formatter):
    """Writes a record as the program it is of would."""

    def __init__(self) -> None:
        super().__init__()
        self._office = JsonLines()
        self._device = DeviceFormatter("%(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Write it without the traceback that another listener may have written on it, with its values."""
        alone = copy(record)
        alone.exc_text = None
        of_device = record.name.startswith(_DEVICE)
        return (self._device if of_device else self._office).format(alone)


class Witness:
    """Hears every record of this process, and at the end of a run reads what all processes kept."""

    def __init__(self, config: pytest.Config) -> None:
        self.config, self.begins = config, not hasattr(config, "workerinput")
        if self.begins:
            os.environ[FOLDER_VARIABLE] = tempfile.mkdtemp(prefix="fieldfare-logs-")
        self.handler = logging.FileHandler(log_of_this_process(), delay=True)
        self.handler.setFormatter(_AsEachProgram())
        self.found: Sequence[str] = ()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Iterator[None]:
        """Listen through each test anew, because one that sets up logging sends other listeners away."""
        logging.getLogger().addHandler(self.handler)
        try:
            return (yield)
        finally:
            logging.getLogger().removeHandler(self.handler)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Read everything once, in the process that began the run, and say what it came to."""
        self.handler.close()
        if not self.begins:
            return
        from tests.sought_in_logs import sought  # noqa: PLC0415 - read once a run, by one process

        logs = sorted(Path(os.environ[FOLDER_VARIABLE]).iterdir())
        kept = b"\n".join(log.read_bytes() for log in logs)
        self.found = sorted(sought().found_in(kept))
        if self.found:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if asked := self.config.getoption("--proofs"):
            figure = (
                f"{len(kept) // 1024} KiB of logs of this run searched, {len(self.found)} found"
            )
            outcome = "failed" if self.found else "passed"
            told = [(proofs.FIGURE, figure)]
            proofs.write(Path(asked), "the logs of this run", ["T04"], outcome, told)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say in one sentence what stands in a log and must not."""
        if self.found:
            said = ", ".join(self.found)
            terminalreporter.write_line(
                f"The logs of this run hold what no log may: {said}", red=True
            )

    def pytest_unconfigure(self) -> None:
        """Leave no log behind."""
        if self.begins:
            shutil.rmtree(os.environ.pop(FOLDER_VARIABLE), ignore_errors=True)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Begin to listen, in the process that runs the tests and in each of its workers."""
    config.pluginmanager.register(Witness(config), "log_witness")
