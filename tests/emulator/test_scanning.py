"""Codes are found in photos as people take them, not only in clean pictures."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import qrcode
from PIL import Image, ImageEnhance, ImageFilter

from emulator.scanning import find_code, read_codes
from emulator.sheets import Sheets

CONTENT = "http://weixin.qq.com/q/abcdefghijklmnopqrst"


def code(size: int = 400) -> Image.Image:
    return qrcode.make(CONTENT).get_image().convert("L").resize((size, size))


def wall(size: int = 400, margin: int = 300) -> Image.Image:
    """A code on a grey wall."""
    picture = Image.new("L", (size + 2 * margin, size + 2 * margin), 190)
    picture.paste(code(size), (margin, margin))
    return picture


def coefficients(target: list[tuple[int, int]], source: list[tuple[int, int]]) -> list[float]:
    """Perspective coefficients that take the corners of `source` to `target` (eight linear equations)."""
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(target, source, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    for column in range(8):
        pivot = max(range(column, 8), key=lambda row: abs(rows[row][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        head = [value / rows[column][column] for value in rows[column]]
        rows[column] = head
        for row in range(8):
            if row != column:
                factor = rows[row][column]
                rows[row] = [a - factor * b for a, b in zip(rows[row], head, strict=True)]
    return [row[8] for row in rows]


def from_the_side(picture: Image.Image) -> Image.Image:
    """The wall seen from the right and from below."""
    w, h = picture.size
    corners = [(0, 0), (w, 0), (w, h), (0, h)]
    seen = [
        (int(w * 0.02), int(h * 0.18)),
        (int(w * 0.8), 0),
        (int(w * 0.92), h),
        (int(w * 0.12), int(h * 0.8)),
    ]
    made = coefficients(seen, corners)
    return picture.transform(
        (w, h), Image.Transform.PERSPECTIVE, made, Image.Resampling.BICUBIC, fillcolor=120
    )


def jpeg(picture: Image.Image, quality: int = 75) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


PHOTOS = {
    "clean": wall(),
    "at an angle": from_the_side(wall()),
    "at an angle and turned": from_the_side(wall()).rotate(33, expand=True, fillcolor=150),
    "upside down": wall().rotate(180),
    "dark": ImageEnhance.Brightness(wall()).enhance(0.25),
    "pale": ImageEnhance.Contrast(wall()).enhance(0.2),
    "blurred": wall().filter(ImageFilter.GaussianBlur(4)),
    "tiny": wall(60, 20),
    "huge": wall().resize((4000, 4000)),
    "far away": wall(150, 900),
    "bad quality": wall(),
}


@pytest.mark.parametrize("name", PHOTOS)
def test_a_code_is_found(name: str) -> None:
    assert find_code(jpeg(PHOTOS[name], 12 if name == "bad quality" else 75)) == CONTENT


@pytest.mark.parametrize("data", [b"", b"not a picture", jpeg(Image.new("L", (300, 300), 255))])
def test_nothing_is_found_where_nothing_is(data: bytes) -> None:
    assert find_code(data) is None


def test_the_code_nearest_to_the_middle_is_meant() -> None:
    picture = Image.new("L", (1200, 600), 255)
    picture.paste(qrcode.make("left").get_image().convert("L").resize((200, 200)), (0, 200))
    picture.paste(code(200), (500, 200))
    assert find_code(jpeg(picture)) == CONTENT


def test_sheets_show_every_code_of_a_folder(tmp_path: Path) -> None:
    folder = tmp_path
    page = Image.new("L", (1240, 1754), 255)
    for number in range(4):
        one = qrcode.make(f"http://weixin.qq.com/q/{number}").get_image().convert("L").resize((300, 300))
        page.paste(one, (100 + number % 2 * 600, 100 + number // 2 * 800))
    page.convert("RGB").save(folder / "wall-1.pdf", resolution=150)
    page.save(folder / "wall-2.png")
    (folder / "notes.txt").write_text("no")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    sheets = Sheets(str(folder))
    assert sheets.pending() == ["broken.pdf", "wall-1.pdf", "wall-2.png"]
    for name in sheets.pending():
        sheets.pages(name)
    listed = sheets.listing()
    assert [one["name"] for one in listed] == ["wall-1.pdf", "wall-2.png"]
    for one in listed:
        codes = [row["content"] for row in one["pages"][0]["codes"]]
        assert codes == [f"http://weixin.qq.com/q/{number}" for number in range(4)]
    rendered = Image.open(io.BytesIO(sheets.pages("wall-1.pdf")[0].png))
    assert len(read_codes(rendered.convert("L"))) == 4
    (folder / "wall-1.pdf").unlink()
    assert sheets.pending() == []
    assert [one["name"] for one in sheets.listing()] == ["wall-2.png"]
    assert sheets.pages("../../etc/passwd") == []
