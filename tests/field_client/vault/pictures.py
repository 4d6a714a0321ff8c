"""Pictures made for tests: what cameras write, and what pretends to be a picture."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image

LATITUDE = 2
ORIENTATION = 0x0112
GPS = 0x8825


def picture(width: int = 640, height: int = 480, colour: Any = (180, 40, 20)) -> Image.Image:
    """Paint a picture whose left edge is white, so that turning shows."""
    made = Image.new("RGB", (width, height), colour)
    made.paste((255, 255, 255), (0, 0, width // 8, height))
    return made


def jpeg(*, orientation: int | None = None, place: bool = False, **size: Any) -> bytes:
    """Write a JPEG as a camera does, on its side or with a place in it when asked."""
    out = BytesIO()
    tags = Image.Exif()
    if orientation is not None:
        tags[ORIENTATION] = orientation
    if place:
        tags[0x010F] = "Camera of Sam"
        tags.get_ifd(GPS)[LATITUDE] = (53.0, 17.0, 13.0)
    picture(**size).save(out, "JPEG", exif=tags, comment=b"a hidden comment")
    return out.getvalue()


def written(format_: str, image: Image.Image | None = None, **options: Any) -> bytes:
    """Write a picture in any format Pillow knows."""
    out = BytesIO()
    (image or picture()).save(out, format_, **options)
    return out.getvalue()


def png_of(width: int, height: int) -> bytes:
    """Write the head of a PNG of any size without its pixels: what a bomb looks like."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
