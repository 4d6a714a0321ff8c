"""Runs the steps of `make setup`, each of which does nothing when it has nothing to do."""

import os
import shutil
import sys


def find_newer_python() -> None:
    """Go on with a Python that is new enough, when the one that was called is not."""
    for name in ("python3.14", "python3.13", "python3.12", "python3.11"):
        path = shutil.which(name)
        if path:
            os.execv(path, [path, "-m", "setup"])  # noqa: S606 - the same program, a newer Python
    sys.exit("Install Python 3.11 or newer: this one is %s." % sys.version.split()[0])  # noqa: UP031 - an older Python must read this line


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - this file alone must run on an older one
        find_newer_python()
    from setup import front_end, languages, python_packages, system_packages

    os.umask(0o022)
    system_packages.install()
    python_packages.install()
    front_end.build()
    languages.compile_catalogues()
