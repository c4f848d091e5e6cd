"""What is kept of a picture that somebody sends."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from core import crypto, sealed_files
from core.config import Config
from core.pictures import NotAPicture, TooLarge, small_jpeg

PLACE = b"31.2304,121.4737"


def photo(
    size: tuple[int, int] = (1600, 1200), kind: str = "JPEG", mode: str = "RGB", turned: int = 0
) -> bytes:
    """A picture whose left half is red, with a place in it."""
    made = Image.new("RGB", size, "white")
    made.paste("red", (0, 0, size[0] // 2, size[1]))
    made = made.convert(mode)
    exif = Image.Exif()
    exif[0x010E] = PLACE.decode()
    exif[0x0110] = "Phone 9"
    if turned:
        exif[0x0112] = turned
    kept = io.BytesIO()
    made.save(kept, kind, exif=exif)
    return kept.getvalue()


def bomb(side: int, width: int = 0) -> bytes:
    """A PNG of a few bytes that says it has side x side pixels, or as few in a row as told."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width or side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


def in_steps(again: int) -> bytes:
    """A progressive JPEG whose last step comes some more times."""
    kept = io.BytesIO()
    Image.new("RGB", (900, 600), "gray").save(kept, "JPEG", progressive=True)
    body, end = kept.getvalue()[:-2], kept.getvalue()[-2:]
    return body + body[body.rindex(b"\xff\xda") :] * again + end


def test_a_small_file_that_takes_hours_to_unpack_is_refused() -> None:
    """A hundred kilobytes of steps, each of which goes over forty million pixels."""
    assert small_jpeg(in_steps(0)).width == 900
    with pytest.raises(TooLarge):
        small_jpeg(in_steps(50))
    said = b"\xff\xda" * 500  # in a remark, or in the film that some phones put behind the picture
    remark = b"\xff\xfe" + struct.pack(">H", len(said) + 2) + said
    plain = photo()
    assert small_jpeg(plain[:2] + remark + plain[2:] + said).width == 1280


def test_it_is_turned_scaled_down_and_tells_nothing_but_its_pixels() -> None:
    sent = photo(turned=6)  # the camera was held upright
    assert PLACE in sent
    kept = small_jpeg(sent)
    assert (kept.width, kept.height) == (960, 1280)
    assert PLACE not in kept.jpeg
    assert b"Phone" not in kept.jpeg
    shown = Image.open(io.BytesIO(kept.jpeg))
    assert (shown.format, shown.size, dict(shown.getexif())) == ("JPEG", (960, 1280), {})
    top, bottom = shown.getpixel((480, 100)), shown.getpixel((480, 1180))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[1] < 60 < 200 < bottom[1], "red is on top now"


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGBA"), ("PNG", "P"), ("PNG", "L"), ("WEBP", "RGB"), ("JPEG", "L")]
)
def test_every_kind_becomes_a_jpeg_and_small_ones_stay_small(kind: str, mode: str) -> None:
    kept = small_jpeg(photo((300, 200), kind, mode))
    assert (kept.width, kept.height) == (300, 200)
    assert kept.jpeg.startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", photo()[:500], photo((9, 9), "BMP"),
     photo((9, 9), "GIF", "P"), photo((9, 9), "TIFF"), b"\xff\xd8\xff\xe0" + os.urandom(400)],
)  # fmt: skip
def test_what_is_no_photo_is_refused(data: bytes) -> None:
    with pytest.raises(NotAPicture):
        small_jpeg(data)


def test_what_would_unpack_to_too_much_is_refused_unopened() -> None:
    for side in (7000, 60_000):
        with pytest.raises((TooLarge, NotAPicture)):
            small_jpeg(bomb(side))
    with pytest.raises(TooLarge):  # each row costs by itself
        small_jpeg(bomb(39_000_000, 1))
    with pytest.raises(TooLarge):
        small_jpeg(b"\0" * (10 * 1024 * 1024 + 1))


def test_a_file_is_sealed_found_by_its_name_only_and_swept(config: Config, tmp_path: Path) -> None:
    crypto.use(config)
    kept, lost = (sealed_files.keep(tmp_path, b"a face") for _ in range(2))
    assert sealed_files.read(tmp_path, kept) == b"a face"
    assert b"face" not in b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert sealed_files.sweep(tmp_path, lambda names: [kept], older_seconds=600) == 0, "quite new"
    for file in tmp_path.rglob("*"):
        os.utime(file, (0, 0))
    assert sealed_files.sweep(tmp_path, lambda names: [kept], older_seconds=600) == 1
    assert (sealed_files.read(tmp_path, kept), sealed_files.read(tmp_path, lost)) == (b"a face", None)
    sealed_files.drop(tmp_path, kept)
    sealed_files.drop(tmp_path, kept)
    assert sealed_files.read(tmp_path, kept) is None
    with pytest.raises(ValueError, match="name"):
        sealed_files.read(tmp_path, "../../etc/passwd")
