"""Compiles the translations under `shared/ui/translations/`, so that a language follows without code."""

from __future__ import annotations

from setup.front_end import run
from setup.python_packages import PYTHON
from setup.stamps import ROOT, digest, done, is_done, say

TRANSLATIONS = ROOT / "shared" / "ui" / "translations"


def compile_catalogues() -> None:
    """Write the form gettext reads beside each translation, where any has changed."""
    catalogues = sorted(TRANSLATIONS.rglob("*.po"))
    wanted = digest(catalogues)
    stamp = ROOT / ".venv" / ".languages"
    if is_done(stamp, wanted) and all(path.with_suffix(".mo").is_file() for path in catalogues):
        return
    say("compiling the translations")
    babel = (str(PYTHON), "-m", "babel.messages.frontend", "--quiet")
    run(*babel, "compile", "-d", str(TRANSLATIONS), "-D", "fieldfare")
    done(stamp, wanted)
