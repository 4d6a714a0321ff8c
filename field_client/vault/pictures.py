"""Makes a photograph anew from its pixels alone, so that nothing hidden in a file comes along."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from shared.catalogue import mark
from shared.errors import RuleBroken, register
from shared.photographs import PHOTOGRAPH_BYTES_MAX
from shared.schemas import digest

UPLOAD_BYTES_MAX = 15 * 1024 * 1024
"""Bytes a photograph may have as the camera wrote it."""

PIXELS_MAX = 40_000_000
"""Pixels a photograph may have; decoding more would take memory the device does not have."""

SIDE_MAX = 1_600
"""Pixels of the longer side of what is kept."""

_FORMATS = ("JPEG", "PNG", "WEBP")
_QUALITIES = (85, 70, 50)

register(
    {
        "photograph.missing": mark("Take or choose a photograph first"),
        "photograph.not_a_picture": mark(
            "Choose a photograph: a JPEG, PNG or WebP file. This file is none of these"
        ),
        "photograph.too_large": mark(
            "Take the photograph again at a lower setting: this one is too large"
        ),
        "photograph.damaged": mark("Take the photograph again: this file is damaged"),
        "photograph.too_many": mark(
            "A visit holds %(most)s photographs at most. Remove one to add another"
        ),
    }
)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A photograph as it is kept and sent: a JPEG of pixels and nothing else, named by its digest."""

    photograph_id: str
    body: bytes


def read_picture(raw: bytes) -> Picture:
    """Read what a camera wrote and write it anew; refuse what is no photograph or too large."""
    if not raw:
        raise RuleBroken("photograph.missing", field="photograph")
    if len(raw) > UPLOAD_BYTES_MAX:
        raise RuleBroken("photograph.too_large", field="photograph")
    if not _looks_like_a_picture(raw):
        raise RuleBroken("photograph.not_a_picture", field="photograph")
    try:
        body = _written(_pixels(raw))
    except RuleBroken:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        raise RuleBroken("photograph.too_large", field="photograph") from None
    except UnidentifiedImageError:
        raise RuleBroken("photograph.not_a_picture", field="photograph") from None
    except Exception:  # noqa: BLE001 - a decoder fails on a damaged file in more ways than it says
        raise RuleBroken("photograph.damaged", field="photograph") from None
    return Picture(photograph_id=digest(body), body=body)


def _looks_like_a_picture(raw: bytes) -> bool:
    """Ask the first bytes, before any decoder sees the rest."""
    is_webp = raw.startswith(b"RIFF") and raw[8:12] == b"WEBP"
    return is_webp or raw.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))


def _pixels(raw: bytes) -> Image.Image:
    """Decode the first frame, turned the way it was held, no larger than is kept."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Image.open(BytesIO(raw), formats=_FORMATS) as opened:
            width, height = opened.size
            if width * height > PIXELS_MAX:
                raise RuleBroken("photograph.too_large", field="photograph")
            opened.draft("RGB", (SIDE_MAX, SIDE_MAX))  # a JPEG decodes no more than is kept
            opened.load()
            upright = ImageOps.exif_transpose(opened)
            upright.thumbnail((SIDE_MAX, SIDE_MAX), Image.Resampling.LANCZOS)
            return _on_white(upright)


def _on_white(image: Image.Image) -> Image.Image:
    """Copy the colours alone to a new picture: no palette, no profile, no text chunk comes along."""
    seen = image.convert("RGBA")
    fresh = Image.new("RGB", seen.size, "white")
    fresh.paste(seen, mask=seen.getchannel("A"))
    return fresh


def _written(pixels: Image.Image) -> bytes:
    for quality in _QUALITIES:
        out = BytesIO()
        pixels.save(out, "JPEG", quality=quality, optimize=True)
        if out.tell() <= PHOTOGRAPH_BYTES_MAX:
            return out.getvalue()
    raise RuleBroken("photograph.too_large", field="photograph")


def check_picture(body: bytes, photograph_id: str) -> None:
    """Open a kept picture again, because a write that was not whole must be noticed while we can."""
    if digest(body) != photograph_id:
        raise RuleBroken("photograph.damaged", field="photograph")
    try:
        with Image.open(BytesIO(body), formats=("JPEG",)) as opened:
            opened.load()
    except Exception:  # noqa: BLE001 - as above
        raise RuleBroken("photograph.damaged", field="photograph") from None
