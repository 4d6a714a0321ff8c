"""The one look of both programs: page frame, macros, styles and static files; data, not code.

Each program gives its Jinja environment these loaders, the `jinja2.ext.i18n` extension with the
callables of `shared.catalogue.translator`, the filters of `shared.presentation.filters`, and the
globals `asset(name)` (the address of a file under STATIC) and `csrf_token()`.
"""

from __future__ import annotations

from pathlib import Path

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
