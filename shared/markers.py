"""Markers: what may harm the people who visit, as both programs name it."""

from __future__ import annotations

from shared.catalogue import mark

KINDS: dict[str, str] = {
    "violence": mark("Has been violent"),
    "threats": mark("Has made threats"),
    "weapon": mark("A weapon has been seen"),
    "dangerous_dog": mark("Dangerous dog"),
    "unsafe_premises": mark("Unsafe premises"),
    "do_not_visit_alone": mark("Do not visit alone"),
}
"""What may harm an officer; the code is stored, the words are shown."""
