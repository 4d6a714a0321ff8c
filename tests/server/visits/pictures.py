"""Pictures for tests: plain JPEGs as a device writes them, and others that it never would."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image


def jpeg(colour: str = "red", size: tuple[int, int] = (640, 480), **more: Any) -> bytes:
    """Write a JPEG of one colour."""
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", quality=85, **more)
    return out.getvalue()
