"""Pictures that people send: only what is really one gets through, small, upright and without what a camera adds."""

from __future__ import annotations

import io
import re
import threading
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageOps

KINDS: Final = ("JPEG", "PNG", "WEBP")
SIDE: Final = 1280
"""Pixels of the longer side of what is kept."""
PIXELS: Final = 40_000_000
"""A picture that unpacks to more is refused before it is unpacked; today's phones make at most 50 and send less."""
LONGEST: Final = 20_000
"""No side may have more pixels, panoramas have fewer: what is one pixel wide takes three times its pixels to unpack."""
SHORTEST: Final = 100
"""Of less nobody can tell who it is; emoticons are smaller."""
BYTES: Final = 10 * 1024 * 1024
SCANS: Final = 40
"""A JPEG that is shown in ever finer steps has about ten. Each goes over all pixels once more and needs a few dozen
bytes only: of ten megabytes one could make hours of work."""
_MARKER = re.compile(rb"\xff([\x02-\xcf\xd9-\xfe])")
_SCAN, _END = b"\xda", b"\xd9"
_one_at_a_time = (
    threading.Lock()
)  # unpacked, each takes up to 160 MB, and one with see-through parts twice as much


class NotAPicture(Exception):
    """It is none of the kinds we take, or broken. `code` is for words."""

    code = "unreadable"


class TooLarge(NotAPicture):
    """It has too many pixels or bytes."""

    code = "too_large"


class TooSmall(NotAPicture):
    """One of its sides has too few pixels."""

    code = "too_small"


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG as it is kept."""

    jpeg: bytes
    width: int
    height: int


def small_jpeg(data: bytes) -> Picture:
    """The picture turned as the camera was held, scaled down, and made anew: no place, time or device is left in it.

    Raises NotAPicture, or which of it: TooLarge, TooSmall.
    """
    if len(data) > BYTES or (data.startswith(b"\xff\xd8") and _scans(data) > SCANS):
        raise TooLarge
    with _one_at_a_time:
        try:
            with Image.open(io.BytesIO(data), formats=KINDS) as found:
                if found.width * found.height > PIXELS or max(found.size) > LONGEST:
                    raise TooLarge
                if min(found.size) < SHORTEST:
                    raise TooSmall
                found.draft("RGB", (SIDE, SIDE))
                found.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
                upright = ImageOps.exif_transpose(found)  # once it is small: this copies
                plain = _on_white(upright)
        except NotAPicture:
            raise
        except Exception as error:  # a decoder fed with anything may raise anything
            raise NotAPicture from error
    kept = io.BytesIO()
    plain.save(kept, "JPEG", quality=85, optimize=True)
    return Picture(kept.getvalue(), plain.width, plain.height)


def _scans(jpeg: bytes) -> int:
    """How often this JPEG goes over its pixels, found as its decoder will: what stands in a segment does not count."""
    count = place = 0
    while (found := _MARKER.search(jpeg, place)) and found[1] != _END:
        count += found[1] == _SCAN
        place = found.end() + int.from_bytes(jpeg[found.end() : found.end() + 2])
    return count


def _on_white(picture: Image.Image) -> Image.Image:
    """A new image of the pixels alone."""
    seen = picture.convert("RGBA") if picture.mode in ("RGBA", "LA", "P", "PA") else None
    plain = Image.new("RGB", picture.size, "white")
    plain.paste(seen or picture.convert("RGB"), mask=seen)
    return plain
