"""The one look of both programs: page frame, macros, styles and static files; data, not code.

Each program gives its Jinja environment these loaders, the `jinja2.ext.i18n` extension with the
callables of `shared.catalogue.translator`, the filters of `shared.presentation.filters`, the globals
`asset(name)` (the address of a file under STATIC) and `csrf_token()`, and `absent(jinja2.Undefined)`
for what is not there.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

TEMPLATES = Path(__file__).parent / "templates"
"""Folder of the page frame and the macros; goes after an area's own templates in the loader."""

STATIC = Path(__file__).parent / "static"
"""Folder served to browsers as it stands; `built/` in it is made by the set-up."""

TRANSLATIONS = Path(__file__).parent / "translations"
"""Folder of the catalogue, one folder a language."""

INLINE_SCRIPT = (
    "document.body.className += ' js-enabled' + ('noModule' in HTMLScriptElement.prototype"
    " ? ' govuk-frontend-supported' : '');"
)
"""The one inline line of GOV.UK Frontend's page template, which says that scripts run."""

INLINE_SCRIPT_HASH = "sha256-GUQ5ad8JK5KmEWmROf3LZd9ge94daqNvd8xy9YS1iDw="
"""What the content security policy allows besides `'self'`; a test recomputes it from the page."""

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"script-src 'self' '{INLINE_SCRIPT_HASH}'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""The policy both programs send with every page."""

_OTHERS_TEMPLATES = "govuk_frontend_jinja"


def absent(undefined: type[Any]) -> type[Any]:
    """Make from Jinja's `Undefined` a nothing that may be asked about but not shown.

    GOV.UK's macros show nothings all the time and must go on doing so, so Jinja's own strict class
    cannot be used; in a template of ours a name that is not there is our mistake, and raises.
    """

    class Absent(undefined):  # type: ignore[misc]  # the base is passed in: shared knows no Jinja
        __slots__ = ()

        def __str__(self) -> str:
            if _shown_by_our_own():
                self + ""  # Jinja refuses to add to what is not there, and says what that was
            return ""

    return Absent


def _shown_by_our_own() -> bool:
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - only its file's name tells a template
    while frame is not None and not frame.f_code.co_filename.endswith(".html"):
        frame = frame.f_back
    return frame is None or _OTHERS_TEMPLATES not in frame.f_code.co_filename
