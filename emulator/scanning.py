"""Finding codes in pictures: clean renders, and photos taken at an angle, dark, blurred or large."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import zxingcpp
from PIL import Image, ImageFilter, ImageOps, UnidentifiedImageError

MAX_PIXELS = 60_000_000
BAR_CODES = [
    zxingcpp.BarcodeFormat.EAN13,
    zxingcpp.BarcodeFormat.EAN8,
    zxingcpp.BarcodeFormat.Code128,
    zxingcpp.BarcodeFormat.Code39,
    zxingcpp.BarcodeFormat.DataMatrix,
]
#: Seconds after which a picture counts as holding no code.
PATIENCE = 4.0


@dataclass(frozen=True)
class Code:
    """One code and where it is: x, y, width, height in pixels."""

    content: str
    box: tuple[int, int, int, int]


def open_picture(data: bytes) -> Image.Image | None:
    """The picture upright and in grey, or None when the bytes are not a picture."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                return None
            upright = ImageOps.exif_transpose(picture)
            if upright.mode in ("RGBA", "LA", "P"):
                rgba = upright.convert("RGBA")
                white = Image.new("RGBA", rgba.size, "white")
                upright = Image.alpha_composite(white, rgba)
            return upright.convert("L")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None


def read_codes(picture: Image.Image, formats: Any = zxingcpp.BarcodeFormat.QRCode) -> list[Code]:
    """All codes found at this very size, in reading order."""
    found = []
    for barcode in zxingcpp.read_barcodes(picture, formats=formats):
        place = barcode.position
        xs = [p.x for p in (place.top_left, place.top_right, place.bottom_left, place.bottom_right)]
        ys = [p.y for p in (place.top_left, place.top_right, place.bottom_left, place.bottom_right)]
        if barcode.text:
            box = (min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
            found.append(Code(barcode.text, box))
    return sorted(found, key=lambda code: (code.box[1] // 40, code.box[0]))


def find_code(data: bytes) -> str | None:
    """The content of the code nearest to the middle of a picture, trying harder step by step."""
    picture = open_picture(data)
    if picture is None:
        return None
    started = time.monotonic()
    for attempt in attempts(picture):
        codes = read_codes(attempt)
        if codes:
            return nearest(codes, attempt)
        if time.monotonic() - started > PATIENCE:
            return None
    # Not a QR code: perhaps a bar code, which takes ten times longer to look for.
    small = resized(picture, 1000) if max(picture.size) > 1000 else picture
    codes = read_codes(small, BAR_CODES)
    return nearest(codes, small) if codes else None


def nearest(codes: list[Code], picture: Image.Image) -> str:
    """The code that a person aims at: the one nearest to the middle."""

    def distance(code: Code) -> float:
        x, y, w, h = code.box
        return (x + w / 2 - picture.width / 2) ** 2 + (y + h / 2 - picture.height / 2) ** 2

    return min(codes, key=distance).content


def attempts(picture: Image.Image) -> Iterator[Image.Image]:
    """The picture as it is, then scaled, with more contrast, sharpened, turned."""
    longest = max(picture.size)
    if longest <= 2400:
        yield picture
    scaled = [
        resized(picture, target)
        for target in (1600, 1000, 640)
        if longest > target * 1.15 or (longest < target * 0.7 and longest < 900)
    ]
    yield from scaled
    if longest > 2400:
        yield picture
    base = scaled[0] if scaled else picture
    clear = ImageOps.autocontrast(base, cutoff=2)
    yield clear
    yield ImageOps.equalize(base)
    yield clear.filter(ImageFilter.UnsharpMask(radius=3, percent=250, threshold=0))
    yield clear.filter(ImageFilter.MedianFilter(3))
    yield clear.rotate(45, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)
    # Seen from the side: stretch what the angle has squeezed.
    for wide, high in ((1.6, 1.0), (1.0, 1.6)):
        yield clear.resize((int(clear.width * wide), int(clear.height * high)), Image.Resampling.BICUBIC)


def resized(picture: Image.Image, longest: int) -> Image.Image:
    factor = longest / max(picture.size)
    size = (max(1, int(picture.width * factor)), max(1, int(picture.height * factor)))
    return picture.resize(size, Image.Resampling.LANCZOS)
